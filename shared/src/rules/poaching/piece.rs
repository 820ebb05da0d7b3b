//! A folded text in pieces: words with their meaning, runs of digits, and single marks.

use super::{
    concept::{AT, CHAT, PURSE, SOCIAL, VAGUE},
    fold::Glyph,
    lexicon::{Hash, Lexicon, Meaning},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Word,
    Digits,
    /// A character that is no letter, digit or space.
    Mark(char),
    /// What stands in a redacted text for a hit.
    Gap,
}

/// A piece of the text, from one glyph to before another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) what: What,
    pub(super) from: usize,
    pub(super) to: usize,
    /// White space stands before it.
    pub(super) spaced: bool,
    /// A line feed stands before it.
    pub(super) line: bool,
    pub(super) hash: Hash,
    pub(super) meaning: Meaning,
}

impl Piece {
    pub(super) fn is(&self, concepts: super::concept::Concepts) -> bool {
        self.meaning.is(concepts)
    }

    pub(super) fn len(&self) -> usize {
        self.to - self.from
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.what == What::Mark(mark)
    }
}

/// The names of the marks that [`super::judge`] puts into a redacted text.
pub(super) const MARKS: [&str; 6] = ["[phone]", "[email]", "[url]", "[handle]", "[elsewhere]", "[payment]"];

/// The letter that a digit or sign stands for within a word, as in `wh4ts@pp`.
fn unleet(glyph: Glyph) -> Option<char> {
    Some(match glyph.shape {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        _ if glyph.is_letter() => glyph.shape,
        _ => return None,
    })
}

/// Cuts a folded text into pieces.
pub(super) fn cut(glyphs: &[Glyph]) -> Vec<Piece> {
    let lexicon = Lexicon::get();
    let mut pieces = Vec::with_capacity(glyphs.len() / 3);
    let (mut at, mut spaced, mut line) = (0, false, false);
    while at < glyphs.len() {
        let shape = glyphs[at].shape;
        if matches!(shape, ' ' | '\n') {
            spaced = true;
            line |= shape == '\n';
            at += 1;
            continue;
        }
        let mut piece = Piece {
            what: What::Mark(shape),
            from: at,
            to: at + 1,
            spaced,
            line,
            hash: Hash::EMPTY,
            meaning: Meaning::default(),
        };
        if shape == '['
            && let Some(mark) = MARKS.iter().find(|mark| starts_with(&glyphs[at..], mark))
        {
            (piece.what, piece.to) = (What::Gap, at + mark.len());
        } else if let Some((to, hash, meaning)) = leet(lexicon, glyphs, at) {
            (piece.what, piece.to, piece.hash, piece.meaning) = (What::Word, to, hash, meaning);
        } else if shape.is_ascii_digit() {
            (piece.what, piece.to) = (What::Digits, end(glyphs, at, |glyph| glyph.shape.is_ascii_digit()));
        } else if is_ideograph(shape) {
            piece.what = What::Word;
            (piece.to, piece.hash, piece.meaning) = ideographs(lexicon, glyphs, at);
        } else if glyphs[at].is_letter() {
            piece.what = What::Word;
            piece.to = end(glyphs, at, |glyph| glyph.is_letter() && !is_ideograph(glyph.shape));
            piece.to = elision(glyphs, piece.to);
            let letters = glyphs[at..piece.to].iter().map(|glyph| glyph.shape).filter(|&shape| shape != '\'');
            (piece.hash, piece.meaning) = lexicon.word(letters);
        }
        at = piece.to;
        pieces.push(piece);
        (spaced, line) = (false, false);
    }
    join_spelled(lexicon, glyphs, &mut pieces);
    pieces
}

/// The fewest letters of a word that is spelled with spaces: `v e n m o`.
const SPELLED: usize = 3;

/// The most letters of a word that is spelled with marks: `v.e.n.m.o`.
const LONGEST_SPELLED: usize = 14;

/// Makes one word of letters with spaces between them, and of letters with marks between them if it means something.
fn join_spelled(lexicon: &Lexicon, glyphs: &[Glyph], pieces: &mut Vec<Piece>) {
    let is_letter =
        |piece: &Piece| piece.what == What::Word && piece.len() == 1 && !is_ideograph(glyphs[piece.from].shape);
    let (mut kept, mut at, mut tried) = (0, 0, 0);
    while at < pieces.len() {
        let mut piece = pieces[at];
        let more =
            pieces[at + 1..].iter().take_while(|next| is_letter(&piece) && is_letter(next) && !next.line).count();
        let letters = pieces[at..=at + more].iter().map(|letter| glyphs[letter.from].shape);
        // Letters that look like digits may be digits.
        let mut count = letters.clone().filter(|letter| !matches!(letter, 'o' | 'l' | 'i'));
        if more + 1 >= SPELLED && count.next().is_some() {
            (piece.hash, piece.meaning) = lexicon.word(letters);
            piece.to = pieces[at + more].to;
            at += more;
        } else if is_letter(&piece) && at >= tried {
            let mut length = 1;
            while length <= LONGEST_SPELLED
                && let Some([mark, letter]) = pieces.get(at + 2 * length - 1..=at + 2 * length)
                && matches!(mark.what, What::Mark(_))
                && is_letter(letter)
            {
                length += 1;
            }
            if (SPELLED..=LONGEST_SPELLED).contains(&length) {
                let last = at + 2 * (length - 1);
                let letters = pieces[at..=last].iter().step_by(2).map(|letter| glyphs[letter.from].shape);
                let (hash, meaning) = lexicon.word(letters);
                if meaning.is(!0) {
                    (piece.hash, piece.meaning, piece.to) = (hash, meaning, pieces[last].to);
                    at = last;
                }
            }
            // What was no word as a whole is none from a later letter on.
            tried = at + 2 * length;
        }
        pieces[kept] = piece;
        kept += 1;
        at += 1;
    }
    pieces.truncate(kept);
}

