//! Phone numbers that cannot leak: the type prints its last four digits only, and [`redact`] cleans free text.

use std::{fmt, str::FromStr};

/// Fewest digits that are taken for a phone number in free text: a North American local number.
const MIN_DIGITS: usize = 7;

/// Most characters other than letters and digits that may stand between two digits of one number, as in `) - `.
const MAX_GAP: usize = 3;

/// A phone number in international form (ITU-T E.164: `+` and 7 to 15 digits, the first not zero).
///
/// It implements neither `Serialize` nor any conversion to text but the masked one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    digits: String,
}

/// The text is not a phone number in E.164 form. The error does not repeat the text, which may still be a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPhoneNumber;

impl fmt::Display for InvalidPhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a phone number in international form (+ and 7 to 15 digits)")
    }
}

impl std::error::Error for InvalidPhoneNumber {}

impl FromStr for PhoneNumber {
    type Err = InvalidPhoneNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('+').ok_or(InvalidPhoneNumber)?;
        let well_formed = (MIN_DIGITS..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if well_formed { Ok(PhoneNumber { digits: digits.to_owned() }) } else { Err(InvalidPhoneNumber) }
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(self.digits.chars()))
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn mask(digits: impl DoubleEndedIterator<Item = char>) -> String {
    let mut last_four: Vec<char> = digits.rev().take(4).collect();
    last_four.reverse();
    format!("[phone …{}]", last_four.into_iter().collect::<String>())
}

/// Replaces every possible phone number by its last four digits.
///
/// Seven digits or more of any script count as a number, however they are grouped. Some dates and amounts are redacted
/// too; a log can do without them.
pub fn redact(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut cleaned = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_numeric() {
            cleaned.push(chars[at]);
            at += 1;
            continue;
        }
        let end = run_end(&chars, at);
        let digits: Vec<char> = chars[at..end].iter().copied().filter(|c| c.is_numeric()).collect();
        if digits.len() >= MIN_DIGITS {
            cleaned.push_str(&mask(digits.into_iter()));
        } else {
            cleaned.extend(&chars[at..end]);
        }
        at = end;
    }
    cleaned
}

/// The end of the run of digits that starts at `start`, gaps included, without trailing gap.
fn run_end(chars: &[char], start: usize) -> usize {
    let mut end = start + 1;
    let mut gap = 0;
    for (at, c) in chars.iter().enumerate().skip(start + 1) {
        if c.is_numeric() {
            end = at + 1;
            gap = 0;
        } else if c.is_alphabetic() || gap == MAX_GAP {
            break;
        } else {
            gap += 1;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_prints_its_last_four_digits_only() {
        let number: PhoneNumber = "+15551234567".parse().unwrap();
        assert_eq!(number.to_string(), "[phone …4567]");
        assert_eq!(format!("{number:?}"), "[phone …4567]");
        assert_eq!(format!("{:#?}", Some(number)), "Some(\n    [phone …4567],\n)");
    }

    #[test]
    fn only_international_form_is_a_number() {
        for text in
            ["", "+", "15551234567", "+05551234567", "+123456", "+1234567890123456", "+1 5551234567", "+1555123456a"]
        {
            assert_eq!(text.parse::<PhoneNumber>(), Err(InvalidPhoneNumber), "{text:?}");
        }
    }

    #[test]
    fn common_spellings_are_redacted() {
        for text in [
            "+15551234567",
            "(555) 123-4567",
            "555.123.4567",
            "555 123 4567",
            "+49 (0)30 / 1234 567",
            "5 5 5 1 2 3 4 5 6 7",
            "tel:+1-555-123-4567;ext=9",
            "5\u{a0}5\u{a0}51234567",
            "555—123—4567",
            "\u{ff15}\u{ff15}\u{ff15}1234567",
        ] {
            let cleaned = redact(text);
            assert!(cleaned.contains("[phone …"), "{text:?} became {cleaned:?}");
            assert!(longest_run(&cleaned) < MIN_DIGITS, "{text:?} became {cleaned:?}");
        }
        assert_eq!(redact("call 5551234567 at 5"), "call [phone …4567] at 5");
        assert_eq!(redact("error 40001 in 12 rows"), "error 40001 in 12 rows");
    }

    /// Digits in the longest stretch that a reader could take for one number.
    fn longest_run(text: &str) -> usize {
        let chars: Vec<char> = text.chars().collect();
        (0..chars.len())
            .filter(|&at| chars[at].is_numeric())
            .map(|at| chars[at..run_end(&chars, at)].iter().filter(|c| c.is_numeric()).count())
            .max()
            .unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_number_survives_whatever_surrounds_it(
            before in "\\PC{0,20}",
            groups in prop::collection::vec("[0-9]{1,4}", 4..6),
            separator in "[ ()./–-]{0,3}",
            plus in prop::bool::ANY,
            after in "\\PC{0,20}",
        ) {
            let digits: String = groups.concat();
            prop_assume!(digits.len() >= MIN_DIGITS);
            let number = groups.join(&separator);
            let text = format!("{before}{}{number}{after}", if plus { "+" } else { "" });
            let cleaned = redact(&text);
            prop_assert!(longest_run(&cleaned) < MIN_DIGITS, "{:?} became {:?}", text, cleaned);
            prop_assert!(!cleaned.contains(&number));
            prop_assert!(!cleaned.contains(&digits));
        }

        #[test]
        fn redacting_twice_changes_nothing_more(text in "[0-9 +()a-z.-]{0,60}") {
            let once = redact(&text);
            prop_assert_eq!(redact(&once), once.clone());
        }

        #[test]
        fn a_parsed_number_never_prints_more_than_four_digits(digits in "[1-9][0-9]{6,14}") {
            let number: PhoneNumber = format!("+{digits}").parse().unwrap();
            for printed in [format!("{number}"), format!("{number:?}"), format!("{:?}", [&number])] {
                prop_assert_eq!(printed.chars().filter(char::is_ascii_digit).count(), 4);
            }
        }
    }
}
