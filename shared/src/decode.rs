//! Bodies are checked while they are decoded; every fault is reported, each with the field it is in.

use crate::{
    code::Code,
    id::{Id, UserId},
    matrix::Role,
    refusal::{Reason, Refusal},
    token::hyphenated_uuid,
};
use serde::{
    Deserialize, Serialize,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt};

/// Fields that name the author of a request in other back ends. Here the token alone does: a value that is not the
/// caller's id is an attempt to act for somebody else.
const AUTHOR_FIELDS: &[&str] = &[
    "sender_id",
    "senderId",
    "sender",
    "from",
    "from_id",
    "from_user_id",
    "fromUserId",
    "user_id",
    "userId",
    "author_id",
    "authorId",
    "caller_id",
    "callerId",
    "helper_id",
    "helperId",
    "requester_id",
    "requesterId",
    "created_by",
    "createdBy",
];

/// Text of `MIN` to `MAX` characters (Unicode scalar values) after trimming, without control characters other than
/// line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

/// A body named somebody else as its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonation {
    /// The field that did.
    pub field: &'static str,
}

/// The object in a request's body, read field by field.
pub struct Fields {
    values: Map<String, Value>,
    reasons: Vec<Reason>,
}

impl Fields {
    /// Reads a body: one JSON object, no key twice (parsers differ in which of two they take). An empty body is an
    /// empty object; the functions that need fields then miss them by name.
    pub fn parse(body: &[u8]) -> Result<Fields, Refusal> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Fields { values: Map::new(), reasons: Vec::new() });
        }
        match serde_json::from_slice::<Object>(body) {
            Ok(Object { values, duplicates }) => {
                let reasons = duplicates
                    .into_iter()
                    .map(|field| reason(field, "duplicate", "This field stands twice in the body."))
                    .collect();
                Ok(Fields { values, reasons })
            }
            Err(error) => {
                Err(Refusal::new(Code::ValidationError, "The body is not a JSON object.").because(vec![Reason {
                    code: "malformed_json".into(),
                    message: format!(
                        "Expected a JSON object; the fault is at line {}, column {}.",
                        error.line(),
                        error.column()
                    )
                    .into(),
                    field: None,
                    allowed_if: None,
                }]))
            }
        }
    }

    /// Takes the author fields out of the body and says whether one of them is not `caller`.
    pub fn impersonation(&mut self, caller: Option<UserId>) -> Option<Impersonation> {
        let mut attempt = None;
        for &field in AUTHOR_FIELDS {
            let Some(value) = self.values.remove(field) else { continue };
            let named = value.as_str().and_then(hyphenated_uuid).map(UserId::from);
            if (named.is_none() || named != caller) && attempt.is_none() {
                attempt = Some(Impersonation { field });
            }
        }
        attempt
    }

    /// Whether the body has this field.
    pub fn has(&self, field: &str) -> bool {
        self.values.contains_key(field)
    }

    /// A uuid that must be there.
    pub fn id<T: Id>(&mut self, field: &'static str) -> Option<T> {
        match self.values.remove(field) {
            None | Some(Value::Null) => self.refuse(field, "required", "This field is required."),
            Some(value) => self.read_id(field, &value),
        }
    }

    /// A uuid that may be left out; the outer `None` is a fault.
    pub fn optional_id<T: Id>(&mut self, field: &'static str) -> Option<Option<T>> {
        match self.values.remove(field) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.read_id(field, &value).map(Some),
        }
    }

    /// A uuid from the path, which the body may repeat but not contradict.
    pub fn path_id<T: Id + PartialEq>(&mut self, field: &'static str, in_path: Option<&str>) -> Option<T> {
        let Some(text) = in_path else { return self.id(field) };
        let id: T = self.read_id(field, &Value::String(text.to_owned()))?;
        match self.optional_id::<T>(field)? {
            Some(other) if other != id => {
                self.refuse(field, "contradiction", "The body and the path name different ids.")
            }
            _ => Some(id),
        }
    }

    /// Text that must be there.
    pub fn text<const MIN: usize, const MAX: usize>(&mut self, field: &'static str) -> Option<Text<MIN, MAX>> {
        let value = match self.values.remove(field) {
            None | Some(Value::Null) => return self.refuse(field, "required", "This field is required."),
            Some(Value::String(value)) => value,
            Some(_) => return self.refuse(field, "wrong_type", "Expected a string."),
        };
        if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return self.refuse(
                field,
                "control_character",
                "Control characters other than line breaks and tabs are not allowed.",
            );
        }
        let trimmed = value.trim();
        let length = trimmed.chars().count();
        if trimmed.chars().all(is_invisible) {
            self.refuse(field, "empty", "There is no visible text in it.")
        } else if length < MIN {
            self.refuse(field, "too_short", format!("At least {MIN} characters after trimming; this has {length}."))
        } else if length > MAX {
            self.refuse(field, "too_long", format!("At most {MAX} characters after trimming; this has {length}."))
        } else {
            Some(Text(trimmed.to_owned()))
        }
    }

    /// A list of different application roles, at least one.
    pub fn roles(&mut self, field: &'static str) -> Option<Vec<Role>> {
        let values = match self.values.remove(field) {
            None | Some(Value::Null) => return self.refuse(field, "required", "This field is required."),
            Some(Value::Array(values)) => values,
            Some(_) => return self.refuse(field, "wrong_type", "Expected an array of roles."),
        };
        if values.is_empty() {
            return self.refuse(field, "empty", "Name at least one role.");
        }
        let mut roles = Vec::with_capacity(values.len().min(Role::ALL.len()));
        for (at, value) in values.iter().enumerate() {
            let place = format!("{field}[{at}]");
            match value.as_str().map(Role::from_name) {
                None => return self.refuse(place, "wrong_type", "Expected a role's name."),
                Some(None) => {
                    let names: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
                    return self.refuse(place, "unknown_value", format!("Expected one of {}.", names.join(", ")));
                }
                Some(Some(role)) if roles.contains(&role) => {
                    return self.refuse(place, "duplicate", "This role is named twice.");
                }
                Some(Some(role)) => roles.push(role),
            }
        }
        Some(roles)
    }

    /// A boolean that is false when it is left out.
    pub fn flag(&mut self, field: &'static str) -> Option<bool> {
        match self.values.remove(field) {
            None | Some(Value::Null) => Some(false),
            Some(Value::Bool(value)) => Some(value),
            Some(_) => self.refuse(field, "wrong_type", "Expected true or false."),
        }
    }

    /// Reports a fault; always `None`, to be returned for the value that could not be read.
    pub fn refuse<T>(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Option<T> {
        self.reasons.push(reason(field, code, message));
        None
    }

    /// Ends the reading: what is left over is unknown, and any fault refuses the body.
    pub fn finish<T>(mut self, input: Option<T>) -> Result<T, Refusal> {
        for field in std::mem::take(&mut self.values).into_iter().map(|(field, _)| field) {
            let named: String = field.chars().filter(|c| !c.is_control()).take(64).collect();
            self.reasons.push(reason(named, "unknown_field", "This field is not known here."));
        }
        match input {
            Some(input) if self.reasons.is_empty() => Ok(input),
            _ => {
                let detail = match self.reasons.len() {
                    1 => "One field of the body is not valid.".to_owned(),
                    n => format!("{n} fields of the body are not valid."),
                };
                Err(Refusal::new(Code::ValidationError, detail).because(self.reasons))
            }
        }
    }

    fn read_id<T: Id>(&mut self, field: &'static str, value: &Value) -> Option<T> {
        match value.as_str() {
            None => self.refuse(field, "wrong_type", "Expected a uuid in a string."),
            Some(text) => match hyphenated_uuid(text) {
                Some(uuid) => Some(T::from(uuid)),
                None => self.refuse(
                    field,
                    "malformed_uuid",
                    "Expected a uuid such as 00000000-0000-4000-8000-000000000000.",
                ),
            },
        }
    }
}

