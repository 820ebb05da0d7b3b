//! POST simulate: whom a rollout would include. Nothing is written.

use crate::FlagName;
use rolecall_shared::{
    auth::caller::Operator,
    function::Function,
    input,
    rules::{
        form::Fault,
        id::UserId,
        limits::{MAX_SIMULATED_USERS, MAX_SIMULATION_BYTES},
        rollout::Rollout,
    },
    wire::{list::Several, number::Integer},
};

/// The function.
pub struct Simulate;

/// The largest sample.
const MAX_SAMPLE: i64 = MAX_SIMULATED_USERS as i64;

input! {
    /// A rollout, and the users whom it is tried on: these, or so many.
    pub struct Trial {
        flag: Option<FlagName>,
        rollout: Rollout,
        user_ids: Option<Several<UserId, MAX_SIMULATED_USERS>>,
        sample: Option<Integer<1, MAX_SAMPLE>>,
    }
    check sample: either(user_ids, sample);
}

fn either(
    user_ids: &Option<Several<UserId, MAX_SIMULATED_USERS>>,
    sample: &Option<Integer<1, MAX_SAMPLE>>,
) -> Result<(), Fault> {
    match (user_ids, sample) {
        (None, None) => Err(Fault::new("required", "Either `user_ids` or `sample` is required.")),
        (Some(_), Some(_)) => Err(Fault::new("contradiction", "Of `user_ids` and `sample` give one.")),
        _ => Ok(()),
    }
}

impl Function for Simulate {
    const NAME: &'static str = "rollout.simulate";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "simulate_rollout";
    const MAX_BODY: usize = MAX_SIMULATION_BYTES;
    type Caller = Operator;
    type Input = Trial;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::wire::fields::Fields;
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn read(body: &Value) -> Result<Value, Vec<(String, String)>> {
        match Fields::parse(body.to_string().as_bytes()).ok().unwrap().read::<Trial>() {
            Ok(input) => Ok(serde_json::to_value(input).unwrap()),
            Err(refusal) => Err(refusal
                .reasons
                .iter()
                .map(|reason| (reason.field.as_deref().unwrap_or("").to_owned(), reason.code.to_string()))
                .collect()),
        }
    }

    #[test]
    fn a_rollout_is_tried_on_named_users_or_on_a_sample() {
        for trial in [
            json!({"rollout": "percentage:10", "user_ids": [ID]}),
            json!({"flag": "send-dm", "rollout": "internal", "sample": 10_000}),
        ] {
            assert_eq!(read(&trial), Ok(trial));
        }
        let one = |field: &str, code: &str| Err(vec![(field.to_owned(), code.to_owned())]);
        assert_eq!(read(&json!({"rollout": "internal"})), one("sample", "required"));
        assert_eq!(
            read(&json!({"rollout": "internal", "sample": 1, "user_ids": [ID]})),
            one("sample", "contradiction")
        );
        assert_eq!(read(&json!({"rollout": "internal", "sample": 0})), one("sample", "out_of_range"));
        assert_eq!(read(&json!({"rollout": "internal", "sample": 10_001})), one("sample", "out_of_range"));
        assert_eq!(read(&json!({"rollout": "percentage:101", "sample": 1})), one("rollout", "malformed_rollout"));
        assert_eq!(read(&json!({"sample": 1})), one("rollout", "required"));
    }

    #[test]
    fn as_many_users_as_are_allowed_fit_into_a_body() {
        let ids = vec![ID; MAX_SIMULATED_USERS];
        let body = json!({"flag": "x".repeat(100), "rollout": "percentage:100", "user_ids": ids});
        assert!(read(&body).is_ok());
        assert!(body.to_string().len() < MAX_SIMULATION_BYTES / 10 * 9);
        let body = json!({"rollout": "internal", "user_ids": vec![ID; MAX_SIMULATED_USERS + 1]});
        assert_eq!(read(&body), Err(vec![("user_ids".to_owned(), "too_many".to_owned())]));
    }
}
