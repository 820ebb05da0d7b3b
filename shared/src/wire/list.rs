//! Lists of names and of objects, and one object.

use crate::{
    rules::{form::Fault, vocabulary::Name},
    wire::{
        fields::Fields,
        input::{Field, Input, Reader, Source},
    },
};
use serde::Serialize;
use serde_json::Value;

/// Different names; the list may be empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Names<T>(Vec<T>);

/// Different names, at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OneOrMore<T>(Names<T>);

/// One to `MAX` objects; a fault in one does not hide those of the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Objects<T, const MAX: usize>(Vec<T>);

/// An object within the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Object<T>(T);

/// One to `MAX` values; a fault in one does not hide those of the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Several<T, const MAX: usize>(Vec<T>);

/// At most `MAX` values; none where the list is left out. An empty list and none are the same request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct UpTo<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> UpTo<T, MAX> {
    /// Whether it has no value.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Name> Field for Names<T> {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Names<T>> {
        let Value::Array(values) = value else {
            return reader.refuse(Fault::new("wrong_type", "Expected an array of names."));
        };
        let mut names = Vec::with_capacity(values.len().min(T::EVERY.len()));
        for (index, value) in values.into_iter().enumerate() {
            let mut entry = reader.entry(index);
            let name = T::read(value, &mut entry)?;
            if names.contains(&name) {
                return entry.refuse(Fault::new("duplicate", "This name is listed twice."));
            }
            names.push(name);
        }
        Some(Names(names))
    }
}

impl<T: Name> Field for OneOrMore<T> {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<OneOrMore<T>> {
        match Names::read(value, reader)? {
            Names(names) if names.is_empty() => reader.refuse(Fault::new("empty", "At least one name is required.")),
            names => Some(OneOrMore(names)),
        }
    }
}

/// The one to `max` entries of a list; in a query string commas separate them.
fn entries(value: Value, max: usize, expected: &'static str, reader: &mut Reader<'_>) -> Option<Vec<Value>> {
    let value = match value {
        Value::String(text) if reader.source == Source::Query => {
            text.split(',').filter(|entry| !entry.is_empty()).collect()
        }
        value => value,
    };
    match value {
        Value::Array(values) if values.is_empty() => {
            reader.refuse(Fault::new("empty", "At least one entry is required."))
        }
        Value::Array(values) if values.len() > max => {
            let message = format!("At most {max} entries are allowed; there are {}.", values.len());
            reader.refuse(Fault::new("too_many", message))
        }
        Value::Array(values) => Some(values),
        _ => reader.refuse(Fault::new("wrong_type", expected)),
    }
}

impl<T: Field, const MAX: usize> Field for Several<T, MAX> {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Several<T, MAX>> {
        let values = entries(value, MAX, "Expected an array.", reader)?;
        let mut read = Some(Vec::with_capacity(values.len()));
        for (index, value) in values.into_iter().enumerate() {
            match (&mut read, T::read(value, &mut reader.entry(index))) {
                (Some(read), Some(value)) => read.push(value),
                _ => read = None,
            }
        }
        read.map(Several)
    }
}

impl<T: Field, const MAX: usize> Field for UpTo<T, MAX> {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<UpTo<T, MAX>> {
        match value {
            Value::Array(values) if values.is_empty() => Some(UpTo(Vec::new())),
            value => Several::<T, MAX>::read(value, reader).map(|Several(values)| UpTo(values)),
        }
    }

    fn absent(_: &mut Reader<'_>) -> Option<UpTo<T, MAX>> {
        Some(UpTo(Vec::new()))
    }

    fn is_withheld(&self) -> bool {
        self.0.is_empty()
    }
}

/// The object that is the value of `reader`'s field.
fn object<T: Input>(value: Value, reader: &mut Reader<'_>) -> Option<T> {
    match value {
        Value::Object(values) => Fields::read_nested(values, reader),
        _ => reader.refuse(Fault::new("wrong_type", "Expected an object.")),
    }
}

