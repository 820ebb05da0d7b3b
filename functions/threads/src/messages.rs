//! GET :id/messages: a page of a thread's messages.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{
        form::Fault,
        id::ThreadId,
        limits::{MAX_MESSAGES_PAGE, MAX_SEQ},
    },
    wire::{
        number::{Integer, Limit},
        path_id::PathId,
    },
};

/// The function.
pub struct Messages;

input! {
    /// A page of a thread: its newest messages, those before a number, or those since one.
    pub struct ThreadPage {
        thread_id: PathId<ThreadId>,
        limit: Limit<MAX_MESSAGES_PAGE>,
        before_seq: Option<Integer<1, MAX_SEQ>>,
        since_seq: Option<Integer<0, MAX_SEQ>>,
    }
    check since_seq: one_direction(before_seq, since_seq);
}

fn one_direction(
    before_seq: &Option<Integer<1, MAX_SEQ>>,
    since_seq: &Option<Integer<0, MAX_SEQ>>,
) -> Result<(), Fault> {
    match (before_seq, since_seq) {
        (Some(_), Some(_)) => Err(Fault::new("contradiction", "Give before_seq or since_seq, not both.")),
        _ => Ok(()),
    }
}

impl Function for Messages {
    const NAME: &'static str = "threads.messages";
    const FLAG: Option<&'static str> = Some("messaging_v1");
    const ENTRY: &'static str = "thread_messages";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = ThreadPage;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::wire::fields::Fields;
    use serde_json::{Value, json};

    #[test]
    fn a_page_has_one_direction() {
        let id = "00000000-0000-4000-8000-000000000011";
        let read =
            |query: &str, id: &str| match Fields::of_query(Some(query)).with_path_id(Some(id)).read::<ThreadPage>() {
                Ok(input) => Ok(serde_json::to_value(input).unwrap()),
                Err(refusal) => Err(refusal.reasons.iter().map(|reason| reason.code.to_string()).collect::<Vec<_>>()),
            };
        let page = |more: Value| {
            let mut page = json!({"thread_id": id, "limit": 50});
            page.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Ok(page)
        };
        assert_eq!(read("", id), page(json!({})));
        assert_eq!(read("before_seq=9&limit=7", id), page(json!({"before_seq": 9, "limit": 7})));
        assert_eq!(read("since_seq=0", id), page(json!({"since_seq": 0})));
        assert_eq!(read("before_seq=9&since_seq=1", id), Err(vec!["contradiction".to_owned()]));
        assert_eq!(read("before_seq=0", id), Err(vec!["out_of_range".to_owned()]));
        assert_eq!(read("limit=201", id), Err(vec!["out_of_range".to_owned()]));
        assert_eq!(read("", "nonsense"), Err(vec!["malformed_uuid".to_owned()]));
    }
}
