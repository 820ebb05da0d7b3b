//! `check-permission`: whether the caller may do something, by which rule, and what would make it allowed. It answers up to
//! 200 questions at once and changes nothing.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters},
    rules::{
        id::{ConversationId, MessageId, ShowId, UserId},
        limits::MAX_CHECKS,
        matrix::{Action, Fact, Role},
    },
    wire::decode::Fields,
};
use serde::Serialize;

/// The function.
pub struct CheckPermission;

/// One question, or several.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Questions {
    /// One.
    One(Check),
    /// Several, answered in their order.
    Many {
        /// The questions.
        checks: Vec<Check>,
    },
}

/// May the caller do this?
#[derive(Serialize)]
pub struct Check {
    action: Action,
    #[serde(flatten)]
    object: Object,
}

/// What it would be done to.
#[derive(Serialize)]
#[serde(untagged)]
enum Object {
    Recipient {
        recipient_id: UserId,
        #[serde(skip_serializing_if = "Option::is_none")]
        show_id: Option<ShowId>,
    },
    Conversation {
        conversation_id: ConversationId,
    },
    Show {
        show_id: ShowId,
        #[serde(skip_serializing_if = "Option::is_none")]
        recipient_roles: Option<Vec<Role>>,
    },
    Message {
        message_id: MessageId,
    },
    Target {
        target_id: UserId,
    },
    /// Nobody in particular: a matter of roles.
    Roles {
        actor_role: Role,
        target_role: Role,
        #[serde(skip_serializing_if = "Option::is_none")]
        facts: Option<Vec<Fact>>,
    },
}

/// Every field that says what an action would be done to.
const OBJECT_FIELDS: &[&str] = &[
    "recipient_id",
    "conversation_id",
    "show_id",
    "recipient_roles",
    "message_id",
    "target_id",
    "actor_role",
    "target_role",
    "facts",
];

impl Function for CheckPermission {
    const NAME: &'static str = "check-permission";
    const STATEMENT: &'static str = "select edge.check_permission($1)";
    type Caller = User;
    type Input = Questions;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<Questions> {
        if fields.has("checks") {
            fields.objects("checks", MAX_CHECKS, check).map(|checks| Questions::Many { checks })
        } else {
            check(fields).map(Questions::One)
        }
    }
}

fn check(fields: &mut Fields) -> Option<Check> {
    let Some(action) = fields.choice("action") else {
        // Which fields belong to it depends on the action.
        fields.pass_over(OBJECT_FIELDS);
        return None;
    };
    let object = if ["actor_role", "target_role", "facts"].iter().any(|field| fields.has(field)) {
        roles(fields)
    } else {
        object(action, fields)
    };
    Some(Check { action, object: object? })
}

fn roles(fields: &mut Fields) -> Option<Object> {
    let actor_role = fields.choice("actor_role");
    let target_role = fields.choice("target_role");
    let facts = fields.optional_choices("facts");
    Some(Object::Roles { actor_role: actor_role?, target_role: target_role?, facts: facts? })
}

fn object(action: Action, fields: &mut Fields) -> Option<Object> {
    match action {
        Action::StartDm => {
            let recipient_id = fields.id("recipient_id");
            let show_id = fields.optional_id("show_id");
            Some(Object::Recipient { recipient_id: recipient_id?, show_id: show_id? })
        }
        Action::Reply => fields.id("conversation_id").map(|conversation_id| Object::Conversation { conversation_id }),
        Action::Broadcast => {
            let show_id = fields.id("show_id");
            let recipient_roles =
                if fields.has("recipient_roles") { fields.choices("recipient_roles").map(Some) } else { Some(None) };
            Some(Object::Show { show_id: show_id?, recipient_roles: recipient_roles? })
        }
        Action::Moderate | Action::Report => fields.id("message_id").map(|message_id| Object::Message { message_id }),
        Action::Suspend => fields.id("target_id").map(|target_id| Object::Target { target_id }),
    }
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<CheckPermission>(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    /// What the entry point is sent, or the faults.
    fn read(body: Value) -> Result<Value, Vec<(String, String)>> {
        let mut fields = Fields::parse(body.to_string().as_bytes()).ok().unwrap();
        let input = CheckPermission::decode(&mut fields, PathParameters::default());
        match fields.finish(input) {
            Ok(input) => Ok(serde_json::to_value(input).unwrap()),
            Err(refusal) => Err(refusal
                .reasons
                .iter()
                .map(|reason| (reason.field.as_deref().unwrap_or("").to_owned(), reason.code.to_string()))
                .collect()),
        }
    }

    #[test]
    fn every_action_has_its_object() {
        for check in [
            json!({"action": "start_dm", "recipient_id": ID}),
            json!({"action": "start_dm", "recipient_id": ID, "show_id": ID}),
            json!({"action": "reply", "conversation_id": ID}),
            json!({"action": "broadcast", "show_id": ID}),
            json!({"action": "broadcast", "show_id": ID, "recipient_roles": ["attendee", "dealer"]}),
            json!({"action": "moderate", "message_id": ID}),
            json!({"action": "report", "message_id": ID}),
            json!({"action": "suspend", "target_id": ID}),
            json!({"action": "suspend", "actor_role": "moderator", "target_role": "dealer"}),
            json!({"action": "reply", "actor_role": "dealer", "target_role": "admin", "facts": ["participant"]}),
            json!({"action": "reply", "actor_role": "dealer", "target_role": "admin", "facts": []}),
        ] {
            assert_eq!(read(check.clone()), Ok(check.clone()));
            assert_eq!(read(json!({"checks": [check, check]})), Ok(json!({"checks": [check, check]})));
        }
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        let faults = |body: Value| read(body).unwrap_err();
        let one = |field: &str, code: &str| vec![(field.to_owned(), code.to_owned())];
        assert_eq!(faults(json!({})), one("action", "required"));
        assert_eq!(faults(json!({"action": "dance", "recipient_id": ID})), one("action", "unknown_value"));
        assert_eq!(faults(json!({"action": "start_dm"})), one("recipient_id", "required"));
        assert_eq!(
            faults(json!({"action": "reply", "conversation_id": ID, "recipient_id": ID})),
            one("recipient_id", "unknown_field")
        );
        assert_eq!(
            faults(json!({"action": "broadcast", "show_id": ID, "recipient_roles": []})),
            one("recipient_roles", "empty")
        );
        assert_eq!(faults(json!({"action": "reply", "actor_role": "dealer"})), one("target_role", "required"));
        assert_eq!(faults(json!({"checks": [], "action": "reply"}))[0], ("checks".into(), "empty".into()));
        assert_eq!(
            faults(json!({"checks": [{"action": "reply", "conversation_id": 1}, {"action": 7}]})),
            [one("checks[0].conversation_id", "wrong_type"), one("checks[1].action", "wrong_type")].concat()
        );
    }

    #[test]
    fn two_hundred_questions_fit_into_one_body() {
        let longest = json!({"action": "start_dm", "recipient_id": ID, "show_id": ID});
        let body = json!({"checks": vec![longest.clone(); MAX_CHECKS]});
        assert!(body.to_string().len() < rolecall_shared::rules::limits::MAX_BODY_BYTES);
        assert!(read(body).is_ok());
        assert_eq!(
            read(json!({"checks": vec![longest; MAX_CHECKS + 1]})),
            Err(vec![("checks".to_owned(), "too_many".to_owned())])
        );
    }
}
