//! POST review: decides about a report.

use crate::NAME;
use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters},
    rules::{id::ReportId, limits::NOTE_CHARS, vocabulary::ReviewDecision},
    wire::decode::{Fields, Text, Timestamp},
};
use serde::Serialize;

/// The function.
pub struct Review;

/// A decision about a report.
#[derive(Serialize)]
pub struct Verdict {
    report_id: ReportId,
    decision: ReviewDecision,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Text<1, NOTE_CHARS>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended_until: Option<Timestamp>,
}

impl Function for Review {
    const NAME: &'static str = NAME;
    const STATEMENT: &'static str = "select edge.review_report($1)";
    type Caller = User;
    type Input = Verdict;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<Verdict> {
        let report_id = fields.id("report_id");
        let decision = fields.choice("decision");
        let note = fields.optional_text("note");
        let suspended_until = fields.optional_timestamp("suspended_until");
        match (decision, suspended_until) {
            (Some(ReviewDecision::Suspend), Some(None)) => {
                return fields.refuse("suspended_until", "required", "A suspension needs an end.");
            }
            (Some(ReviewDecision::Dismiss | ReviewDecision::Delete | ReviewDecision::Restore), Some(Some(_))) => {
                return fields.refuse("suspended_until", "contradiction", "Only the decision `suspend` has an end.");
            }
            _ => {}
        }
        Some(Verdict { report_id: report_id?, decision: decision?, note: note?, suspended_until: suspended_until? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn read(body: Value) -> Result<Value, Vec<(String, String)>> {
        let mut fields = Fields::parse(body.to_string().as_bytes()).ok().unwrap();
        let input = Review::decode(&mut fields, PathParameters::default());
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
