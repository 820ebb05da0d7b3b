//! The id in a request's path.

use crate::{
    rules::form::{Fault, FromText},
    wire::input::{Field, Reader},
};
use serde::Serialize;
use serde_json::Value;

/// An id from the path, which the body may repeat but not contradict. Where the path has none, the body must.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PathId<T>(T);

impl<T: FromText + PartialEq> Field for PathId<T> {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<PathId<T>> {
        if reader.path_id.is_none() {
            return T::read(value, reader).map(PathId);
        }
        let id = PathId::absent(reader)?;
        match T::read(value, reader)? {
            other if other != id.0 => {
                reader.refuse(Fault::new("contradiction", "This field and the path have different ids."))
            }
            _ => Some(id),
        }
    }

    fn absent(reader: &mut Reader<'_>) -> Option<PathId<T>> {
        match reader.path_id {
            Some(text) => T::read(Value::String(text.to_owned()), reader).map(PathId),
            None => T::absent(reader).map(PathId),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rules::id::{ConversationId, HelpRequestId},
        wire::{
            fields::Fields,
            testing::{ID, faults, fields, one},
        },
    };
    use serde_json::json;

    #[test]
    fn an_id_in_the_path_wins_and_cannot_be_contradicted() {
        let read = |body: Value, path: Option<&str>| {
            let mut fields = fields(body).with_path_id(path);
            let id = fields.get::<PathId<HelpRequestId>>("help_request_id");
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
            let mut fields = Fields::of_query(Some(query)).with_path_id(Some(ID));
            let id = fields.get::<PathId<ConversationId>>("conversation_id");
            faults(fields, id)
        };
        assert_eq!(read(""), []);
        assert_eq!(read(&format!("conversation_id={ID}")), []);
        assert_eq!(read(&format!("conversation_id={other}")), one("conversation_id", "contradiction"));
    }
}
