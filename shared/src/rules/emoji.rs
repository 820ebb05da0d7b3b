//! An emoji that somebody reacts with.
//!
//! Which there are says the list of Unicode (`emoji-test.txt`, UTS #51), which the crate `emojis` carries: every character
//! and every sequence that is one emoji, and its form for each way to write it. So a text is one emoji if it is in the
//! list, and no grammar has to be trusted that takes sequences which nobody draws as one.

use crate::rules::form::{Fault, FromText};
use serde::Serialize;

/// Exactly one emoji, in its fully-qualified form: ❤ with and without its variation selector is one kind of reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Emoji(&'static str);

impl Emoji {
    /// The emoji as it is stored and counted.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromText for Emoji {
    const WRONG_TYPE: &'static str = "Expected an emoji in a string.";

    fn from_text(text: &str) -> Result<Emoji, Fault> {
        emojis::get(text)
            // The crate also finds a keycap by its digit with a variation selector alone.
            .filter(|emoji| without_selectors(emoji.as_str()).eq(without_selectors(text)))
            .map(|emoji| Emoji(emoji.as_str()))
            .ok_or(Fault::new("malformed_emoji", "Expected exactly one emoji of Unicode, and nothing else."))
    }
}

/// The characters of an emoji that tell it from others: U+FE0F says only how it is drawn.
fn without_selectors(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|&character| character != '\u{fe0f}')
}

#[cfg(test)]
mod tests;
