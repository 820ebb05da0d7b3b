//! A well-formed request to every operation, made from the examples of `docs/openapi.yaml`, for what holds for all of
//! them alike.

use crate::openapi::{Operation, document};
use http::Method;
use rolecall_kit::{Call, Stand, User, token};
use rolecall_shared::rules::rollout::is_flag;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The start of a function's path.
const FUNCTIONS: &str = "/functions/v1/";

/// A request to an operation.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The flag that switches it; none where nothing does.
    pub flag: Option<String>,
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// What the query of a user's request must have.
    pub query: String,
    /// The body of a POST.
    pub body: Value,
    /// Whether it is for operators instead of users.
    pub for_operators: bool,
    /// Whether it is for operators beside users.
    pub for_staff: bool,
    /// Whether it changes nothing.
    pub reads: bool,
}

impl Endpoint {
    /// The request, without a token.
    pub fn call(&self, stand: &Stand) -> Call {
        let call = stand.call(self.method.clone(), &format!("{}{}", self.path, self.query));
        if self.posts() { call.json(&self.body) } else { call }
    }

    /// The request by this user, or by an operator if it is for operators.
    pub fn call_by(&self, stand: &Stand, user: &User) -> Call {
        let token = if self.for_operators { token::operator() } else { user.token.clone() };
        self.call(stand).token(&token)
    }

    /// Whether it is a POST.
    pub fn posts(&self) -> bool {
        self.method == Method::POST
    }
}

/// A request to each operation, aliases too, but for health and for the carrier's, which takes no token; what it is about
/// has this id, and need not exist.
pub fn endpoints(id: Uuid) -> Vec<Endpoint> {
    let takes_token = |operation: &&Operation| !operation.is_health() && !document().is_for_carrier(operation);
    let operations = document().operations().iter().filter(takes_token);
    let endpoint = |operation: &Operation| Endpoint {
        flag: flag(operation),
        method: operation.method.clone(),
        path: operation.path.replace("{id}", &id.to_string()),
        query: if document().is_for_operators(operation) || document().is_for_staff(operation) {
            String::new()
        } else {
            document().example_query(operation)
        },
        body: about(id, document().example(operation)),
        for_operators: document().is_for_operators(operation),
        for_staff: document().is_for_staff(operation),
        reads: operation.method == Method::GET || document().reads(operation),
    };
    operations.map(endpoint).collect()
}

/// The same without the operations for operators.
pub fn endpoints_of_users(id: Uuid) -> Vec<Endpoint> {
    endpoints(id).into_iter().filter(|endpoint| !endpoint.for_operators).collect()
}

/// The flag of every function that has one.
pub fn flags() -> BTreeSet<String> {
    endpoints(Uuid::nil()).into_iter().filter_map(|endpoint| endpoint.flag).collect()
}

/// Every documented path, with an example of its parameter.
pub fn paths() -> BTreeSet<String> {
    document().operations().iter().map(|operation| document().example_path(operation)).collect()
}

/// Every path whose GET is a health report, with an example of its parameter.
pub fn health_paths() -> BTreeSet<String> {
    let operations = document().operations().iter().filter(|operation| operation.is_health());
    operations.map(|operation| document().example_path(operation)).collect()
}

/// The function of an operation, or of the operation that it is an alias of; its flag, if it has one, has the same name.
///
/// # Panics
/// When it belongs to no function.
pub fn function(operation: &Operation) -> String {
    let canonical = operation.alias_of.as_deref().and_then(|id| document().operation(id)).unwrap_or(operation);
    let function = canonical.path.strip_prefix(FUNCTIONS).and_then(|rest| rest.split('/').next());
    function.unwrap_or_else(|| panic!("{} belongs to no function", operation.path)).to_owned()
}

/// The flag that switches the function of an operation: the document says which, or it has the function's name.
pub fn flag(operation: &Operation) -> Option<String> {
    let named = document().named_flag(operation).map(str::to_owned);
    Some(named.unwrap_or_else(|| function(operation))).filter(|name| is_flag(name))
}

/// The body with this id in the place of every other.
fn about(id: Uuid, body: Value) -> Value {
    match body {
        Value::String(text) if Uuid::parse_str(&text).is_ok() => json!(id),
        Value::Array(values) => values.into_iter().map(|value| about(id, value)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, about(id, value))).collect(),
        other => other,
    }
}