/// A character of Chinese, Japanese or Korean: several of them are a word, without spaces.
fn is_ideograph(shape: char) -> bool {
    matches!(shape, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// The most ideographs of a word.
const LONGEST_IDEOGRAPHS: usize = 5;

/// The longest word that begins with this ideograph, or else the ideograph.
fn ideographs(lexicon: &Lexicon, glyphs: &[Glyph], at: usize) -> (usize, Hash, Meaning) {
    let run = glyphs[at..].iter().take(LONGEST_IDEOGRAPHS).take_while(|glyph| is_ideograph(glyph.shape));
    let (mut hash, mut found) = (Hash::EMPTY, None);
    for (before, glyph) in run.enumerate() {
        hash = hash.push(glyph.shape);
        let known = lexicon.row(hash).map(|meaning| (at + before + 1, hash, meaning));
        found = known.or(found);
    }
    found.unwrap_or((at + 1, Hash::EMPTY.push(glyphs[at].shape), Meaning::default()))
}

fn starts_with(glyphs: &[Glyph], text: &str) -> bool {
    glyphs.len() >= text.len() && text.bytes().zip(glyphs).all(|(byte, glyph)| glyph.shape == char::from(byte))
}

fn end(glyphs: &[Glyph], from: usize, is: impl Fn(Glyph) -> bool) -> usize {
    glyphs[from..].iter().position(|&glyph| !is(glyph)).map_or(glyphs.len(), |length| from + length)
}

/// The end of a word with what an apostrophe joins to it: `don't`, `we'll`, but not `l'app`.
fn elision(glyphs: &[Glyph], to: usize) -> usize {
    if glyphs.get(to).is_some_and(|glyph| glyph.shape == '\'') {
        let end = end(glyphs, to + 1, Glyph::is_letter);
        if (1..=2).contains(&(end - to - 1)) {
            return end;
        }
    }
    to
}

/// The most characters of a word that is looked up with digits and signs for letters.
const LONGEST_LEET: usize = 16;

/// A word that is one only with digits and signs read as letters: its end and meaning.
fn leet(lexicon: &Lexicon, glyphs: &[Glyph], at: usize) -> Option<(usize, Hash, Meaning)> {
    // From the beginning of a run alone, so that each is looked at once.
    if at > 0 && unleet(glyphs[at - 1]).is_some() {
        return None;
    }
    let run = &glyphs[at..glyphs.len().min(at + LONGEST_LEET + 1)];
    let length = run.iter().position(|&glyph| unleet(glyph).is_none()).unwrap_or(run.len());
    let run = &run[..length];
    let letters = run.iter().filter(|glyph| glyph.is_letter()).count();
    // Signs at the end are punctuation.
    let signs = |glyph: &&Glyph| !glyph.is_alphanumeric();
    let length = length - run.iter().rev().take_while(signs).count();
    if length > LONGEST_LEET || letters < 2 || letters >= length || run.first().is_some_and(|glyph| glyph.shape == '@')
    {
        return None;
    }
    let (hash, meaning) = lexicon.word(run[..length].iter().filter_map(|&glyph| unleet(glyph)));
    (meaning.number().is_some() || meaning.is(!AT) && length > 3).then_some((at + length, hash, meaning))
}

/// Gives words in a row the meaning that they have together: the first word has it, the others none.
pub(super) fn read_rows(glyphs: &[Glyph], pieces: &mut [Piece]) {
    const LONGEST: usize = 5;
    let lexicon = Lexicon::get();
    let mut at = 0;
    while at < pieces.len() {
        let mut next = at + 1;
        if pieces[at].what == What::Word {
            let (mut hash, mut words, mut found) = (pieces[at].hash, 1, None);
            for (ahead, piece) in pieces.iter().enumerate().skip(at + 1) {
                match piece.what {
                    What::Word => {
                        hash = hash.join(piece.hash);
                        words += 1;
                        if let Some(meaning) = lexicon.row(hash) {
                            found = Some((ahead + 1, meaning));
                        } else if words == 2
                            && let Some(meaning) = split_name(lexicon, glyphs, &pieces[at], piece)
                        {
                            found = Some((ahead + 1, meaning));
                        }
                    }
                    // Off-app, l'app.
                    What::Mark('-' | '\'' | '_') => {}
                    _ => break,
                }
                if words == LONGEST || ahead - at > 2 * LONGEST {
                    break;
                }
            }
            if let Some((end, meaning)) = found {
                for piece in &mut pieces[at..end] {
                    piece.meaning = Meaning::default();
                }
                pieces[at].meaning = meaning;
                next = end;
            }
        }
        at = next;
    }
}

/// The most letters of a name that is written as two words.
const LONGEST_NAME: usize = 12;

/// The meaning of a name that is written as two words: `pay pal`, `insta gram`.
fn split_name(lexicon: &Lexicon, glyphs: &[Glyph], first: &Piece, second: &Piece) -> Option<Meaning> {
    if first.len() + second.len() > LONGEST_NAME {
        return None;
    }
    let letters = glyphs[first.from..first.to].iter().chain(&glyphs[second.from..second.to]);
    let meaning = lexicon.row(Hash::of(letters.map(|glyph| glyph.shape)))?;
    (meaning.is(CHAT | SOCIAL | PURSE) && !meaning.is(VAGUE)).then_some(meaning)
}
