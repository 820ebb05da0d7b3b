//! Bodies and query strings are checked while they are decoded; every fault is reported, each with the field it is in.

use crate::{
    rules::{
        code::Code,
        id::{Id, UserId, hyphenated_uuid},
        limits::DEFAULT_PAGE,
        vocabulary::Name,
    },
    wire::refusal::{Reason, Refusal},
};
use serde::{
    Serialize,
    de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value, map::Entry};
use std::{borrow::Cow, fmt, ops::RangeInclusive};
use time::{Date, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

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

/// Where a page of a list ended, as the database wrote it: microseconds since 1970 and a uuid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Cursor(String);

/// A moment, in UTC and to the microsecond, as PostgreSQL keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp(OffsetDateTime);

/// A request named somebody else as its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonation {
    /// The field that did.
    pub field: &'static str,
}

/// The object in a request's body, or the parameters in its query string, read field by field.
pub struct Fields {
    source: Source,
    /// What stands before a field's name in a reason: `checks[3].`, or nothing.
    place: String,
    values: Map<String, Value>,
    reasons: Vec<Reason>,
}

/// Where fields come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Body,
    /// Every value is text.
    Query,
}

impl Fields {
    /// Reads a body: one JSON object, no key twice (parsers differ in which of two they take). An empty body is an
    /// empty object; the functions that need fields then miss them by name.
    pub fn parse(body: &[u8]) -> Result<Fields, Refusal> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Fields::new(Source::Body, Map::new(), Vec::new()));
        }
        let mut duplicates = Vec::new();
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let root = Node { place: Place::Root, duplicates: &mut duplicates };
        let read = root.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
        match read {
            Ok(Value::Object(values)) => {
                let reasons = duplicates
                    .into_iter()
                    .map(|field| reason(field, "duplicate", "This field stands twice in the body."))
                    .collect();
                Ok(Fields::new(Source::Body, values, reasons))
            }
            Ok(_) => Err(malformed("Expected a JSON object; the body is another value.".to_owned())),
            Err(error) => Err(malformed(format!(
                "Expected a JSON object; the fault is at line {}, column {}.",
                error.line(),
                error.column()
            ))),
        }
    }

    /// Reads the parameters of a query string (`application/x-www-form-urlencoded`), none of which may stand twice.
    pub fn of_query(query: Option<&str>) -> Fields {
        let mut values = Map::new();
        let mut reasons = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or("").as_bytes()) {
            match values.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(Value::String(value.into_owned()));
                }
                Entry::Occupied(entry) => {
                    reasons.push(reason(
                        printable(entry.key()),
                        "duplicate",
                        "This parameter stands twice in the query string.",
                    ));
                }
            }
        }
        Fields::new(Source::Query, values, reasons)
    }

    fn new(source: Source, values: Map<String, Value>, reasons: Vec<Reason>) -> Fields {
        Fields { source, place: String::new(), values, reasons }
    }

    /// Takes the author fields out, of the objects in lists too, and says whether one of them is not `caller`.
    pub fn impersonation(&mut self, caller: Option<UserId>) -> Option<Impersonation> {
        impersonation(&mut self.values, caller)
    }

    /// Whether there is this field.
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
                self.refuse(field, "contradiction", "This field and the path name different ids.")
            }
            _ => Some(id),
        }
    }

    /// Text that must be there.
    pub fn text<const MIN: usize, const MAX: usize>(&mut self, field: &'static str) -> Option<Text<MIN, MAX>> {
        match self.optional_text(field)? {
            Some(text) => Some(text),
            None => self.refuse(field, "required", "This field is required."),
        }
    }

    /// Text that may be left out; the outer `None` is a fault.
    pub fn optional_text<const MIN: usize, const MAX: usize>(
        &mut self,
        field: &'static str,
    ) -> Option<Option<Text<MIN, MAX>>> {
        let value = match self.values.remove(field) {
            None | Some(Value::Null) => return Some(None),
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
            Some(Some(Text(trimmed.to_owned())))
        }
    }

    /// One of a few names, which must be there.
    pub fn choice<T: Name>(&mut self, field: &'static str) -> Option<T> {
        match self.optional_choice(field)? {
            Some(choice) => Some(choice),
            None => self.refuse(field, "required", "This field is required."),
        }
    }

    /// One of a few names, which may be left out; the outer `None` is a fault.
    pub fn optional_choice<T: Name>(&mut self, field: &'static str) -> Option<Option<T>> {
        match self.values.remove(field) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.read_name(field, &value).map(Some),
        }
    }

    /// A list of different names, at least one.
    pub fn choices<T: Name>(&mut self, field: &'static str) -> Option<Vec<T>> {
        match self.optional_choices(field)? {
            None => self.refuse(field, "required", "This field is required."),
            Some(choices) if choices.is_empty() => self.refuse(field, "empty", "Name at least one."),
            Some(choices) => Some(choices),
        }
    }

    /// A list of different names, which may be empty or left out; the outer `None` is a fault.
    pub fn optional_choices<T: Name>(&mut self, field: &'static str) -> Option<Option<Vec<T>>> {
        let values = match self.values.remove(field) {
            None | Some(Value::Null) => return Some(None),
            Some(Value::Array(values)) => values,
            Some(_) => return self.refuse(field, "wrong_type", "Expected an array of names."),
        };
        let mut choices = Vec::with_capacity(values.len().min(T::EVERY.len()));
        for (at, value) in values.iter().enumerate() {
            let place = format!("{field}[{at}]");
            let choice = self.read_name(place.clone(), value)?;
            if choices.contains(&choice) {
                return self.refuse(place, "duplicate", "This is named twice.");
            }
            choices.push(choice);
        }
        Some(Some(choices))
    }

    /// A list of one to `max` objects, each read by `read`; a fault in one does not hide those of the others.
    pub fn objects<T>(
        &mut self,
        field: &'static str,
        max: usize,
        mut read: impl FnMut(&mut Fields) -> Option<T>,
    ) -> Option<Vec<T>> {
        let values = match self.values.remove(field) {
            None | Some(Value::Null) => return self.refuse(field, "required", "This field is required."),
            Some(Value::Array(values)) => values,
            Some(_) => return self.refuse(field, "wrong_type", "Expected an array of objects."),
        };
        if values.is_empty() {
            return self.refuse(field, "empty", "Give at least one.");
        }
        if values.len() > max {
            return self.refuse(field, "too_many", format!("At most {max}; these are {}.", values.len()));
        }
        let mut objects = Some(Vec::with_capacity(values.len()));
        for (at, value) in values.into_iter().enumerate() {
            let Value::Object(values) = value else {
                self.refuse::<T>(format!("{field}[{at}]"), "wrong_type", "Expected an object.");
                objects = None;
                continue;
            };
            let place = format!("{}{field}[{at}].", self.place);
            let mut fields = Fields { source: self.source, place, values, reasons: Vec::new() };
            let object = read(&mut fields);
            fields.refuse_unknown();
            self.reasons.append(&mut fields.reasons);
            match (&mut objects, object) {
                (Some(objects), Some(object)) => objects.push(object),
                _ => objects = None,
            }
        }
        objects
    }

    /// An integer within a range that must be there.
    pub fn integer(&mut self, field: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        match self.optional_integer(field, range)? {
            Some(number) => Some(number),
            None => self.refuse(field, "required", "This field is required."),
        }
    }

    /// An integer within a range that may be left out; the outer `None` is a fault.
    pub fn optional_integer(&mut self, field: &'static str, range: RangeInclusive<i64>) -> Option<Option<i64>> {
        let number = match self.values.remove(field) {
            None | Some(Value::Null) => return Some(None),
            Some(Value::Number(number)) if number.is_u64() || number.is_i64() => number.as_i64(),
            Some(Value::String(digits)) if self.source == Source::Query && is_integer(&digits) => digits.parse().ok(),
            Some(_) => return self.refuse(field, "wrong_type", "Expected an integer."),
        };
        match number {
            Some(number) if range.contains(&number) => Some(Some(number)),
            _ => self.refuse(
                field,
                "out_of_range",
                format!("Expected an integer from {} to {}.", range.start(), range.end()),
            ),
        }
    }

    /// How many entries a page may have, the usual number where the request does not say.
    pub fn limit(&mut self, max: i64) -> Option<i64> {
        Some(self.optional_integer("limit", 1..=max)?.unwrap_or(DEFAULT_PAGE))
    }

    /// Where the page before ended; the outer `None` is a fault.
    pub fn cursor(&mut self) -> Option<Option<Cursor>> {
        match self.values.remove("cursor") {
            None | Some(Value::Null) => Some(None),
            Some(Value::String(text)) if is_cursor(&text) => Some(Some(Cursor(text))),
            Some(_) => self.refuse("cursor", "malformed_cursor", "Expected the `next_cursor` of an earlier answer."),
        }
    }

    /// A moment that must be there.
    pub fn timestamp(&mut self, field: &'static str) -> Option<Timestamp> {
        match self.optional_timestamp(field)? {
            Some(moment) => Some(moment),
            None => self.refuse(field, "required", "This field is required."),
        }
    }

    /// A moment that may be left out; the outer `None` is a fault.
    pub fn optional_timestamp(&mut self, field: &'static str) -> Option<Option<Timestamp>> {
        let text = match self.values.remove(field) {
            None | Some(Value::Null) => return Some(None),
            Some(Value::String(text)) => text,
            Some(_) => return self.refuse(field, "wrong_type", "Expected a date and time in a string."),
        };
        match Timestamp::parse(&text) {
            Some(moment) => Some(Some(moment)),
            None => self.refuse(
                field,
                "malformed_timestamp",
                "Expected a date and time of RFC 3339 from 1970 to 9999, such as 2026-01-31T09:00:00Z.",
            ),
        }
    }

    /// A boolean that is false when it is left out.
    pub fn flag(&mut self, field: &'static str) -> Option<bool> {
        match self.values.remove(field) {
            None | Some(Value::Null) => Some(false),
            Some(Value::Bool(value)) => Some(value),
            Some(_) => self.refuse(field, "wrong_type", "Expected true or false."),
        }
    }

    /// A boolean that must be there and be true: the caller means it.
    pub fn confirmation(&mut self, field: &'static str) -> Option<()> {
        match self.values.remove(field) {
            None | Some(Value::Null) => self.refuse(field, "required", "This field is required."),
            Some(Value::Bool(true)) => Some(()),
            Some(Value::Bool(false)) => self.refuse(field, "not_confirmed", "Expected true."),
            Some(_) => self.refuse(field, "wrong_type", "Expected true."),
        }
    }

    /// Drops fields that mean nothing because of another fault, which has been reported.
    pub fn pass_over(&mut self, fields: &[&str]) {
        for field in fields {
            self.values.remove(*field);
        }
    }

    /// Reports a fault; always `None`, to be returned for the value that could not be read.
    pub fn refuse<T>(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Option<T> {
        let field = field.into();
        let field = if self.place.is_empty() { field } else { format!("{}{field}", self.place).into() };
        self.reasons.push(reason(field, code, message));
        None
    }

    /// Ends the reading: what is left over is unknown, and any fault refuses the request.
    pub fn finish<T>(mut self, input: Option<T>) -> Result<T, Refusal> {
        self.refuse_unknown();
        match input {
            Some(input) if self.reasons.is_empty() => Ok(input),
            _ => {
                let detail = match (self.source, self.reasons.len()) {
                    (Source::Body, 1) => "One field of the body is not valid.".to_owned(),
                    (Source::Body, n) => format!("{n} fields of the body are not valid."),
                    (Source::Query, 1) => "One parameter is not valid.".to_owned(),
                    (Source::Query, n) => format!("{n} parameters are not valid."),
                };
                Err(Refusal::new(Code::ValidationError, detail).because(self.reasons))
            }
        }
    }

    fn refuse_unknown(&mut self) {
        for field in std::mem::take(&mut self.values).into_iter().map(|(field, _)| field) {
            self.refuse::<()>(printable(&field), "unknown_field", "This field is not known here.");
        }
    }

    fn read_name<T: Name>(&mut self, field: impl Into<Cow<'static, str>>, value: &Value) -> Option<T> {
        match value.as_str().map(T::named) {
            None => self.refuse(field, "wrong_type", "Expected a name in a string."),
            Some(None) => self.refuse(field, "unknown_value", format!("Expected one of {}.", T::names())),
            Some(choice) => choice,
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

/// A field's name in a form that can be shown: without control characters, and not longer than makes sense.
fn printable(field: &str) -> String {
    field.chars().filter(|c| !c.is_control()).take(64).collect()
}

fn malformed(message: String) -> Refusal {
    Refusal::new(Code::ValidationError, "The body is not a JSON object.").because(vec![Reason {
        code: "malformed_json".into(),
        message: message.into(),
        field: None,
        allowed_if: None,
    }])
}

fn impersonation(values: &mut Map<String, Value>, caller: Option<UserId>) -> Option<Impersonation> {
    let mut attempt = None;
    for &field in AUTHOR_FIELDS {
        let Some(value) = values.remove(field) else { continue };
        let named = value.as_str().and_then(hyphenated_uuid).map(UserId::from);
        if (named.is_none() || named != caller) && attempt.is_none() {
            attempt = Some(Impersonation { field });
        }
    }
    for value in values.values_mut() {
        let Value::Array(entries) = value else { continue };
        for object in entries.iter_mut().filter_map(Value::as_object_mut) {
            let found = impersonation(object, caller);
            attempt = attempt.or(found);
        }
    }
    attempt
}

/// Digits, possibly with a minus before them.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_cursor(text: &str) -> bool {
    let Some((microseconds, uuid)) = text.split_once('.') else { return false };
    // The minus and as many digits as always fit into a bigint.
    let digits = microseconds.strip_prefix('-').unwrap_or(microseconds).len();
    is_integer(microseconds) && digits <= 18 && hyphenated_uuid(uuid).is_some()
}

impl Timestamp {
    fn parse(text: &str) -> Option<Timestamp> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
        let moment = moment.replace_microsecond(moment.microsecond()).ok()?;
        (moment.date() >= Date::from_ordinal_date(1970, 1).ok()?).then_some(Timestamp(moment))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.format(&Rfc3339).map_err(serde::ser::Error::custom)?)
    }
}

