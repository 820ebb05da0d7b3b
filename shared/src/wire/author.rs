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

/// Takes the author fields out, of the objects in lists too, and says whether one of them is not `caller`. A field that is
/// null is one that is left out, as everywhere in a body.
pub fn impersonation(values: &mut Map<String, Value>, caller: Option<UserId>) -> Option<Impersonation> {
    let mut attempt = None;
    for &field in AUTHOR_FIELDS {
        let Some(value) = values.remove(field) else { continue };
        if value.is_null() {
            continue;
        }
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
    use crate::wire::testing::{ID, fields};
    use serde_json::json;

    #[test]
    fn the_author_is_the_caller_or_it_is_an_impersonation() {
        let caller = Some(UserId::from(hyphenated_uuid(ID).unwrap()));
        let attempt = |body: Value, caller| fields(body).impersonation(caller).map(|attempt| attempt.field);
        assert_eq!(attempt(json!({"content": "x"}), caller), None);
        assert_eq!(attempt(json!({"sender_id": ID}), caller), None);
        assert_eq!(attempt(json!({"sender_id": ID}), None), Some("sender_id"));
        for other in
            [json!("00000000-0000-4000-8000-000000000012"), json!("me"), json!(""), json!(1), json!(false), json!([ID])]
        {
            assert_eq!(attempt(json!({ "helper_id": other }), caller), Some("helper_id"), "{other}");
        }
        assert_eq!(attempt(json!({"sender_id": ID, "userId": "x"}), caller), Some("userId"));
        let nested = |id: &str| json!({"checks": [{"user_id": ID}, {"action": "reply", "sender_id": id}]});
        assert_eq!(attempt(nested(ID), caller), None);
        assert_eq!(attempt(nested("00000000-0000-4000-8000-000000000012"), caller), Some("sender_id"));
    }

    #[test]
    fn whom_a_request_is_about_is_no_author() {
        for (field, value) in [("target_id", json!(ID)), ("user_ids", json!([ID])), ("organization_id", json!(ID))] {
            let mut body = fields(json!({ field: value }));
            assert_eq!(body.impersonation(None), None, "{field}");
            assert!(body.has_any(&[field]), "{field}");
        }
        assert_eq!(
            fields(json!({"flag": "send-dm", "user_id": ID})).impersonation(None),
            Some(Impersonation { field: "user_id" })
        );
    }

    #[test]
    fn null_names_nobody() {
        for field in AUTHOR_FIELDS {
            for caller in [None, Some(UserId::from(hyphenated_uuid(ID).unwrap()))] {
                let mut body = fields(json!({ *field: null, "checks": [{ *field: null }] }));
                assert_eq!(body.impersonation(caller), None, "{field}");
                // It is taken out, so that it is no unknown field either.
                assert!(!body.has_any(&[field]), "{field}");
            }
        }
        let mut body = fields(json!({"sender_id": null, "userId": "00000000-0000-4000-8000-000000000012"}));
        assert_eq!(body.impersonation(None).map(|attempt| attempt.field), Some("userId"));
    }
}