fn reason(field: impl Into<Cow<'static, str>>, code: &'static str, message: impl Into<Cow<'static, str>>) -> Reason {
    Reason { code: code.into(), message: message.into(), field: Some(field.into()), allowed_if: None }
}

/// White space, and the characters of no width that would make an empty message look like one.
const fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

struct Object {
    values: Map<String, Value>,
    duplicates: Vec<String>,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        struct ObjectVisitor;

        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut object = Object { values: Map::new(), duplicates: Vec::new() };
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    // PostgreSQL's jsonb has no NUL; as a key it would fail there instead of here.
                    if key.contains('\0') {
                        return Err(A::Error::custom("NUL in a key"));
                    }
                    if object.values.insert(key.clone(), value).is_some() {
                        object.duplicates.push(key);
                    }
                }
                Ok(object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{HelpRequestId, ShowId};
    use proptest::prelude::*;
    use serde_json::json;

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn fields(body: Value) -> Fields {
        Fields::parse(body.to_string().as_bytes()).ok().unwrap()
    }

    fn faults<T>(fields: Fields, input: Option<T>) -> Vec<(String, String)> {
        match fields.finish(input) {
            Ok(_) => Vec::new(),
            Err(refusal) => {
                refusal.reasons.iter().map(|r| (r.field.as_deref().unwrap_or("").into(), r.code.to_string())).collect()
            }
        }
    }

    fn text_faults(value: Value) -> Vec<(String, String)> {
        let mut fields = fields(json!({ "content": value }));
        let text = fields.text::<3, 5>("content");
        faults(fields, text)
    }

    fn one(field: &str, code: &str) -> Vec<(String, String)> {
        vec![(field.into(), code.into())]
    }

    #[test]
    fn text_is_measured_in_characters_after_trimming() {
        for accepted in ["abc", "abcde", "  abcde\n", "éèàùç", "日本語", "a\nb", "👩‍🚀"] {
            assert_eq!(text_faults(json!(accepted)), [], "{accepted:?}");
        }
        assert_eq!(text_faults(json!("ab")), one("content", "too_short"));
        assert_eq!(text_faults(json!("ab     ")), one("content", "too_short"));
        assert_eq!(text_faults(json!("abcdef")), one("content", "too_long"));
        for blank in ["", "     ", "\u{200b}\u{200b}\u{200b}", "\u{feff} \u{2060}"] {
            assert_eq!(text_faults(json!(blank)), one("content", "empty"), "{blank:?}");
        }
        for control in ["ab\0c", "abc\u{7}", "ab\u{1b}[", "abc\u{85}"] {
            assert_eq!(text_faults(json!(control)), one("content", "control_character"), "{control:?}");
        }
        assert_eq!(text_faults(json!(12345)), one("content", "wrong_type"));
        assert_eq!(text_faults(json!(null)), one("content", "required"));
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let mut fields = fields(json!({"show_id": "nonsense", "dry_run": "yes", "extra": 1}));
        let show = fields.id::<ShowId>("show_id");
        let content = fields.text::<1, 5>("content");
        let dry_run = fields.flag("dry_run");
        let expected = [
            ("show_id", "malformed_uuid"),
            ("content", "required"),
            ("dry_run", "wrong_type"),
            ("extra", "unknown_field"),
        ];
        let found = faults(fields, show.zip(content).zip(dry_run));
        assert_eq!(found, expected.map(|(f, c)| (f.to_owned(), c.to_owned())));
    }

    #[test]
    fn a_uuid_has_one_form() {
        for (value, code) in [
            (json!(null), "required"),
            (json!(7), "wrong_type"),
            (json!([ID]), "wrong_type"),
            (json!(""), "malformed_uuid"),
            (json!("00000000000040008000000000000011"), "malformed_uuid"),
            (json!(format!("{{{ID}}}")), "malformed_uuid"),
            (json!(format!("{ID}'; --")), "malformed_uuid"),
        ] {
            let mut fields = fields(json!({ "show_id": value }));
            let show = fields.id::<ShowId>("show_id");
            assert_eq!(faults(fields, show), one("show_id", code), "{value}");
        }
        let mut fields = fields(json!({"show_id": ID.to_uppercase()}));
        let show = fields.id::<ShowId>("show_id");
        assert_eq!(fields.finish(show).unwrap().to_string(), ID);
    }

    #[test]
    fn roles_are_known_and_different() {
        let read = |value: Value| {
            let mut fields = fields(json!({ "recipient_roles": value }));
            let roles = fields.roles("recipient_roles");
            faults(fields, roles)
        };
        assert_eq!(read(json!(["attendee", "dealer"])), []);
        assert_eq!(read(json!([])), one("recipient_roles", "empty"));
        assert_eq!(read(json!("attendee")), one("recipient_roles", "wrong_type"));
        assert_eq!(read(json!(["attendee", "king"])), one("recipient_roles[1]", "unknown_value"));
        assert_eq!(read(json!(["attendee", "attendee"])), one("recipient_roles[1]", "duplicate"));
        assert_eq!(read(json!([null])), one("recipient_roles[0]", "wrong_type"));
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for body in [
            "[]",
            "1",
            "\"a\"",
            "{",
            "{\"a\":1}{",
            "{\"a\":NaN}",
            "{\"a\":\"\\ud800\"}",
            "\u{feff}{}",
            "{\"\\u0000\":1}",
        ] {
            let refusal = Fields::parse(body.as_bytes()).err().unwrap();
            assert_eq!(refusal.code, Code::ValidationError, "{body}");
            assert_eq!(refusal.reasons[0].code, "malformed_json", "{body}");
        }
        assert!(Fields::parse(b"\xff{}").is_err());
        let deep = "[".repeat(100_000);
        assert!(Fields::parse(format!("{{\"a\":{deep}").as_bytes()).is_err());
    }

    #[test]
    fn a_key_may_stand_once() {
        let mut fields =
            Fields::parse(format!("{{\"show_id\":\"{ID}\",\"show_id\":\"{ID}\"}}").as_bytes()).ok().unwrap();
        let show = fields.id::<ShowId>("show_id");
        assert_eq!(faults(fields, show), one("show_id", "duplicate"));
    }

    #[test]
    fn the_author_is_the_caller_or_it_is_an_impersonation() {
        let caller = Some(UserId::from(hyphenated_uuid(ID).unwrap()));
        let attempt = |body: Value, caller| fields(body).impersonation(caller).map(|attempt| attempt.field);
        assert_eq!(attempt(json!({"content": "x"}), caller), None);
        assert_eq!(attempt(json!({"sender_id": ID}), caller), None);
        assert_eq!(attempt(json!({"sender_id": ID}), None), Some("sender_id"));
        for other in [json!("00000000-0000-4000-8000-000000000012"), json!("me"), json!(1), json!(null), json!([ID])] {
            assert_eq!(attempt(json!({ "helper_id": other }), caller), Some("helper_id"), "{other}");
        }
        assert_eq!(attempt(json!({"sender_id": ID, "userId": "x"}), caller), Some("userId"));
    }

    #[test]
    fn an_id_in_the_path_wins_and_cannot_be_contradicted() {
        let read = |body: Value, path: Option<&str>| {
            let mut fields = fields(body);
            let id = fields.path_id::<HelpRequestId>("help_request_id", path);
            faults(fields, id)
        };
        assert_eq!(read(json!({}), Some(ID)), []);
        assert_eq!(read(json!({"help_request_id": ID}), Some(ID)), []);
        assert_eq!(read(json!({"help_request_id": ID}), None), []);
        assert_eq!(read(json!({}), None), one("help_request_id", "required"));
        assert_eq!(read(json!({}), Some("%20")), one("help_request_id", "malformed_uuid"));
        assert_eq!(
            read(json!({"help_request_id": "00000000-0000-4000-8000-000000000012"}), Some(ID)),
            one("help_request_id", "contradiction")
        );
    }

    proptest! {
        #[test]
        fn reading_never_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(mut fields) = Fields::parse(&body) {
                let text = fields.text::<1, 10>("content");
                let _ = fields.finish(text);
            }
        }

        #[test]
        fn accepted_text_is_trimmed_and_within_its_bounds(value in "\\PC{0,12}") {
            let mut fields = fields(json!({ "content": value }));
            if let Some(Text(text)) = fields.text::<2, 8>("content") {
                prop_assert_eq!(text.trim(), &text);
                prop_assert!((2..=8).contains(&text.chars().count()));
            }
        }
    }
}
