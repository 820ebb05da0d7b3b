//! GET: the threads that the caller reads, those with the newest messages first.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{
        form::{Fault, FromText},
        id::{ClientId, UserId},
        limits::MAX_PAGE,
        vocabulary::{ThreadScope, ThreadStatus},
    },
    wire::{cursor::Cursor, number::Limit},
};
use serde::Serialize;

/// The function.
pub struct List;

/// `true` or `false` in a query.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Switch(bool);

impl FromText for Switch {
    const WRONG_TYPE: &'static str = "Expected true or false.";

    fn from_text(text: &str) -> Result<Switch, Fault> {
        text.parse().map(Switch).map_err(|_| Fault::new("unknown_value", "Expected true or false."))
    }
}

input! {
    /// A page of the list.
    pub struct ListPage {
        limit: Limit<MAX_PAGE>,
        scope: Option<ThreadScope>,
        status: Option<ThreadStatus>,
        sitter_id: Option<UserId>,
        client_id: Option<ClientId>,
        unread: Option<Switch>,
        cursor: Option<Cursor>,
    }
}

impl Function for List {
    const NAME: &'static str = "threads.list";
    const FLAG: Option<&'static str> = Some("messaging_v1");
    const ENTRY: &'static str = "list_threads";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = ListPage;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::wire::fields::Fields;
    use serde_json::{Value, json};

    fn read(query: &str) -> Result<Value, Vec<(String, String)>> {
        match Fields::of_query(Some(query)).read::<ListPage>() {
            Ok(input) => Ok(serde_json::to_value(input).unwrap()),
            Err(refusal) => Err(refusal
                .reasons
                .iter()
                .map(|reason| (reason.field.as_deref().unwrap_or("").to_owned(), reason.code.to_string()))
                .collect()),
        }
    }

    #[test]
    fn each_filter_is_read() {
        let id = "00000000-0000-4000-8000-000000000011";
        assert_eq!(read(""), Ok(json!({"limit": 50})));
        assert_eq!(
            read(&format!("scope=client&status=open&sitter_id={id}&client_id={id}&unread=true&limit=1")),
            Ok(
                json!({"limit": 1, "scope": "client", "status": "open", "sitter_id": id, "client_id": id, "unread": true})
            )
        );
        let one = |field: &str, code: &str| Err(vec![(field.to_owned(), code.to_owned())]);
        assert_eq!(read("scope=all"), one("scope", "unknown_value"));
        assert_eq!(read("status=new"), one("status", "unknown_value"));
        assert_eq!(read("unread=yes"), one("unread", "unknown_value"));
        assert_eq!(read("sitter_id=me"), one("sitter_id", "malformed_uuid"));
        assert_eq!(read("organization_id=1"), one("organization_id", "unknown_field"));
        assert_eq!(read("limit=101"), one("limit", "out_of_range"));
    }
}
