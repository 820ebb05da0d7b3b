//! One spelling for what looks the same: lower case, no accents, ASCII for look-alikes and for the digits of any script.

#[path = "letters.generated.rs"]
mod generated;

use crate::rules::{blank::is_blank, redact::digit_of};
use generated::LETTERS;

/// A folded character, and where the text has it. A long text has many, so that it is small.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    pub(super) shape: char,
    /// The byte of the text, and in the lowest bits whether a capital letter stands there and whether the shape is a letter.
    place: u32,
}

impl Glyph {
    const CAPITAL: u32 = 1;
    const LETTER: u32 = 2;
    const FLAGS: u32 = 2;

    fn new(shape: char, from: usize, capital: bool) -> Glyph {
        let flags = u32::from(capital) * Glyph::CAPITAL + u32::from(is_letter(shape)) * Glyph::LETTER;
        Glyph { shape, place: (from as u32) << Glyph::FLAGS | flags }
    }

    /// The first byte of the text that it stands for. The bytes up to the next glyph are its own, too.
    pub(super) fn from(self) -> usize {
        (self.place >> Glyph::FLAGS) as usize
    }

    /// The text has a capital letter here.
    pub(super) fn is_capital(self) -> bool {
        self.place & Glyph::CAPITAL != 0
    }

    /// The shape is a letter of any script.
    pub(super) fn is_letter(self) -> bool {
        self.place & Glyph::LETTER != 0
    }

    /// The shape is a letter or a digit. A folded text has no other numerals.
    pub(super) fn is_alphanumeric(self) -> bool {
        self.is_letter() || self.shape.is_ascii_digit()
    }
}

/// The same as [`char::is_alphabetic`], which takes a fifth of a microsecond for a letter of Thai or Arabic.
fn is_letter(shape: char) -> bool {
    let code = u32::from(shape);
    match LETTERS.get(code as usize / 64) {
        Some(letters) => letters >> (code % 64) & 1 == 1,
        None => is_ideograph(code) || shape.is_alphabetic(),
    }
}

/// A character of Chinese or a syllable of Korean: a letter without capitals or accents.
fn is_ideograph(code: u32) -> bool {
    matches!(code, 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7a3)
}

/// A letter from Hebrew to Myanmar, scripts that have no capitals and look like no other.
fn is_plain(code: u32, character: char) -> bool {
    matches!(code, 0x590..0x10a0) && is_letter(character)
}

/// The base letters of U+00C0 to U+017F.
const LATIN: &[u8; 192] = b"aaaaaaaceeeeiiiidnooooo?ouuuuytsaaaaaaaceeeeiiiidnooooo?ouuuuyty\
    aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll\
    lllnnnnnn?nnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/// The base letters of U+1E00 to U+1EFF.
const LATIN_ADDITIONAL: &[u8; 256] = b"aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm\
    mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv\
    wwwwwwwwwwxxxxyyzzzzzzhtwyas??s?aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee\
    eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy??????";

/// Letters of Cyrillic, Greek and phonetic script that look like Latin ones, beside their twins.
const TWINS: [(&str, &str); 3] = [
    ("абвеёзикмнопрстухцчьіјѕғһԁԛԝ", "abbeeзиkmhonpctyxцчьijsfhdqw"),
    ("αβγεζηικνορτυχω", "abyeznikvoptuxw"),
    ("ᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢɑɡ", "abcdeghijklmnoprtuvwyzag"),
];

/// Numbers in rings, brackets and the like, also above nine: the first character, the last, the number of the first.
const NUMBERS: [(u32, u32, u32); 8] = [
    (0x2460, 0x2473, 1),
    (0x2474, 0x2487, 1),
    (0x2488, 0x249b, 1),
    (0x24f5, 0x24fe, 1),
    (0x2776, 0x277f, 1),
    (0x2780, 0x2789, 1),
    (0x278a, 0x2793, 1),
    (0x1f51f, 0x1f51f, 10),
];

/// Runs of letters in rings, squares and mathematical styles, each alphabet after alphabet: the first, the last.
const ALPHABETS: [(u32, u32); 9] = [
    (0xff21, 0xff3a),
    (0xff41, 0xff5a),
    (0x249c, 0x24b5),
    (0x24b6, 0x24e9),
    (0x1d400, 0x1d6a3),
    (0x1f110, 0x1f129),
    (0x1f130, 0x1f149),
    (0x1f150, 0x1f169),
    (0x1f170, 0x1f189),
];

/// The number from 0 to 20 that a character other than an ASCII digit shows.
fn number(character: char, code: u32) -> Option<u32> {
    let ringed = NUMBERS.iter().find(|&&(from, to, _)| (from..=to).contains(&code));
    ringed.map(|&(from, _, first)| first + code - from).or_else(|| digit_of(character).map(u32::from))
}

fn letter(character: char, code: u32) -> Option<char> {
    let base = match code {
        0xc0..=0x17f => char::from(LATIN[code as usize - 0xc0]),
        0x1e00..=0x1eff => char::from(LATIN_ADDITIONAL[code as usize - 0x1e00]),
        _ => {
            let &(from, _) = ALPHABETS.iter().find(|&&(from, to)| (from..=to).contains(&code))?;
            char::from(b'a' + ((code - from) % 26) as u8)
        }
    };
    Some(if base == '?' { character } else { base })
}