/// Where a value stands in a body. It is written out for faults only.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    At(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => Ok(()),
            Place::Key(Place::Root, key) => f.write_str(&printable(key)),
            Place::Key(parent, key) => write!(f, "{parent}.{}", printable(key)),
            Place::At(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Reads a JSON value and notes the keys that stand twice in an object, each with the place it stands at.
struct Node<'a> {
    place: Place<'a>,
    duplicates: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let node = Node { place: Place::At(&self.place, values.len()), duplicates: &mut *self.duplicates };
            match sequence.next_element_seed(node)? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            // PostgreSQL's jsonb has no NUL; as a key it would fail there instead of here.
            if key.contains('\0') {
                return Err(A::Error::custom("NUL in a key"));
            }
            let place = Place::Key(&self.place, &key);
            let value = map.next_value_seed(Node { place, duplicates: &mut *self.duplicates })?;
            if values.contains_key(&key) {
                self.duplicates.push(place.to_string());
            }
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{
        id::{ConversationId, HelpRequestId, ShowId},
        limits::MAX_SEQ,
        matrix::{Fact, Role},
        vocabulary::ConversationKind,
    };
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
            let roles = fields.choices::<Role>("recipient_roles");
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
    fn a_key_may_stand_once_however_deep() {
        let body = r#"{"checks":[{"action":"reply"},{"a":{"b":1,"b":2}}],"checks":[]}"#;
        let mut fields = Fields::parse(body.as_bytes()).ok().unwrap();
        fields.pass_over(&["checks"]);
        assert_eq!(faults(fields, Some(())), [one("checks[1].a.b", "duplicate"), one("checks", "duplicate")].concat());
    }

    #[test]
    fn integers_have_a_range() {
        let read = |value: Value| {
            let mut fields = fields(json!({ "up_to_seq": value }));
            let number = fields.integer("up_to_seq", 0..=MAX_SEQ);
            fields.finish(number).map_err(|refusal| refusal.reasons[0].code.to_string())
        };
        assert_eq!(read(json!(0)), Ok(0));
        assert_eq!(read(json!(MAX_SEQ)), Ok(MAX_SEQ));
        for (value, code) in [
            (json!(-1), "out_of_range"),
            (json!(MAX_SEQ + 1), "out_of_range"),
            (json!(u64::MAX), "out_of_range"),
            (json!(1.0), "wrong_type"),
            (json!(1e300), "wrong_type"),
            (json!("1"), "wrong_type"),
            (json!(true), "wrong_type"),
            (json!(null), "required"),
        ] {
            assert_eq!(read(value.clone()), Err(code.to_owned()), "{value}");
        }
    }

    type List = (i64, Option<Cursor>, Option<ConversationKind>);

    /// The parameters that most lists take.
    fn list(query: &str) -> Result<List, Vec<(String, String)>> {
        let mut fields = Fields::of_query(Some(query));
        let limit = fields.limit(100);
        let cursor = fields.cursor();
        let kind = fields.optional_choice("kind");
        let input = limit.zip(cursor).zip(kind).map(|((limit, cursor), kind)| (limit, cursor, kind));
        fields.finish(input).map_err(|refusal| {
            refusal.reasons.iter().map(|r| (r.field.as_deref().unwrap_or("").into(), r.code.to_string())).collect()
        })
    }

    #[test]
    fn parameters_are_read_from_the_query_string() {
        assert_eq!(list(""), Ok((DEFAULT_PAGE, None, None)));
        assert_eq!(list("limit=100&kind=show"), Ok((100, None, Some(ConversationKind::Show))));
        assert_eq!(list("%6Cimit=%31"), Ok((1, None, None)));
        let cursor = format!("1767225600000000.{ID}");
        assert_eq!(list(&format!("cursor={cursor}")), Ok((DEFAULT_PAGE, Some(Cursor(cursor)), None)));
        for (query, field, code) in [
            ("limit=0", "limit", "out_of_range"),
            ("limit=101", "limit", "out_of_range"),
            ("limit=99999999999999999999", "limit", "out_of_range"),
            ("limit=-1", "limit", "out_of_range"),
            ("limit=", "limit", "wrong_type"),
            ("limit", "limit", "wrong_type"),
            ("limit=1.5", "limit", "wrong_type"),
            ("limit=%2B1", "limit", "wrong_type"),
            ("limit=+1", "limit", "wrong_type"),
            ("limit=1&limit=1", "limit", "duplicate"),
            ("kind=", "kind", "unknown_value"),
            ("kind=Show", "kind", "unknown_value"),
            ("kind=show%00", "kind", "unknown_value"),
            ("kind=%ff", "kind", "unknown_value"),
            ("page=2", "page", "unknown_field"),
            ("%00page=2", "page", "unknown_field"),
            ("=", "", "unknown_field"),
        ] {
            assert_eq!(list(query), Err(one(field, code)), "{query}");
        }
        let refusal = Fields::of_query(Some("a=1&b=2")).finish(Some(())).unwrap_err();
        assert_eq!(refusal.detail, "2 parameters are not valid.");
    }

    #[test]
    fn a_cursor_has_one_form() {
        for text in [format!("0.{ID}"), format!("-1.{ID}"), format!("999999999999999999.{}", ID.to_uppercase())] {
            assert!(is_cursor(&text), "{text}");
        }
        for text in [
            String::new(),
            ".".into(),
            "1".into(),
            ID.into(),
            format!(".{ID}"),
            format!("-.{ID}"),
            format!("--1.{ID}"),
            format!("+1.{ID}"),
            format!("1 .{ID}"),
            format!("1.{ID} "),
            format!("1.5.{ID}"),
            format!("1e3.{ID}"),
            format!("1000000000000000000.{ID}"),
            "1.00000000000040008000000000000011".into(),
            format!("1.{ID}' or true"),
        ] {
            assert!(!is_cursor(&text), "{text}");
        }
    }

    #[test]
    fn a_moment_is_read_in_any_offset_and_written_in_utc() {
        let read = |text: &str| Timestamp::parse(text).map(|moment| serde_json::to_value(moment).unwrap());
        for (text, normal) in [
            ("2030-01-31T09:00:00Z", "2030-01-31T09:00:00Z"),
            ("2030-01-31T09:00:00+02:00", "2030-01-31T07:00:00Z"),
            ("2030-01-31t09:00:00.123456789z", "2030-01-31T09:00:00.123456Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z"),
            ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z"),
        ] {
            assert_eq!(read(text), Some(json!(normal)), "{text}");
        }
        for text in [
            "",
            "tomorrow",
            "infinity",
            "2030-01-31",
            "2030-01-31T09:00:00",
            "2030-02-30T09:00:00Z",
            "2030-01-31T25:00:00Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-01:00",
            "12030-01-31T09:00:00Z",
            " 2030-01-31T09:00:00Z",
            "2030-01-31T09:00:00Z'",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn objects_in_a_list_are_read_one_by_one() {
        let read = |body: Value| {
            let mut fields = fields(body);
            let objects = fields.objects("checks", 2, |check| {
                let role = check.choice::<Role>("role");
                let facts = check.optional_choices::<Fact>("facts");
                Some((role?, facts?))
            });
            faults(fields, objects)
        };
        assert_eq!(read(json!({"checks": [{"role": "dealer"}, {"role": "admin", "facts": []}]})), []);
        assert_eq!(read(json!({"checks": []})), one("checks", "empty"));
        assert_eq!(read(json!({"checks": {}})), one("checks", "wrong_type"));
        assert_eq!(read(json!({})), one("checks", "required"));
        assert_eq!(read(json!({"checks": [{}, {}, {}]})), one("checks", "too_many"));
        assert_eq!(
            read(json!({"checks": [1, {"role": "king", "facts": ["self", "self"], "more": 1}]})),
            [
                one("checks[0]", "wrong_type"),
                one("checks[1].role", "unknown_value"),
                one("checks[1].facts[1]", "duplicate"),
                one("checks[1].more", "unknown_field"),
            ]
            .concat()
        );
    }

    #[test]
    fn a_confirmation_is_true_or_none() {
        let read = |body: Value| {
            let mut fields = fields(body);
            let confirmed = fields.confirmation("confirm");
            faults(fields, confirmed)
        };
        assert_eq!(read(json!({"confirm": true})), []);
        assert_eq!(read(json!({"confirm": false})), one("confirm", "not_confirmed"));
        assert_eq!(read(json!({"confirm": "true"})), one("confirm", "wrong_type"));
        assert_eq!(read(json!({})), one("confirm", "required"));
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
        let nested = |id: &str| json!({"checks": [{"user_id": ID}, {"action": "reply", "sender_id": id}]});
        assert_eq!(attempt(nested(ID), caller), None);
        assert_eq!(attempt(nested("00000000-0000-4000-8000-000000000012"), caller), Some("sender_id"));
        let query = |query| Fields::of_query(Some(query)).impersonation(caller).map(|attempt| attempt.field);
        assert_eq!(query("limit=1"), None);
        assert_eq!(query("user_id=somebody"), Some("user_id"));
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

    #[test]
    fn an_id_in_the_path_may_stand_in_the_query_string_too() {
        let other = "00000000-0000-4000-8000-000000000012";
        let read = |query: &str| {
            let mut fields = Fields::of_query(Some(query));
            let id = fields.path_id::<ConversationId>("conversation_id", Some(ID));
            faults(fields, id)
        };
        assert_eq!(read(""), []);
        assert_eq!(read(&format!("conversation_id={ID}")), []);
        assert_eq!(read(&format!("conversation_id={other}")), one("conversation_id", "contradiction"));
    }

    proptest! {
        #[test]
        fn reading_a_query_string_never_panics(query in "\\PC{0,80}") {
            let _ = list(&query);
        }

        #[test]
        fn reading_a_moment_never_panics(text in "[-0-9TZ:.+]{0,40}") {
            let _ = Timestamp::parse(&text);
        }

        #[test]
        fn a_body_reads_as_it_does_elsewhere(text in "[\\[\\]{}\",:a0-9. ]{0,40}") {
            let expected = serde_json::from_str::<Map<String, Value>>(&text).ok();
            let read = Fields::parse(text.as_bytes()).ok().filter(|_| !text.trim().is_empty());
            prop_assert_eq!(read.map(|fields| fields.values), expected);
        }

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
