//! Who may call a function.

use crate::{
    auth::identity::Identity,
    rules::{code::Code, id::UserId},
    wire::refusal::{Reason, Refusal},
};

/// Who may call a function: the type in its signature is the guard.
pub trait Caller: Sized {
    /// Lets an identity in or says why not.
    fn admit(identity: Identity) -> Result<Self, Refusal>;

    /// The user, if there is one.
    fn user_id(&self) -> Option<UserId>;

    /// The database role for `request.jwt.claims`.
    const ROLE: &'static str;
}

/// A signed-in user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User(pub UserId);

impl Caller for User {
    const ROLE: &'static str = "authenticated";

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
}

/// An operator: a scheduler, a deployment, never an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator(pub Option<UserId>);

impl Caller for Operator {
    const ROLE: &'static str = "service_role";

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
    }
}