fn twin(character: char) -> char {
    let [cyrillic, greek, phonetic] = TWINS;
    let (from, to) = match character {
        '\u{250}'..='\u{36f}' | '\u{1d00}'..='\u{1dbf}' => phonetic,
        '\u{370}'..='\u{3ff}' => greek,
        '\u{400}'..='\u{52f}' => cyrillic,
        // Other scripts have no twins.
        _ => return character,
    };
    let latin = from.chars().zip(to.chars()).find(|&(other, _)| other == character);
    latin.map_or(character, |(_, latin)| latin)
}

fn punctuation(character: char) -> Option<char> {
    Some(match character {
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2500}' | '\u{30fc}' | '\u{fe58}' | '\u{fe63}' => '-',
        '·' | '․' | '‧' | '∙' | '⋅' | '。' | '｡' | '\u{fe52}' => '.',
        '‘' | '’' | 'ʼ' | '´' | '`' | '′' => '\'',
        '⁄' | '∕' => '/',
        '﹫' => '@',
        '﹕' | '∶' | '꞉' => ':',
        '،' | '、' => ',',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0)?,
        _ => return None,
    })
}

/// A dot that is drawn larger: between letters it is a point.
fn is_bullet(character: char) -> bool {
    "•●○◦⚫⚪▪▫■⬤◾◽・⸱🔴🔵".contains(character)
}

/// Whether a word or number of Latin letters ends before and begins after a character.
fn within(before: &str, after: &str) -> bool {
    before.ends_with(|last: char| last.is_ascii_alphanumeric())
        && after.starts_with(|next: char| next.is_ascii_alphanumeric())
}

/// A mark that sits on the character before it.
fn is_mark(code: u32) -> bool {
    matches!(code, 0x300..=0x36f | 0x483..=0x489 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f
        | 0x1f3fb..=0x1f3ff)
}

/// The text in one spelling. Characters that show nothing are left out; white space is a space or a line feed.
pub(super) fn fold(text: &str) -> Vec<Glyph> {
    let mut glyphs: Vec<Glyph> = Vec::with_capacity(text.len());
    for (from, character) in text.char_indices() {
        let mut put = |shape| glyphs.push(Glyph::new(shape, from, character.is_uppercase()));
        let code = u32::from(character);
        if character == '\n' || (' '..='~').contains(&character) {
            put(character.to_ascii_lowercase());
        } else if is_plain(code, character) || is_ideograph(code) && digit_of(character).is_none() {
            put(character);
        } else if matches!(code, 0x370..=0x52f) && is_letter(character) {
            put(twin(character.to_lowercase().next().unwrap_or(character)));
        } else if character.is_whitespace() || character == '\u{2800}' || character == '\u{3164}' {
            put(if matches!(character, '\u{2028}' | '\u{2029}') { '\n' } else { ' ' });
        } else if is_blank(character) || is_mark(code) {
            // It goes with the character before it, so that nothing of a hit is left behind.
        } else if let Some(number) = number(character, code) {
            if number > 9 {
                put(char::from(b'0' + (number / 10) as u8));
            }
            put(char::from(b'0' + (number % 10) as u8));
        } else if matches!(character, 'ß' | 'ẞ') {
            put('s');
            put('s');
        } else if is_bullet(character) && within(&text[..from], &text[from + character.len_utf8()..]) {
            put('.');
        } else if let Some(shape) = letter(character, code).or_else(|| punctuation(character)) {
            put(shape);
        } else {
            put(twin(character.to_lowercase().next().unwrap_or(character)));
        }
    }
    glyphs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold(text).iter().map(|glyph| glyph.shape).collect()
    }

    #[test]
    fn look_alikes_have_one_spelling() {
        assert_eq!(folded("Füñf ＣＡＬＬ ｍｅ 𝟓𝟝𝟧"), "funf call me 555");
        assert_eq!(folded("5\u{fe0f}\u{20e3}①⑩٣۴५🔟"), "511034510");
        assert_eq!(folded("с\u{200b}аll\u{ad}—𝓶𝓮"), "call-me");
        assert_eq!(folded("e\u{301}crivez"), "ecrivez");
        assert_eq!(folded("a●co•uk •walk"), "a.co.uk •walk");
    }

    #[test]
    fn letters_are_alphabetic() {
        assert!(('\0'..=char::MAX).all(|character| is_letter(character) == character.is_alphabetic()));
    }

    #[test]
    fn a_folded_text_has_ascii_digits_alone() {
        let alphanumeric = |glyph: &Glyph| glyph.is_alphanumeric() == glyph.shape.is_alphanumeric();
        assert!(('\0'..=char::MAX).all(|character| fold(&character.to_string()).iter().all(alphanumeric)));
    }

    #[test]
    fn twins_are_pairs() {
        assert!(TWINS.iter().all(|(from, to)| from.chars().count() == to.chars().count()));
        assert!(TWINS.iter().all(|(from, to)| from.chars().map(twin).eq(to.chars())));
    }
}
