use super::*;
use crate::rules::limits::MAX_REACTION_BYTES;
use proptest::prelude::*;
use std::collections::HashSet;

fn read(text: &str) -> Option<&'static str> {
    Emoji::from_text(text).ok().map(Emoji::as_str)
}

fn every() -> impl Iterator<Item = &'static str> {
    emojis::iter().flat_map(|emoji| {
        let toned = emoji.skin_tones().into_iter().flatten();
        std::iter::once(emoji).chain(toned).map(emojis::Emoji::as_str)
    })
}

#[test]
fn one_emoji_of_every_make_is_taken() {
    for (what, emoji) in [
        ("a character", "👍"),
        ("a skin tone", "👍🏽"),
        ("a family", "👨‍👩‍👧‍👦"),
        ("two people with their skin tones", "🧑🏻‍❤️‍💋‍🧑🏿"),
        ("a profession", "👩🏾‍🚀"),
        ("a gender", "🤷‍♀️"),
        ("hair", "👩‍🦰"),
        ("a direction", "🏃‍➡️"),
        ("a flag of a country", "🇿🇦"),
        ("a flag of a part of one", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("a flag that is joined", "🏳️‍🌈"),
        ("a keycap", "#️⃣"),
        ("a digit's keycap", "1️⃣"),
        ("a variation selector", "❤️"),
        ("a symbol with text's looks by default", "©️"),
        ("one of recent years", "🫩"),
    ] {
        assert_eq!(read(emoji), Some(emoji), "{what}");
    }
}

#[test]
fn forms_of_one_emoji_are_one_kind() {
    for (form, full) in [
        ("❤", "❤️"),
        ("☺", "☺️"),
        ("1⃣", "1️⃣"),
        ("🏳‍🌈", "🏳️‍🌈"),
        ("👁‍🗨", "👁️‍🗨️"),
        ("👁️‍🗨", "👁️‍🗨️"),
        ("🤷‍♀", "🤷‍♀️"),
        ("🏃‍➡", "🏃‍➡️"),
    ] {
        assert_eq!(read(form), Some(full));
    }
}

#[test]
fn whatever_is_not_one_emoji_is_refused() {
    for (what, text) in [
        ("nothing", ""),
        ("a letter", "a"),
        ("a word", "lol"),
        ("a shortcode", ":rocket:"),
        ("a digit", "1"),
        ("a sign that is an emoji with more", "#"),
        ("an emoticon", ":-)"),
        ("a space before", " 👍"),
        ("a space behind", "👍 "),
        ("a line break behind", "👍\n"),
        ("two", "👍👍"),
        ("two of a kind of flag", "🇿🇦🇩🇪"),
        ("a letter behind", "👍a"),
        ("a skin tone alone", "🏽"),
        ("a component of hair alone", "🦰"),
        ("a joiner alone", "\u{200d}"),
        ("a variation selector alone", "\u{fe0f}"),
        ("a keycap alone", "\u{20e3}"),
        ("a digit with a variation selector", "0\u{fe0f}"),
        ("a sign with a variation selector", "#\u{fe0f}"),
        ("half a flag", "🇿"),
        ("a flag of nowhere", "🇿🇿"),
        ("a skin tone for what has none", "🚀🏽"),
        ("two skin tones", "👍🏽🏽"),
        ("a sequence that is none", "👍‍👎"),
        ("a joiner behind", "👍\u{200d}"),
        ("a tag alone", "\u{e0067}"),
        ("a variation selector too many", "👍\u{fe0f}\u{fe0f}"),
        ("the looks of text", "❤\u{fe0e}"),
        ("a control character", "👍\u{0}"),
        ("an accent", "👍\u{301}"),
    ] {
        assert_eq!(read(text), None, "{what}");
    }
    let fault = Emoji::from_text("x").unwrap_err();
    assert_eq!(fault.code, "malformed_emoji");
}

#[test]
fn every_emoji_is_itself_and_short() {
    let all: Vec<_> = every().collect();
    assert!(all.len() > 3_700, "{}", all.len());
    for emoji in &all {
        assert_eq!(read(emoji), Some(*emoji));
        assert!(emoji.len() <= MAX_REACTION_BYTES && crate::rules::blank::has_visible(emoji), "{emoji}");
    }
    let different: HashSet<_> = all.iter().collect();
    let bare: HashSet<_> = all.iter().map(|emoji| emoji.replace('\u{fe0f}', "")).collect();
    assert_eq!(different.len(), bare.len(), "no two differ in their variation selectors alone");
}

proptest! {
    #[test]
    fn any_text_is_refused_or_one_of_the_list(text in "\\PC{0,8}|[\u{1f44d}\u{1f3fd}\u{200d}\u{fe0f}\u{2764}0-9#\u{20e3}\u{1f1e6}-\u{1f1ff}]{0,6}") {
        if let Some(emoji) = read(&text) {
            prop_assert!(every().any(|other| other == emoji));
            prop_assert_eq!(read(emoji), Some(emoji));
            prop_assert_eq!(emoji.replace('\u{fe0f}', ""), text.replace('\u{fe0f}', ""));
        }
    }

    #[test]
    fn two_emoji_are_never_one(first in 0..3_700_usize, second in 0..3_700_usize) {
        let two: Vec<_> = [first, second].into_iter().filter_map(|place| every().nth(place)).collect();
        let text = two.concat();
        // A person and a skin tone are one, but no skin tone is in the list by itself.
        prop_assert_eq!(read(&text), None, "{}", text);
    }
}
