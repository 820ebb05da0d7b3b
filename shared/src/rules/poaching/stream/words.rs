//! Digits in words, and letters for digits.

use super::Finder;
use crate::rules::poaching::{
    lexicon::{DOUBLE, HUNDRED, Hash, Lexicon, Meaning},
    piece::Piece,
};

impl Finder<'_> {
    pub(super) fn letters(&self, piece: &Piece) -> impl Iterator<Item = char> + Clone {
        self.glyphs[piece.from..piece.to].iter().map(|glyph| glyph.shape)
    }

    /// Letters that stand for digits; within digits more of them do.
    pub(super) fn looks_like_digits(&self, piece: &Piece, inner: bool) -> bool {
        piece.len() <= 3
            && self.letters(piece).all(|letter| look_alike(letter, inner).is_some())
            // The second and third floor.
            && (inner || piece.len() == 1 || !self.letters(piece).all(|letter| letter == 'i'))
    }

    /// Number words without spaces: fivefiveone.
    pub(super) fn spelled(&self, piece: &Piece) -> Option<Vec<(i16, Hash)>> {
        const LONGEST: usize = 18;
        const MOST_LETTERS: usize = 80;
        let lexicon = Lexicon::get();
        let mut letters = self.letters(piece).filter(|&letter| letter != ' ').take(MOST_LETTERS);
        let mut numbers = Vec::new();
        while letters.clone().next().is_some() {
            // The longest number word that the rest begins with.
            let (mut rest, mut hash, mut longest) = (letters.clone(), Hash::EMPTY, None);
            for length in 1..=LONGEST {
                let Some(letter) = rest.next() else { break };
                hash = hash.push(letter);
                let number = if length > 1 { lexicon.row(hash).and_then(Meaning::number) } else { None };
                if let Some(number) = number.filter(|&number| number < DOUBLE) {
                    longest = Some((rest.clone(), (number, hash)));
                }
            }
            let (after, number) = longest?;
            numbers.push(number);
            letters = after;
        }
        (numbers.len() > 1).then_some(numbers)
    }

    pub(super) fn number(&mut self, at: usize, number: i16, hash: Hash) {
        if number >= DOUBLE {
            self.stream.times = usize::try_from(number / 1000).unwrap_or(1);
            if self.stream.groups.is_empty() {
                self.near.read(&self.pieces[at]);
            }
            return;
        }
        let vingt = || [Hash::of("vingt".chars()), Hash::of("vingts".chars())].contains(&hash);
        // Twenty-three, two hundred ten, soixante-dix, quatre-vingt: one number of several words.
        let joined = match self.stream.last_word {
            Some((4, before)) if number == 20 && vingt() && before == Hash::of("quatre".chars()) => Some(80),
            Some((ten @ (20 | 30 | 40 | 50 | 60 | 70 | 80 | 90), _)) if (1..10).contains(&number) => Some(ten + number),
            Some((ten @ (60 | 80), _)) if (10..20).contains(&number) => Some(ten + number),
            Some((one @ 1..=9, _)) if number == HUNDRED => Some(one * 100),
            Some((hundreds @ 100..=900, _)) if hundreds % 100 == 0 && (1..100).contains(&number) => {
                Some(hundreds + number)
            }
            Some((tens @ 120..=990, _)) if tens % 100 >= 20 && tens % 10 == 0 && (1..10).contains(&number) => {
                Some(tens + number)
            }
            _ => None,
        };
        if let Some(joined) = joined {
            if let Some(group) = self.stream.groups.pop() {
                let kept = self.stream.digits.len() - group.length;
                self.stream.digits.truncate(kept);
            }
            self.push(at, &joined.to_string(), true);
            self.stream.last_word = Some((joined, hash));
        } else {
            let times = std::mem::take(&mut self.stream.times).max(1);
            for _ in 0..times {
                self.push(at, &number.to_string(), true);
            }
            self.stream.last_word = (times == 1).then_some((number, hash));
        }
    }
}

/// The digit that a letter looks like; some do so only within digits.
pub(super) fn look_alike(letter: char, inner: bool) -> Option<char> {
    Some(match letter {
        'o' => '0',
        'l' | 'i' => '1',
        'z' if inner => '2',
        'e' if inner => '3',
        'a' if inner => '4',
        's' if inner => '5',
        'g' if inner => '6',
        't' if inner => '7',
        'b' if inner => '8',
        'q' if inner => '9',
        _ => return None,
    })
}
