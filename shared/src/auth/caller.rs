//! Who may call a function.

use crate::{
    auth::identity::Identity,
    rules::{code::Code, id::UserId},
    wire::refusal::{Reason, Refusal},
};

/// The database role of signed-in users.
const USER_ROLE: &str = "authenticated";
/// The database role of operators.
const OPERATOR_ROLE: &str = "service_role";

/// Who may call a function: the type in its signature is the guard.
pub trait Caller: Sized {
    /// What proves who calls.
    const PROOF: Proof = Proof::Token;

    /// Lets an identity in or says why not.
    fn admit(identity: Identity) -> Result<Self, Refusal>;

    /// The user, if there is one.
    fn user_id(&self) -> Option<UserId>;

    /// The database role of this caller, for `request.jwt.claims`.
    fn role(&self) -> &'static str;
}

/// What proves who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A bearer token.
    Token,
    /// The carrier's signature of the request.
    CarrierSignature,
}

/// A signed-in user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User(pub UserId);

impl Caller for User {
    fn admit(identity: Identity) -> Result<User, Refusal> {
        match identity {
            Identity::User(user) => Ok(User(user)),
            _ => Err(wrong_role(
                "users_only",
                "Only signed-in users can do this.",
                "The token's role is `authenticated`.",
            )),
        }
    }

    fn user_id(&self) -> Option<UserId> {
        Some(self.0)
    }

    fn role(&self) -> &'static str {
        USER_ROLE
    }
}

/// An operator: a scheduler, a deployment, never an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator(pub Option<UserId>);

impl Caller for Operator {
    fn admit(identity: Identity) -> Result<Operator, Refusal> {
        match identity {
            Identity::Service(user) => Ok(Operator(user)),
            _ => Err(wrong_role(
                "operators_only",
                "Only the operator can do this.",
                "The token's role is `service_role`.",
            )),
        }
    }

    fn user_id(&self) -> Option<UserId> {
        self.0
    }

    fn role(&self) -> &'static str {
        OPERATOR_ROLE
    }
}

/// An operator, or a signed-in user whose rights the database decides: an owner of an organisation, for example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staff {
    /// The operator, for any organisation.
    Operator(Operator),
    /// A user, for their own organisation.
    User(User),
}

impl Caller for Staff {
    fn admit(identity: Identity) -> Result<Staff, Refusal> {
        match identity {
            Identity::Service(user) => Ok(Staff::Operator(Operator(user))),
            Identity::User(user) => Ok(Staff::User(User(user))),
            _ => Err(wrong_role(
                "staff_only",
                "Only signed-in users and the operator can do this.",
                "The token's role is `authenticated` or `service_role`.",
            )),
        }
    }

    fn user_id(&self) -> Option<UserId> {
        match self {
            Staff::Operator(operator) => operator.user_id(),
            Staff::User(user) => user.user_id(),
        }
    }

    fn role(&self) -> &'static str {
        match self {
            Staff::Operator(operator) => operator.role(),
            Staff::User(user) => user.role(),
        }
    }
}

/// The carrier of text messages, which signs its requests. To the database it is an operator's job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier;

impl Caller for Carrier {
    const PROOF: Proof = Proof::CarrierSignature;

    fn admit(identity: Identity) -> Result<Carrier, Refusal> {
        match identity {
            Identity::Carrier => Ok(Carrier),
            _ => Err(wrong_signature()),
        }
    }

    fn user_id(&self) -> Option<UserId> {
        None
    }

    fn role(&self) -> &'static str {
        OPERATOR_ROLE
    }
}

/// The refusal of a request that is not signed by the carrier, whatever is wrong with it.
pub fn wrong_signature() -> Refusal {
    let message = "The request is not signed by the carrier.";
    Refusal::new(Code::PermissionDenied, message).because(vec![Reason {
        code: "invalid_signature".into(),
        message: message.into(),
        allowed_if: Some("X-Twilio-Signature is that of this request, made with the token of the carrier.".into()),
        ..Reason::default()
    }])
}

fn wrong_role(rule: &'static str, message: &'static str, allowed_if: &'static str) -> Refusal {
    Refusal::new(Code::PermissionDenied, message).because(vec![Reason {
        code: rule.into(),
        message: message.into(),
        field: None,
        allowed_if: Some(allowed_if.into()),
        ..Reason::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn each_caller_admits_its_own_role_only() {
        let id = UserId::from(Uuid::from_u128(1));
        let identities = [Identity::User(id), Identity::Service(None), Identity::Anonymous, Identity::Unknown];
        let users: Vec<bool> = identities.iter().map(|&identity| User::admit(identity).is_ok()).collect();
        let operators: Vec<bool> = identities.iter().map(|&identity| Operator::admit(identity).is_ok()).collect();
        assert_eq!(users, [true, false, false, false]);
        assert_eq!(operators, [false, true, false, false]);
        let staff: Vec<bool> = identities.iter().map(|&identity| Staff::admit(identity).is_ok()).collect();
        assert_eq!(staff, [true, true, false, false]);
        assert!(identities.iter().all(|&identity| Carrier::admit(identity).is_err()));
    }

    #[test]
    fn the_carrier_is_admitted_by_its_signature_alone() {
        assert_eq!(Carrier::admit(Identity::Carrier), Ok(Carrier));
        assert_eq!((Carrier.role(), Carrier.user_id()), ("service_role", None));
        assert!(User::admit(Identity::Carrier).is_err() && Operator::admit(Identity::Carrier).is_err());
        assert!(Staff::admit(Identity::Carrier).is_err());
        assert_eq!((Carrier::PROOF, Staff::PROOF), (Proof::CarrierSignature, Proof::Token));
        assert_eq!(wrong_signature().reasons[0].code, "invalid_signature");
    }

    #[test]
    fn staff_are_who_they_are() {
        let id = UserId::from(Uuid::from_u128(1));
        let of = |identity| Staff::admit(identity).map(|staff| (staff.role(), staff.user_id())).ok();
        assert_eq!(of(Identity::User(id)), Some(("authenticated", Some(id))));
        assert_eq!(of(Identity::Service(Some(id))), Some(("service_role", Some(id))));
        assert_eq!(of(Identity::Service(None)), Some(("service_role", None)));
    }
}
