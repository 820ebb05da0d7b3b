//! POST guard: takes features back that fail, and begins next stages where that is wanted. The schedule calls it.

use rolecall_shared::{
    auth::caller::Operator,
    function::{Function, Nothing},
};
use serde_json::{Map, Value};

/// The function.
pub struct Guard;

impl Function for Guard {
    const NAME: &'static str = "rollout.guard";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "guard_rollouts";
    type Caller = Operator;
    type Input = Nothing;

    /// It is called every 15 seconds, and decides something on few days of the year.
    fn is_routine(data: &Map<String, Value>) -> bool {
        data.get("decisions").and_then(Value::as_array).is_some_and(Vec::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_guard_without_a_decision_is_routine() {
        let is_routine = |data: Value| Guard::is_routine(data.as_object().unwrap());
        assert!(is_routine(json!({"decisions": []})));
        assert!(!is_routine(json!({"decisions": [{"flag": "start-conversation"}]})));
        assert!(!is_routine(json!({})));
    }
}
