//! Phone numbers that cannot leak: the type prints its last four digits only, and [`redact`] cleans free text.

pub use crate::rules::redact::redact;

use crate::rules::{
    form::{Fault, FromText},
    redact::{MIN_DIGITS, mask},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{cell::Cell, fmt, str::FromStr};

/// A phone number in international form (ITU-T E.164: `+` and 7 to 15 digits, the first not zero).
///
/// However it is written out, as text, for debugging or as JSON, it is masked. Two ways lead out of it: the parameter of a
/// statement (`spin::database::envelope`, by [`revealed`]), and [`PhoneNumber::for_carrier`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    text: String,
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

impl PhoneNumber {
    /// The number in E.164 form, for the request that asks the carrier to send; Clippy refuses every other use.
    pub fn for_carrier(&self) -> &str {
        &self.text
    }
}

impl FromStr for PhoneNumber {
    type Err = InvalidPhoneNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('+').ok_or(InvalidPhoneNumber)?;
        let well_formed = (MIN_DIGITS..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if well_formed { Ok(PhoneNumber { text: text.to_owned() }) } else { Err(InvalidPhoneNumber) }
    }
}

impl FromText for PhoneNumber {
    const WRONG_TYPE: &'static str = "Expected a phone number in a string.";

    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|InvalidPhoneNumber| {
            let message = "Expected a phone number in international form (E.164): +, the country's code and the number, \
                7 to 15 digits without spaces.";
            Fault::new("malformed_phone", message)
        })
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut masked = String::new();
        mask(&mut masked, self.text.chars());
        f.write_str(&masked)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

thread_local! {
    // Whether a statement's parameter is being written. It holds nothing of a request, and no request waits while it is set.
    static REVEALED: Cell<bool> = const { Cell::new(false) };
}

/// Writes a statement's parameter: what `write` serialises has its phone numbers in E.164 form.
#[cfg_attr(not(any(test, target_family = "wasm")), expect(dead_code, reason = "only the component calls the database"))]
pub(crate) fn revealed<T>(write: impl FnOnce() -> T) -> T {
    struct Hidden;
    impl Drop for Hidden {
        fn drop(&mut self) {
            REVEALED.set(false);
        }
    }
    REVEALED.set(true);
    let _hidden = Hidden;
    write()
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if REVEALED.get() { serializer.serialize_str(&self.text) } else { serializer.collect_str(self) }
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl de::Visitor<'_> for Form {
            type Value = PhoneNumber;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a phone number in international form")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<PhoneNumber, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        input,
        wire::{
            list::Several,
            testing::{faults, fields, one},
        },
    };
    use proptest::prelude::*;
    use serde_json::json;

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
    fn a_number_is_written_masked_except_into_a_statement() {
        input! {
            struct Sender {
                phone: PhoneNumber,
                other: Option<PhoneNumber>,
                more: Several<PhoneNumber, 2>,
            }
        }
        let body = json!({"phone": "+12025550123", "other": "+12025550124", "more": ["+12025550125"]});
        let sender = fields(body.clone()).read::<Sender>().ok().unwrap();
        let masked = json!({"phone": "[phone …0123]", "other": "[phone …0124]", "more": ["[phone …0125]"]});
        assert_eq!(serde_json::to_value(&sender).unwrap(), masked);
        assert_eq!(revealed(|| serde_json::to_value(&sender).unwrap()), body);
        assert_eq!(serde_json::to_value(&sender).unwrap(), masked);
        // What ends the writing early hides the numbers, too.
        let _ = std::panic::catch_unwind(|| revealed(|| panic!("the serializer failed")));
        assert_eq!(serde_json::to_value(&sender).unwrap(), masked);
        #[expect(clippy::disallowed_methods, reason = "what the carrier is told is tested, too")]
        let told = sender.phone.for_carrier();
        assert_eq!(told, "+12025550123");
    }

    #[test]
    fn a_fault_names_the_form_and_not_the_text() {
        for text in ["(202) 555-0123", "+1 202 555 0123", "002025550123", "+١٢٠٢٥٥٥٠١٢٣", "tel:+12025550123"]
        {
            let fault = PhoneNumber::from_text(text).unwrap_err();
            assert_eq!(fault.code, "malformed_phone");
            assert!(fault.message.contains("E.164") && !fault.message.contains("555"), "{}", fault.message);
        }
        let mut fields = fields(json!({"phone": 12025550123_u64}));
        let phone = fields.get::<PhoneNumber>("phone");
        assert_eq!(faults(fields, phone), one("phone", "wrong_type"));
    }

    #[test]
    fn a_number_of_the_database_is_read_and_an_error_does_not_repeat_it() {
        let number: PhoneNumber = serde_json::from_str("\"+12025550123\"").unwrap();
        assert_eq!(number.to_string(), "[phone …0123]");
        let error = serde_json::from_str::<PhoneNumber>("\"2025550123\"").unwrap_err().to_string();
        assert!(!error.contains("555"), "{error}");
    }

    proptest! {
        #[test]
        fn a_parsed_number_never_prints_more_than_four_digits(digits in "[1-9][0-9]{6,14}") {
            let number: PhoneNumber = format!("+{digits}").parse().unwrap();
            for printed in [format!("{number}"), format!("{number:?}"), format!("{:?}", [&number])] {
                prop_assert_eq!(printed.chars().filter(char::is_ascii_digit).count(), 4);
            }
        }
    }
}
