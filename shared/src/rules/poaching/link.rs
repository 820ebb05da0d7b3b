//! What a link says besides its host.

use super::{
    concept::{CONTACT, PHONE},
    fold::fold,
    lexicon::Lexicon,
};

/// What parts the segments of a path or query.
const BORDERS: [char; 7] = ['/', '?', '&', '=', '#', ';', '\\'];

/// The fewest digits of a number that is one whatever stands before it; the identifier of a page has less.
const SURELY: usize = 10;

/// The parts of a link in which a number or an address may be read: without `%20` and the like, and without identifiers.
pub(super) fn readable(before: &str, host: &str, after: &str) -> String {
    let user = before.trim_end_matches('@').rsplit(['/', '\\']).next().unwrap_or_default();
    let (user, after) = (decoded(user), decoded(after));
    let mut text = String::with_capacity(user.len() + after.len());
    for label in host.split('.').filter(|label| digits(label) >= SURELY) {
        text.push_str(label);
        text.push('\n');
    }
    if before.ends_with('@') {
        text.push_str(&user);
        text.push('\n');
    }
    let (mut last, mut rest) = ("", after.as_str());
    while !rest.is_empty() {
        let end = rest.find(BORDERS).unwrap_or(rest.len());
        let segment = &rest[..end];
        if !is_identifier(segment, last) {
            text.push_str(segment);
        }
        if !segment.is_empty() {
            last = segment;
        }
        let border = rest[end..].chars().next();
        text.extend(border);
        rest = &rest[end + border.map_or(0, char::len_utf8)..];
    }
    // The name of a page of one's own: https://allowed.example/@name.
    let text = text.strip_prefix("/@").map_or(text.clone(), str::to_owned);
    if text.chars().any(char::is_alphanumeric) { text } else { String::new() }
}

fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// Whether a segment names a page: a short number after a word, or digits and letters mixed.
fn is_identifier(segment: &str, before: &str) -> bool {
    let (count, length) = (digits(segment), segment.chars().count());
    if count == length {
        let word = Lexicon::get().word(fold(before).iter().map(|glyph| glyph.shape)).1;
        let named = before.chars().any(char::is_alphabetic) && !word.is(PHONE | CONTACT);
        return named && (1..SURELY).contains(&count) && !segment.starts_with('0') && count > 4;
    }
    let longest = segment.split(|character: char| !character.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    let letters = || segment.chars().filter(|character| character.is_alphabetic());
    let mixed = count > 0 && letters().next().is_some() && longest < SURELY;
    let plain = segment.chars().all(char::is_alphanumeric);
    let hexadecimal = letters().all(|letter| letter.is_ascii_hexdigit())
        && segment.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
    mixed && (plain || hexadecimal)
}

/// The text without percent-encoding.
fn decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).and_then(|code| std::str::from_utf8(code).ok());
        match code.filter(|_| byte == b'%').and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                plain.push(code);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}
