//! One spelling for what looks the same: lower case, no accents, ASCII for look-alikes and for the digits of any script.

use crate::rules::blank::is_blank;

/// A folded character, and the bytes of the text that it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    pub(super) shape: char,
    /// The text has a capital letter here.
    pub(super) capital: bool,
    pub(super) from: u32,
    pub(super) to: u32,
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

/// Letters of other scripts that look like Latin ones, beside their twins.
const TWINS: [(&str, &str); 3] = [
    ("абвеёзикмнопрстухцчьіјѕһԁԛԝ", "abbeeзиkmhonpctyxцчьijshdqw"),
    ("αβγεζηικνορτυχω", "abyeznikvoptuxw"),
    ("ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢɑɡ〇零一二三四五六七八九", "abcdefghijklmnoprtuvwyzag00123456789"),
];

/// The zero of each script that has digits of its own; its nine others follow.
const ZEROS: [u32; 64] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0,
    0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60,
    0x16ac0, 0x16b50, 0x1ccf0, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

/// Runs of digits and numbers in rings, brackets and the like: the first character, the last, the number of the first.
const NUMBERS: [(u32, u32, u32); 17] = [
    (0xb2, 0xb3, 2),
    (0xb9, 0xb9, 1),
    (0x2070, 0x2070, 0),
    (0x2074, 0x2079, 4),
    (0x2080, 0x2089, 0),
    (0x2460, 0x2473, 1),
    (0x2474, 0x2487, 1),
    (0x2488, 0x249b, 1),
    (0x24ea, 0x24ea, 0),
    (0x24f5, 0x24fe, 1),
    (0x24ff, 0x24ff, 0),
    (0x2776, 0x277f, 1),
    (0x2780, 0x2789, 1),
    (0x278a, 0x2793, 1),
    (0x1f100, 0x1f100, 0),
    (0x1f101, 0x1f10a, 0),
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
fn number(code: u32) -> Option<u32> {
    if let Some(&zero) = ZEROS[..ZEROS.partition_point(|&zero| zero <= code)].last()
        && code - zero < 10
    {
        return Some(code - zero);
    }
    if (0x1d7ce..=0x1d7ff).contains(&code) {
        return Some((code - 0x1d7ce) % 10);
    }
    NUMBERS.iter().find(|&&(from, to, _)| (from..=to).contains(&code)).map(|&(from, _, first)| first + code - from)
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
    TWINS
        .iter()
        .find_map(|(from, to)| from.chars().zip(to.chars()).find(|&(other, _)| other == character))
        .map_or(character, |(_, latin)| latin)
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

/// A mark that sits on the character before it.
fn is_mark(code: u32) -> bool {
    matches!(code, 0x300..=0x36f | 0x483..=0x489 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f
        | 0x1f3fb..=0x1f3ff)
}

/// The text in one spelling. Characters that show nothing are left out; white space is a space or a line feed.
pub(super) fn fold(text: &str) -> Vec<Glyph> {
    let mut glyphs: Vec<Glyph> = Vec::with_capacity(text.len());
    for (from, character) in text.char_indices() {
        let to = (from + character.len_utf8()) as u32;
        let mut put = |shape| glyphs.push(Glyph { shape, capital: character.is_uppercase(), from: from as u32, to });
        let code = u32::from(character);
        if character == '\n' || (' '..='~').contains(&character) {
            put(character.to_ascii_lowercase());
        } else if character.is_whitespace() || character == '\u{2800}' || character == '\u{3164}' {
            put(if matches!(character, '\u{2028}' | '\u{2029}') { '\n' } else { ' ' });
        } else if is_blank(character) || is_mark(code) {
            // It goes with the character before it, so that nothing of a hit is left behind.
            if let Some(last) = glyphs.last_mut() {
                last.to = to;
            }
        } else if let Some(number) = number(code) {
            if number > 9 {
                put(char::from(b'0' + (number / 10) as u8));
            }
            put(char::from(b'0' + (number % 10) as u8));
        } else if matches!(character, 'ß' | 'ẞ') {
            put('s');
            put('s');
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
    }

    #[test]
    fn twins_are_pairs_and_zeros_are_sorted() {
        assert!(TWINS.iter().all(|(from, to)| from.chars().count() == to.chars().count()));
        assert!(ZEROS.is_sorted());
    }
}
