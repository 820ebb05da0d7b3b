//! How a text is encoded for the mobile network, and how many messages the carrier makes and bills for it.
//!
//! The default alphabet is 3GPP TS 23.038 section 6.2.1 (septets, written GSM-7 here) with the extension table of section
//! 6.2.1.1, whose characters take an escape and so two septets. A text with any other character is sent in UCS-2, in
//! practice UTF-16. A message has 140 octets: 160 septets or 70 UTF-16 units; the parts of a longer text lose six octets
//! each to the header that puts them together (3GPP TS 23.040 section 9.2.3.24.1), so 153 or 67 are left. Neither an escape
//! and its character nor the two halves of a surrogate pair are parted.

use crate::rules::vocabulary::names;
use serde::Serialize;

names! {
    /// The encoding of a text.
    Encoding {
        /// The default alphabet, seven bits a character.
        Gsm7 = "gsm_7",
        /// UTF-16, two octets a unit.
        Ucs2 = "ucs_2",
    }
}

impl Encoding {
    /// Units of a text that is one message.
    const fn alone(self) -> usize {
        match self {
            Encoding::Gsm7 => 160,
            Encoding::Ucs2 => 70,
        }
    }

    /// Units of each message of a text that is several.
    const fn among_others(self) -> usize {
        match self {
            Encoding::Gsm7 => 153,
            Encoding::Ucs2 => 67,
        }
    }
}

/// A text as the carrier counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Parts {
    /// How it is encoded.
    pub encoding: Encoding,
    /// How many messages it is.
    pub segments: usize,
}

/// The septets of a character in the default alphabet; `None` for one that it does not have.
pub const fn septets(character: char) -> Option<usize> {
    match character {
        'A'..='Z' | 'a'..='z' | '0'..='9' | ' '..='#' | '%'..='?' | '@' | '$' | '_' | '\n' | '\r' => Some(1),
        '£' | '¥' | 'è' | 'é' | 'ù' | 'ì' | 'ò' | 'Ç' | 'Ø' | 'ø' | 'Å' | 'å' | 'Æ' | 'æ' | 'ß' | 'É' | '¤' | '¡' => {
            Some(1)
        }
        'Δ' | 'Φ' | 'Γ' | 'Λ' | 'Ω' | 'Π' | 'Ψ' | 'Σ' | 'Θ' | 'Ξ' => Some(1),
        'Ä' | 'Ö' | 'Ñ' | 'Ü' | '§' | '¿' | 'ä' | 'ö' | 'ñ' | 'ü' | 'à' => Some(1),
        '\u{c}' | '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' => Some(2),
        _ => None,
    }
}

/// How `text` is encoded, and how many messages it is. A text without characters is one.
pub fn parts(text: &str) -> Parts {
    if text.chars().all(|character| septets(character).is_some()) {
        let widths = text.chars().map(|character| septets(character).unwrap_or(2));
        Parts { encoding: Encoding::Gsm7, segments: segments(Encoding::Gsm7, widths) }
    } else {
        Parts { encoding: Encoding::Ucs2, segments: segments(Encoding::Ucs2, text.chars().map(char::len_utf16)) }
    }
}

