//! Numbers that are no phone numbers by their shape: dates, times, prices, addresses of the Internet, coordinates.

use super::{
    concept::*,
    fold::Glyph,
    piece::{Piece, What},
};

/// Digits with marks between them and no spaces: `12.05.2026`.
struct Chain {
    numbers: Vec<Number>,
    marks: Vec<char>,
    /// The piece after the last number.
    end: usize,
}

#[derive(Clone, Copy)]
struct Number {
    length: usize,
    value: u32,
}

/// The most numbers of a chain that has a shape.
const LONGEST: usize = 8;

/// The end of a number that begins at this piece and is no phone number by its shape.
pub(super) fn end(glyphs: &[Glyph], pieces: &[Piece], at: usize) -> Option<usize> {
    let chain = Chain::at(glyphs, pieces, at);
    let before = at.checked_sub(1).map(|before| &pieces[before]);
    let after = pieces.get(chain.end);
    // `$1,250.00`, `1.250,00 €`, `20%`, `12 USD`
    let currency = |mark| matches!(mark, '$' | '€' | '£' | '¥' | '₹' | '₽' | '₺' | '₩' | '¢');
    let sign = |piece: Option<&Piece>| matches!(piece, Some(Piece { what: What::Mark(mark), .. }) if currency(*mark));
    let percent = |piece: Option<&Piece>| matches!(piece, Some(Piece { what: What::Mark('%' | '°' | 'º' | 'ª'), .. }));
    let word =
        |piece: Option<&Piece>, concepts| piece.is_some_and(|piece| piece.what == What::Word && piece.is(concepts));
    let short = chain.numbers.iter().map(|number| number.length).sum::<usize>() <= 9 && chain.numbers.len() <= 3;
    if sign(before) || sign(after) || percent(after) {
        return Some(chain.end);
    }
    if short && (word(after, UNIT | CURRENCY) || word(before, CURRENCY)) {
        return Some(chain.end);
    }
    if let Some(end) = chain.coordinates(glyphs, pieces) {
        return Some(end);
    }
    let shape = chain.is_ip()
        || chain.is_date()
        || chain.is_time()
        || chain.is_amount()
        || chain.is_years()
        || chain.is_measure()
        || chain.is_decimal() && !after.is_some_and(|next| next.what == What::Digits);
    shape.then_some(chain.end)
}

impl Chain {
    fn at(glyphs: &[Glyph], pieces: &[Piece], at: usize) -> Chain {
        let mut chain = Chain { numbers: Vec::with_capacity(LONGEST), marks: Vec::new(), end: at };
        while chain.numbers.len() < LONGEST
            && let Some(piece) = pieces.get(chain.end).filter(|piece| piece.what == What::Digits)
        {
            let digits = glyphs[piece.from..piece.to].iter().take(9);
            let value = digits.fold(0, |value, digit| value * 10 + digit.shape.to_digit(10).unwrap_or(0));
            chain.numbers.push(Number { length: piece.len(), value });
            chain.end += 1;
            let next = pieces.get(chain.end..chain.end + 2);
            if let Some(
                [Piece { what: What::Mark(mark), spaced: false, .. }, Piece { what: What::Digits, spaced: false, .. }],
            ) = next
            {
                chain.marks.push(*mark);
                chain.end += 1;
            } else {
                break;
            }
        }
        // A chain that goes on is longer than any shape.
        chain.end = if chain.marks.len() == chain.numbers.len() { chain.end - 1 } else { chain.end };
        chain
    }

    fn all(&self, marks: &[char]) -> bool {
        self.marks.first().is_some_and(|first| marks.contains(first) && self.marks.iter().all(|mark| mark == first))
    }

    /// 192.168.0.1, also with a port.
    fn is_ip(&self) -> bool {
        let four = self.numbers.len() == 4 && self.all(&['.'])
            || self.numbers.len() == 5 && self.marks[..3] == ['.'; 3] && matches!(self.marks[3], ':' | '/');
        four && self.numbers.iter().take(4).all(|number| number.length <= 3 && number.value <= 255)
            // Pairs with a zero in front are the groups of a French number.
            && self.numbers.iter().take(4).all(|number| number.length == number.value.max(1).ilog10() as usize + 1)
    }

    /// 12.05.2026, 5/12/26, 2026-05-12, 12/05, 12/05-19/05.
    fn is_date(&self) -> bool {
        match self.numbers.as_slice() {
            [one] if one.length == 8 => is_compact_date(one.value),
            [one, two] => self.all(&['/']) && is_day_and_month(*one, *two),
            [one, two, three] => self.all(&['/', '-', '.']) && is_date(*one, *two, *three),
            [one, two, three, four] => {
                matches!(self.marks.as_slice(), ['/', '-', '/'] | ['.', '-', '.'])
                    && is_day_and_month(*one, *two)
                    && is_day_and_month(*three, *four)
            }
            [one, two, three, four, five, six] => {
                self.marks[2] == '-' && is_date(*one, *two, *three) && is_date(*four, *five, *six)
            }
            _ => false,
        }
    }

