//! Characters that show nothing, and texts of nothing else.

#[path = "blank.generated.rs"]
mod generated;

use generated::BLANK;

/// Whether a character shows nothing by itself: white space, what controls or formats other characters, and symbols that
/// are blank. `rolecall_internal.has_visible` says the same of each.
pub fn is_blank(character: char) -> bool {
    let after = BLANK.partition_point(|&(from, _)| from <= character);
    after > 0 && BLANK.get(after - 1).is_some_and(|&(_, to)| character <= to)
}

/// Whether a text has a character that shows something.
pub fn has_visible(text: &str) -> bool {
    text.chars().any(|character| !is_blank(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What issue 9 names, and a few more of each kind.
    const NOTHING: &str = "\u{2800}\u{3164}\u{ffa0}\u{115f}\u{1160}\u{180e}\u{34f}\u{fe0f}\u{e0020}\u{17b4}\u{1d159} \
        \n\t\u{0}\u{7f}\u{85}\u{a0}\u{ad}\u{61c}\u{1680}\u{200b}\u{200c}\u{200d}\u{200e}\u{2028}\u{202e}\u{2060}\u{2063}\
        \u{2066}\u{206f}\u{3000}\u{feff}\u{fff0}\u{fff9}\u{ffff}\u{1bca0}\u{1d173}\u{e0000}\u{e0001}\u{e01ef}\u{e0fff}\
        \u{13430}\u{13441}\u{16fe4}";

    #[test]
    fn a_text_of_nothing_visible_has_nothing_visible() {
        assert!(!has_visible(NOTHING));
        for character in NOTHING.chars() {
            assert!(is_blank(character), "{character:?}");
        }
        assert!(!has_visible(""));
    }

    #[test]
    fn what_shows_something_is_visible_whatever_joins_it() {
        // An emoji, a family, a keycap, a flag, Persian, Hindi and Sinhala with joiners, an accent, the private use area.
        for text in [
            "a",
            "❤\u{fe0f}",
            "👨\u{200d}👩\u{200d}👧",
            "1\u{fe0f}\u{20e3}",
            "🇩🇪",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "ක්\u{200d}ර",
            "\u{301}",
            "\u{600}",
            "\u{f8ff}",
            "\u{2801}",
            "\u{3131}",
            "\u{1d158}",
        ] {
            assert!(has_visible(text), "{text:?}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_its_ranges_are_apart() {
        assert!(BLANK.iter().all(|(from, to)| from <= to));
        assert!(BLANK.is_sorted_by(|(_, to), (from, _)| u32::from(*to) + 1 < u32::from(*from)));
    }
}
