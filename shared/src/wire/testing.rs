//! What tests of reading a request have in common.

use super::fields::Fields;
use serde_json::Value;

pub const ID: &str = "00000000-0000-4000-8000-000000000011";

pub fn fields(body: Value) -> Fields {
    Fields::parse(body.to_string().as_bytes()).ok().unwrap()
}

/// The field and the code of each fault.
pub fn faults<T>(fields: Fields, input: Option<T>) -> Vec<(String, String)> {
    match fields.finish(input) {
        Ok(_) => Vec::new(),
        Err(refusal) => {
            refusal.reasons.iter().map(|r| (r.field.as_deref().unwrap_or("").into(), r.code.to_string())).collect()
        }
    }
}

pub fn one(field: &str, code: &str) -> Vec<(String, String)> {
    vec![(field.into(), code.into())]
}
