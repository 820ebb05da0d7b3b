//! `check-permission`: whether the caller may do something, by which rule, and what would make it allowed. It answers
//! up to 200 questions at once and changes nothing.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Nothing},
    input,
    rules::{
        form::{Fault, FromText},
        id::{ConversationId, MessageId, ShowId, ThreadId, UserId},
        limits::MAX_CHECKS,
        matrix::{
            Action, Fact, Role,
            organization::{OrganizationAction, OrganizationFact, OrganizationRole},
        },
        vocabulary::Name,
    },
    wire::{
        fields::Fields,
        input::Input,
        list::{Names, Objects, OneOrMore},
    },
};
use serde::Serialize;

/// The function.
pub struct CheckPermission;

impl Function for CheckPermission {
    const NAME: &'static str = "check-permission";
    const ENTRY: &'static str = "check_permission";
    type Caller = User;
    type Input = Questions;
}

/// One question, or several.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Questions {
    /// One.
    One(Check),
    /// Several, answered in their order.
    Many(Many),
}

input! {
    /// Several questions.
    pub struct Many {
        checks: Objects<Check, MAX_CHECKS>,
    }
}

/// May the caller do this?
#[derive(Serialize)]
pub struct Check {
    action: AnyAction,
    #[serde(flatten)]
    object: Object,
}

/// An action of either part of the matrix.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum AnyAction {
    Application(Action),
    Organization(OrganizationAction),
}

impl FromText for AnyAction {
    const WRONG_TYPE: &'static str = Action::WRONG_TYPE;

    fn from_text(text: &str) -> Result<AnyAction, Fault> {
        let application = Action::from_name(text).map(AnyAction::Application);
        application.or_else(|| OrganizationAction::from_name(text).map(AnyAction::Organization)).ok_or_else(|| {
            let message = format!("Expected one of {}, {}.", Action::names(), OrganizationAction::names());
            Fault::new("unknown_value", message)
        })
    }
}

/// The object of the action.
#[derive(Serialize)]
#[serde(untagged)]
enum Object {
    Recipient(Recipient),
    Conversation(Conversation),
    Show(Show),
    Audience(Audience),
    Message(Message),
    Target(Target),
    /// No user in particular: two roles.
    Roles(Roles),
    Thread(Thread),
    /// A booking of the caller's organisation: no one in particular.
    Booking(Nothing),
    /// No user in particular: a role in an organisation.
    OrganizationRoles(OrganizationRoles),
}

input! {
    struct Recipient {
        recipient_id: UserId,
        show_id: Option<ShowId>,
    }
}

input! {
    struct Conversation {
        conversation_id: ConversationId,
    }
}

input! {
    struct Show {
        show_id: ShowId,
    }
}

input! {
    /// Some roles of a show.
    struct Audience {
        show_id: ShowId,
        recipient_roles: OneOrMore<Role>,
    }
}

input! {
    struct Message {
        message_id: MessageId,
    }
}

input! {
    struct Target {
        target_id: UserId,
    }
}

input! {
    struct Roles {
        actor_role: Role,
        target_role: Role,
        facts: Option<Names<Fact>>,
    }
}

input! {
    struct Thread {
        thread_id: ThreadId,
    }
}

input! {
    struct OrganizationRoles {
        organization_role: OrganizationRole,
        facts: Option<Names<OrganizationFact>>,
    }
}

/// Every field that names the object of an action.
const OBJECT_FIELDS: &[&[&str]] = &[
    Recipient::FIELDS,
    Conversation::FIELDS,
    Audience::FIELDS,
    Message::FIELDS,
    Target::FIELDS,
    Roles::FIELDS,
    Thread::FIELDS,
    OrganizationRoles::FIELDS,
];

impl Input for Questions {
    fn decode(fields: &mut Fields) -> Option<Questions> {
        if fields.has_any(Many::FIELDS) {
            Many::decode(fields).map(Questions::Many)
        } else {
            Check::decode(fields).map(Questions::One)
        }
    }
}

impl Input for Check {
    fn decode(fields: &mut Fields) -> Option<Check> {
        let Some(action) = fields.get("action") else {
            // The action decides which fields there are, so none of them is reported as unknown.
            OBJECT_FIELDS.iter().for_each(|names| fields.pass_over(names));
            return None;
        };
        let action: Action = match action {
            AnyAction::Application(action) => action,
            AnyAction::Organization(organization) => {
                let object = in_organization(organization, fields)?;
                return Some(Check { action, object });
            }
        };
        let object = match action {
            _ if fields.has_any(Roles::FIELDS) => Roles::decode(fields).map(Object::Roles),
            Action::StartDm => Recipient::decode(fields).map(Object::Recipient),
            Action::Reply | Action::ReadBroadcast => Conversation::decode(fields).map(Object::Conversation),
            Action::Broadcast if fields.has_any(&["recipient_roles"]) => Audience::decode(fields).map(Object::Audience),
            Action::Broadcast => Show::decode(fields).map(Object::Show),
            Action::Moderate | Action::Report | Action::EditMessage | Action::React => {
                Message::decode(fields).map(Object::Message)
            }
            Action::Suspend => Target::decode(fields).map(Object::Target),
        };
        Some(Check { action: AnyAction::Application(action), object: object? })
    }
}

/// The object of an action in an organisation.
fn in_organization(action: OrganizationAction, fields: &mut Fields) -> Option<Object> {
    match action {
        _ if fields.has_any(OrganizationRoles::FIELDS) => {
            OrganizationRoles::decode(fields).map(Object::OrganizationRoles)
        }
        OrganizationAction::ReadThread | OrganizationAction::SendToThread => Thread::decode(fields).map(Object::Thread),
        OrganizationAction::ForceSend => Message::decode(fields).map(Object::Message),
        OrganizationAction::AssignBooking => Some(Object::Booking(Nothing {})),
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

    /// The input that the entry point is sent, or the faults.
    fn read(body: Value) -> Result<Value, Vec<(String, String)>> {
        match Fields::parse(body.to_string().as_bytes()).ok().unwrap().read::<Questions>() {
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
            json!({"action": "react", "message_id": ID}),
            json!({"action": "suspend", "target_id": ID}),
            json!({"action": "read_broadcast", "conversation_id": ID}),
            json!({"action": "suspend", "actor_role": "moderator", "target_role": "dealer"}),
            json!({"action": "reply", "actor_role": "dealer", "target_role": "admin", "facts": ["participant"]}),
            json!({"action": "reply", "actor_role": "dealer", "target_role": "admin", "facts": []}),
            json!({"action": "read_thread", "thread_id": ID}),
            json!({"action": "send_to_thread", "thread_id": ID}),
            json!({"action": "force_send", "message_id": ID}),
            json!({"action": "assign_booking"}),
            json!({"action": "send_to_thread", "organization_role": "sitter", "facts": ["inside_window"]}),
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
        assert_eq!(faults(json!({"action": "read_thread"})), one("thread_id", "required"));
        assert_eq!(faults(json!({"action": "assign_booking", "thread_id": ID})), one("thread_id", "unknown_field"));
        let check = json!({"action": "force_send", "organization_role": "moderator"});
        assert_eq!(faults(check), one("organization_role", "unknown_value"));
        let check = json!({"action": "force_send", "organization_role": "owner", "facts": ["participant"]});
        assert_eq!(faults(check), one("facts[0]", "unknown_value"));
        assert_eq!(
            faults(json!({"action": "read_thread", "actor_role": "admin", "target_role": "admin"})),
            [one("thread_id", "required"), one("actor_role", "unknown_field"), one("target_role", "unknown_field")]
                .concat()
        );
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
