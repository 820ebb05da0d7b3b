//! Text that people write.

use crate::rules::{
    blank::has_visible,
    form::{Fault, FromText},
};
use serde::Serialize;

/// What a length counts, for people who see fewer characters than there are.
const COUNTED: &str = "Each Unicode code point counts: an emoji may be several.";

/// Text of `MIN` to `MAX` characters (Unicode code points) after trimming, with something to see in it and without control
/// characters other than line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> FromText for Text<MIN, MAX> {
    const WRONG_TYPE: &'static str = "Expected a string.";

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            let message = "Control characters other than line breaks and tabs are not allowed.";
            return Err(Fault::new("control_character", message));
        }
        let trimmed = text.trim();
        let length = trimmed.chars().count();
        if !has_visible(trimmed) {
            Err(Fault::new("empty", "It has no visible text."))
        } else if length < MIN {
            let message = format!("At least {MIN} characters after trimming; this has {length}. {COUNTED}");
            Err(Fault::new("too_short", message))
        } else if length > MAX {
            let message = format!("At most {MAX} characters after trimming; this has {length}. {COUNTED}");
            Err(Fault::new("too_long", message))
        } else {
            Ok(Text(trimmed.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::testing::{faults, fields, one};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn text_faults(value: Value) -> Vec<(String, String)> {
        let mut fields = fields(json!({ "content": value }));
        let text = fields.get::<Text<3, 5>>("content");
        faults(fields, text)
    }

    #[test]
    fn text_is_measured_in_characters_after_trimming() {
        for accepted in ["abc", "abcde", "  abcde\n", "éèàùç", "日本語", "a\nb", "👩‍🚀"] {
            assert_eq!(text_faults(json!(accepted)), [], "{accepted:?}");
        }
        assert_eq!(text_faults(json!("ab")), one("content", "too_short"));
        assert_eq!(text_faults(json!("ab     ")), one("content", "too_short"));
        assert_eq!(text_faults(json!("abcdef")), one("content", "too_long"));
        for blank in ["", "     ", "\u{200b}\u{200b}\u{200b}", "\u{feff} \u{2060}", "\u{2800}\u{3164}\u{fe0f}"] {
            assert_eq!(text_faults(json!(blank)), one("content", "empty"), "{blank:?}");
        }
        for control in ["ab\0c", "abc\u{7}", "ab\u{1b}[", "abc\u{85}"] {
            assert_eq!(text_faults(json!(control)), one("content", "control_character"), "{control:?}");
        }
        assert_eq!(text_faults(json!(12345)), one("content", "wrong_type"));
        assert_eq!(text_faults(json!(null)), one("content", "required"));
    }

    #[test]
    fn a_length_says_that_it_counts_code_points() {
        for (text, code) in [("👩‍🚀👩‍🚀", "too_long"), ("é", "too_short")] {
            let fault = <Text<3, 5>>::from_text(text).unwrap_err();
            assert_eq!(fault.code, code);
            let length = text.chars().count();
            assert!(fault.message.ends_with(&format!("this has {length}. {COUNTED}")), "{}", fault.message);
        }
    }

    proptest! {
        #[test]
        fn accepted_text_is_trimmed_and_within_its_bounds(value in "\\PC{0,12}") {
            let mut fields = fields(json!({ "content": value }));
            if let Some(Text(text)) = fields.get::<Text<2, 8>>("content") {
                prop_assert_eq!(text.trim(), &text);
                prop_assert!((2..=8).contains(&text.chars().count()));
            }
        }
    }
}
