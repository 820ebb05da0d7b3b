//! POST review: decides about a report.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{form::Fault, id::ReportId, limits::NOTE_CHARS, vocabulary::ReviewDecision},
    wire::{text::Text, timestamp::Timestamp},
};

/// The function.
pub struct Review;

input! {
    /// A decision about a report.
    pub struct ReportReview {
        report_id: ReportId,
        decision: ReviewDecision,
        note: Option<Text<1, NOTE_CHARS>>,
        suspended_until: Option<Timestamp>,
    }
    check suspended_until: only_a_suspension_ends(decision, suspended_until);
}

fn only_a_suspension_ends(decision: &ReviewDecision, end: &Option<Timestamp>) -> Result<(), Fault> {
    match (decision, end) {
        (ReviewDecision::Suspend, None) => Err(Fault::new("required", "A suspension needs an end.")),
        (ReviewDecision::Dismiss | ReviewDecision::Delete | ReviewDecision::Restore, Some(_)) => {
            Err(Fault::new("contradiction", "Only the decision `suspend` takes an end."))
        }
        _ => Ok(()),
    }
}

impl Function for Review {
    const NAME: &'static str = "moderation.review";
    const ENTRY: &'static str = "review_report";
    type Caller = User;
    type Input = ReportReview;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::wire::fields::Fields;
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn read(body: Value) -> Result<Value, Vec<(String, String)>> {
        match Fields::parse(body.to_string().as_bytes()).ok().unwrap().read::<ReportReview>() {
            Ok(input) => Ok(serde_json::to_value(input).unwrap()),
            Err(refusal) => Err(refusal
                .reasons
                .iter()
                .map(|reason| (reason.field.as_deref().unwrap_or("").to_owned(), reason.code.to_string()))
                .collect()),
        }
    }

    #[test]
    fn a_suspension_has_an_end_and_nothing_else_does() {
        let end = "2030-01-31T09:00:00Z";
        for verdict in [
            json!({"report_id": ID, "decision": "dismiss"}),
            json!({"report_id": ID, "decision": "delete", "note": "Spam."}),
            json!({"report_id": ID, "decision": "suspend", "suspended_until": end}),
        ] {
            assert_eq!(read(verdict.clone()), Ok(verdict));
        }
        let one = |field: &str, code: &str| Err(vec![(field.to_owned(), code.to_owned())]);
        assert_eq!(read(json!({"report_id": ID, "decision": "suspend"})), one("suspended_until", "required"));
        assert_eq!(
            read(json!({"report_id": ID, "decision": "restore", "suspended_until": end})),
            one("suspended_until", "contradiction")
        );
        assert_eq!(
            read(json!({"report_id": ID, "decision": "suspend", "suspended_until": "soon"})),
            one("suspended_until", "malformed_timestamp")
        );
        assert_eq!(read(json!({"report_id": ID, "decision": "forgive"})), one("decision", "unknown_value"));
        assert_eq!(read(json!({"report_id": ID, "decision": "delete", "note": " "})), one("note", "empty"));
    }
}
