//! Fields that name the author of a request, which only the token may do.

use crate::rules::id::{UserId, hyphenated_uuid};
use serde_json::{Map, Value};

/// Fields that name the author of a request in other back ends. A value other than the caller's id is an attempt to act
/// for somebody else.
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

/// A request named somebody else as its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonation {
    /// The field that names them.
    pub field: &'static str,
}

/// Takes the author fields out, of the objects in lists too, and says whether one of them is not `caller`.
pub fn impersonation(values: &mut Map<String, Value>, caller: Option<UserId>) -> Option<Impersonation> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{
        fields::Fields,
        testing::{ID, fields},
    };
    use serde_json::json;

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
}