/// How many messages characters of these widths fill, each whole in one of them.
fn segments(encoding: Encoding, widths: impl Iterator<Item = usize> + Clone) -> usize {
    if widths.clone().sum::<usize>() <= encoding.alone() {
        return 1;
    }
    let (mut segments, mut filled) = (1, 0);
    for width in widths {
        if filled + width > encoding.among_others() {
            segments += 1;
            filled = 0;
        }
        filled += width;
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::limits::THREAD_MESSAGE_CHARS;
    use proptest::prelude::*;

    /// The default alphabet as the standard's table has it, by columns; its escape, 0x1B, is no character.
    const ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ\
                            ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    const EXTENSION: &str = "\u{c}^{}\\[~]|€";

    /// Cuts the encoded text into messages one unit at a time.
    fn naive(text: &str) -> Parts {
        let is_gsm = text.chars().all(|c| ALPHABET.contains(c) || EXTENSION.contains(c));
        let units: Vec<Vec<u16>> = text
            .chars()
            .map(|c| match (is_gsm, EXTENSION.contains(c)) {
                (true, true) => vec![0x1b, c as u16],
                (true, false) => vec![c as u16],
                (false, _) => c.encode_utf16(&mut [0; 2]).to_vec(),
            })
            .collect();
        let (encoding, alone, among_others) =
            if is_gsm { (Encoding::Gsm7, 160, 153) } else { (Encoding::Ucs2, 70, 67) };
        if units.concat().len() <= alone {
            return Parts { encoding, segments: 1 };
        }
        let mut messages: Vec<Vec<u16>> = vec![Vec::new()];
        for unit in units {
            if messages.last().unwrap().len() + unit.len() > among_others {
                messages.push(Vec::new());
            }
            messages.last_mut().unwrap().extend(unit);
        }
        assert!(messages.iter().all(|message| message.len() <= among_others));
        Parts { encoding, segments: messages.len() }
    }

    fn shown(text: &str) -> (&'static str, usize) {
        let Parts { encoding, segments } = parts(text);
        (encoding.as_str(), segments)
    }

    #[test]
    fn the_alphabet_is_the_standards() {
        assert_eq!(ALPHABET.chars().count(), 127);
        for character in (0..=0x10_FFFF).filter_map(char::from_u32) {
            let expected = match (ALPHABET.contains(character), EXTENSION.contains(character)) {
                (true, _) => Some(1),
                (_, true) => Some(2),
                _ => None,
            };
            assert_eq!(septets(character), expected, "{character:?}");
        }
    }

    #[test]
    fn a_message_has_160_septets_or_70_units_and_a_part_153_or_67() {
        for (character, encoding, boundaries) in [
            ("a", "gsm_7", [(1, 1), (160, 1), (161, 2), (306, 2), (307, 3), (1600, 11)]),
            ("ю", "ucs_2", [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (1600, 24)]),
            // Two septets: 76 of them in a part, whose last septet stays empty.
            ("€", "gsm_7", [(1, 1), (80, 1), (81, 2), (152, 2), (153, 3), (1600, 22)]),
            // A surrogate pair: 33 of them in a part.
            ("🐾", "ucs_2", [(1, 1), (35, 1), (36, 2), (66, 2), (67, 3), (1600, 49)]),
        ] {
            for (times, segments) in boundaries {
                assert_eq!(shown(&character.repeat(times)), (encoding, segments), "{times} times {character}");
            }
        }
        assert_eq!(shown(""), ("gsm_7", 1));
    }

    #[test]
    fn one_other_character_changes_the_encoding() {
        let text = "a".repeat(159);
        assert_eq!(shown(&format!("{text}é")), ("gsm_7", 1));
        assert_eq!(shown(&format!("{text}ê")), ("ucs_2", 3));
        assert_eq!(shown("Tabs\tare not in it"), ("ucs_2", 1));
        assert_eq!(shown("line\r\nbreaks are"), ("gsm_7", 1));
        assert_eq!(shown("`"), ("ucs_2", 1), "a grave accent is not in the table");
    }

    #[test]
    fn a_pair_is_not_parted() {
        let straddling = format!("{}€{}", "a".repeat(152), "a".repeat(151));
        assert_eq!(shown(&straddling), ("gsm_7", 2));
        assert_eq!(shown(&format!("{straddling}a")), ("gsm_7", 3), "306 septets, and one was left empty");
        let straddling = format!("{}🐾{}", "ю".repeat(66), "ю".repeat(65));
        assert_eq!(shown(&straddling), ("ucs_2", 2));
        assert_eq!(shown(&format!("{straddling}ю")), ("ucs_2", 3));
    }

    fn any_text() -> impl Strategy<Value = String> {
        let gsm = prop::sample::select(ALPHABET.chars().collect::<Vec<_>>());
        let extension = prop::sample::select(EXTENSION.chars().collect::<Vec<_>>());
        let inside = prop_oneof![4 => gsm.clone(), 1 => extension];
        let mixed = prop_oneof![20 => gsm, 1 => any::<char>()];
        prop_oneof![
            prop::collection::vec(inside, 0..=THREAD_MESSAGE_CHARS),
            prop::collection::vec(mixed, 0..=THREAD_MESSAGE_CHARS),
            prop::collection::vec(any::<char>(), 0..=THREAD_MESSAGE_CHARS),
        ]
        .prop_map(|characters| characters.into_iter().collect())
    }

    proptest! {
        #[test]
        fn it_counts_as_a_naive_implementation_does(text in any_text()) {
            prop_assert_eq!(parts(&text), naive(&text));
        }

        #[test]
        fn a_longer_text_is_not_fewer_messages(text in any_text(), more in any_text()) {
            let whole = format!("{text}{more}");
            prop_assert!(parts(&whole).segments >= parts(&text).segments);
        }
    }
}