    /// 10:30, 10:30:15, 10:30-12:00, 0800-1700, 8.30-12.15, 9-10:30.
    fn is_time(&self) -> bool {
        let colon = |mark: &char| matches!(mark, ':' | '.');
        let clock = |hour: &Number, minute: &Number| {
            hour.length <= 2 && minute.length == 2 && hour.value <= 24 && minute.value < 60
        };
        match (self.numbers.as_slice(), self.marks.as_slice()) {
            ([one, two], [':']) => clock(one, two),
            ([one, two], ['-' | '/']) if one.length == 4 && two.length == 4 => {
                [one, two].iter().all(|time| time.value < 2460 && time.value % 100 < 60 && time.value % 5 == 0)
            }
            ([one, two, three], [':', ':']) => clock(one, two) && clock(&Number { length: 2, value: 0 }, three),
            ([one, two, three], [first, '-' | '/']) => colon(first) && clock(one, two) && three.length <= 2,
            ([one, two, three], ['-' | '/', last]) => colon(last) && one.length <= 2 && clock(two, three),
            ([one, two, three, four], [first, '-' | '/', last]) => {
                colon(first) && colon(last) && clock(one, two) && clock(three, four)
            }
            _ => false,
        }
    }

    /// 1,250,000 and 1.250.000,50, but not the three groups of three of a Spanish number.
    fn is_amount(&self) -> bool {
        let [first, rest @ ..] = self.numbers.as_slice() else { return false };
        let [.., last] = rest else { return false };
        let decimals = self.marks.len() > 1 && self.marks[0] != self.marks[self.marks.len() - 1] && last.length <= 2;
        let groups = rest.len() - usize::from(decimals);
        let marks = &self.marks[..groups];
        matches!(self.marks[0], ',' | '.' | '\'')
            && marks.iter().all(|mark| *mark == self.marks[0])
            && rest[..groups].iter().all(|number| number.length == 3)
            && (1..=3).contains(&first.length)
            && (self.marks[0] != '.' || groups < 2 || first.length < 3 || decimals)
            && (self.marks[0] != ',' || groups < 3 || first.length < 3)
    }

    /// `47.6062, -122.3321`: the end of both.
    fn coordinates(&self, glyphs: &[Glyph], pieces: &[Piece]) -> Option<usize> {
        let degrees = |chain: &Chain| match chain.numbers.as_slice() {
            [whole, part] if chain.all(&['.']) && whole.value <= 180 && part.length > 3 => Some(whole.length),
            _ => None,
        };
        let first = degrees(self)?;
        let comma = pieces.get(self.end).filter(|mark| mark.is_mark(',') || mark.is_mark(';'))?;
        let from = self.end + 1 + usize::from(pieces.get(self.end + 1).is_some_and(|mark| mark.is_mark('-')));
        let second = Chain::at(glyphs, pieces, from);
        let other = degrees(&second)?;
        (!comma.spaced && first.min(other) < 3).then_some(second.end)
    }

    /// 2019-2023.
    fn is_years(&self) -> bool {
        let year = |number: &Number| number.length == 4 && (1900..2100).contains(&number.value);
        self.numbers.len() == 2 && self.all(&['-', '/']) && self.numbers.iter().all(year)
    }

    /// 38.2: one decimal, whatever follows.
    fn is_measure(&self) -> bool {
        matches!(self.numbers.as_slice(), [whole, part] if part.length == 1 && whole.value > 0
            && whole.length == whole.value.ilog10() as usize + 1 && whole.length <= 3)
            && self.all(&['.', ','])
    }

    /// 12.50, -33.868820: a comma or point, and one or two decimals, or as many as a coordinate has.
    fn is_decimal(&self) -> bool {
        match self.numbers.as_slice() {
            [whole, part] => {
                self.all(&['.', ','])
                    && (part.length <= 2 && whole.length <= 5
                        || whole.value <= 180 && part.length >= 4 && whole.length < 3)
                    || self.all(&['.']) && whole.value <= 180 && whole.length <= 3 && (5..=8).contains(&part.length)
            }
            _ => false,
        }
    }
}

fn is_day_and_month(one: Number, two: Number) -> bool {
    let short = one.length <= 2 && two.length <= 2;
    let pair = |day: u32, month: u32| (1..=31).contains(&day) && (1..=12).contains(&month);
    short && (pair(one.value, two.value) || pair(two.value, one.value))
}

fn is_date(one: Number, two: Number, three: Number) -> bool {
    let year = |number: Number| number.length == 2 || number.length == 4 && (1900..2100).contains(&number.value);
    year(three) && is_day_and_month(one, two) || one.length == 4 && year(one) && is_day_and_month(two, three)
}

/// 20260512, 12052026.
pub(super) fn is_compact_date(value: u32) -> bool {
    let two = |value| Number { length: 2, value };
    let four = |value| Number { length: 4, value };
    is_date(four(value / 10_000), two(value / 100 % 100), two(value % 100))
        || is_date(two(value / 1_000_000), two(value / 10_000 % 100), four(value % 10_000))
}