impl<T: Input> Field for Object<T> {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Object<T>> {
        object(value, reader).map(Object)
    }
}

impl<T: Input, const MAX: usize> Field for Objects<T, MAX> {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Objects<T, MAX>> {
        let values = entries(value, MAX, "Expected an array of objects.", reader)?;
        let mut objects = Some(Vec::with_capacity(values.len()));
        for (index, value) in values.into_iter().enumerate() {
            let mut entry = reader.entry(index);
            match (&mut objects, object(value, &mut entry)) {
                (Some(objects), Some(object)) => objects.push(object),
                _ => objects = None,
            }
        }
        objects.map(Objects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        input,
        rules::{
            id::UserId,
            matrix::{Fact, Role},
        },
        wire::testing::{ID, faults, fields, one},
    };
    use serde_json::json;

    input! {
        struct Check {
            role: Role,
            facts: Option<Names<Fact>>,
        }
    }

    #[test]
    fn roles_are_known_and_different() {
        let read = |value: Value| {
            let mut fields = fields(json!({ "recipient_roles": value }));
            let roles = fields.get::<OneOrMore<Role>>("recipient_roles");
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
    fn several_values_are_read_one_by_one() {
        let read = |value: Value| {
            let mut fields = fields(json!({ "user_ids": value }));
            let ids = fields.get::<Several<UserId, 3>>("user_ids");
            faults(fields, ids)
        };
        assert_eq!(read(json!([ID])), []);
        assert_eq!(read(json!([ID, ID, ID])), []);
        assert_eq!(read(json!([ID, ID, ID, ID])), one("user_ids", "too_many"));
        assert_eq!(read(json!([])), one("user_ids", "empty"));
        assert_eq!(read(json!(ID)), one("user_ids", "wrong_type"));
        assert_eq!(
            read(json!([1, ID, "x"])),
            [one("user_ids[0]", "wrong_type"), one("user_ids[2]", "malformed_uuid")].concat()
        );
    }

    #[test]
    fn commas_separate_the_values_in_a_query_string() {
        let read = |query: &str| {
            let mut fields = Fields::of_query(Some(query));
            let ids = fields.get::<Several<UserId, 2>>("user_ids");
            faults(fields, ids)
        };
        assert_eq!(read(&format!("user_ids={ID}")), []);
        assert_eq!(read(&format!("user_ids={ID},{ID}")), []);
        assert_eq!(read(&format!("user_ids={ID}%2C{ID}")), []);
        assert_eq!(read(&format!("user_ids={ID},{ID},{ID}")), one("user_ids", "too_many"));
        assert_eq!(read("user_ids="), one("user_ids", "empty"));
        assert_eq!(read("user_ids=,"), one("user_ids", "empty"));
        assert_eq!(read(&format!("user_ids={ID},x")), one("user_ids[1]", "malformed_uuid"));
        assert_eq!(read(""), one("user_ids", "required"));
    }

    #[test]
    fn a_list_that_may_be_empty_may_be_left_out() {
        let read = |body: Value| {
            let mut fields = fields(body);
            let ids = fields.get::<UpTo<UserId, 2>>("user_ids");
            faults(fields, ids)
        };
        assert_eq!(read(json!({})), []);
        assert_eq!(read(json!({"user_ids": null})), []);
        assert_eq!(read(json!({"user_ids": []})), []);
        assert_eq!(read(json!({"user_ids": [ID, ID]})), []);
        assert_eq!(read(json!({"user_ids": [ID, ID, ID]})), one("user_ids", "too_many"));
        assert_eq!(read(json!({"user_ids": [ID, 2]})), one("user_ids[1]", "wrong_type"));
    }

    #[test]
    fn objects_in_a_list_are_read_one_by_one() {
        let read = |body: Value| {
            let mut fields = fields(body);
            let objects = fields.get::<Objects<Check, 2>>("checks");
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
}
