//! What passes between a function and the database: one `jsonb` each way.

use crate::{
    rules::{
        code::Code,
        form::{Fault, FromText},
        id::UserId,
        limits::MAX_IDEMPOTENCY_KEY_CHARS,
        rollout::Rollouts,
    },
    wire::{
        answer::REPLAYED_HEADER,
        refusal::{Limit, Reason, Reasons, Refusal},
        request_id::RequestId,
    },
};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The claims that the database sees as `request.jwt.claims`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Claims {
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<UserId>,
    /// The database role.
    pub role: &'static str,
}

/// An `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): 1 to 255 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key of a request, if it has one. The draft's quotes around the value may be left out, as most clients do.
    pub fn of(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Refusal> {
        let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
        match IdempotencyKey::parse(value.to_str().unwrap_or("")) {
            Some(key) => Ok(Some(key)),
            None => {
                let detail = "The Idempotency-Key header must have 1 to 255 printable ASCII characters.";
                Err(refuse_key("malformed_header", detail))
            }
        }
    }

    /// Refuses the key of a request whose items have keys of their own.
    pub fn refuse(headers: &HeaderMap) -> Result<(), Refusal> {
        if headers.contains_key("idempotency-key") {
            let detail = "An array has no Idempotency-Key; each of its items has its own `idempotency_key`.";
            return Err(refuse_key("key_of_an_array", detail));
        }
        Ok(())
    }

    fn parse(text: &str) -> Option<IdempotencyKey> {
        let text = text.trim();
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        let well_formed = (1..=MAX_IDEMPOTENCY_KEY_CHARS).contains(&text.len())
            && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        well_formed.then(|| IdempotencyKey(text.to_owned()))
    }
}

/// The key of an item, by the rules of the header.
impl FromText for IdempotencyKey {
    const WRONG_TYPE: &'static str = "Expected text.";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let expected = "Expected 1 to 255 printable ASCII characters.";
        IdempotencyKey::parse(text).ok_or_else(|| Fault::new("malformed_key", expected))
    }
}

fn refuse_key(code: &'static str, detail: &'static str) -> Refusal {
    Refusal::new(Code::ValidationError, detail).because(vec![Reason {
        code: code.into(),
        message: detail.into(),
        field: Some("Idempotency-Key".into()),
        allowed_if: None,
        ..Reason::default()
    }])
}

/// What a function sends to its entry point.
#[derive(Debug, Serialize)]
pub struct Call<'a, I> {
    /// The verified claims.
    pub claims: Claims,
    /// The request's id, for the audit rows.
    pub request_id: &'a RequestId,
    /// The key under which a repetition is answered, not repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<IdempotencyKey>,
    /// How far the operator's variable lets the features that it names be rolled out: a feature may require another, and
    /// an answer may depend on what another function would say.
    pub rollouts: &'a Rollouts,
    /// The request only reads, so that it goes on during maintenance.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reads: bool,
    /// The decoded body or query string.
    pub input: I,
}

/// The parameter of a statement: the envelope of a single item as it is, an array of the envelopes of several.
pub fn parameter(envelopes: &[&[u8]]) -> Vec<u8> {
    if let [envelope] = envelopes {
        return envelope.to_vec();
    }
    let length = envelopes.iter().map(|envelope| envelope.len() + 1).sum::<usize>() + 1;
    let mut text = Vec::with_capacity(length);
    for envelope in envelopes {
        text.push(if text.is_empty() { b'[' } else { b',' });
        text.extend_from_slice(envelope);
    }
    text.push(b']');
    text
}

/// What an entry point answers.
#[derive(Debug, Deserialize)]
struct RawAnswer {
    #[serde(default)]
    ok: Option<bool>,
    /// The item was left alone. Only an answer to several items says so, and then nothing else.
    #[serde(default)]
    deferred: bool,
    #[serde(default)]
    data: Option<Map<String, Value>>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    reasons: Reasons,
    #[serde(default)]
    limits: Vec<Limit>,
    #[serde(default)]
    replayed: bool,
    #[serde(default)]
    org_id: Option<String>,
}

/// A decoded answer of the database.
#[derive(Debug)]
pub struct Answer {
    /// What to tell the client.
    pub outcome: Result<Done, Refusal>,
    /// The caller's organisation, for the log.
    pub org_id: Option<String>,
}

/// A request that took effect.
#[derive(Debug)]
pub struct Done {
    /// The members of the success object.
    pub data: Map<String, Value>,
    /// Limits to report in headers.
    pub limits: Vec<Limit>,
    /// The answer is that of an earlier request with the same key.
    pub replayed: bool,
}

/// A statement's answer to one of several items.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every part is an answer: a box would only cost an allocation each"
)]
pub enum Part {
    /// It was decided.
    Answer(Answer),
    /// It was left alone since it depends on another item of the same statement; it belongs into the next one.
    Deferred,
}

impl Part {
    /// Reads the answer to a statement of `count` items: to a single one it is that of a request by itself.
    pub fn parse(json: &[u8], count: usize) -> Option<Vec<Part>> {
        match count {
            1 => Answer::parse(json).map(|answer| vec![Part::Answer(answer)]),
            _ => Part::parse_all(json, count),
        }
    }

    /// Reads the answers to `count` items. `None`, our bug, if one of them does not parse, if there are more or fewer,
    /// or if no item was decided.
    pub fn parse_all(json: &[u8], count: usize) -> Option<Vec<Part>> {
        let answers: Vec<RawAnswer> = serde_json::from_slice(json).ok()?;
        let one_each = answers.len() == count;
        let some_decided = answers.iter().any(|raw| !raw.deferred);
        if one_each && some_decided { answers.into_iter().map(RawAnswer::part).collect() } else { None }
    }
}

impl Answer {
    /// Reads an answer. `None`, our bug, if it does not parse or its code is not in the catalogue.
    pub fn parse(json: &[u8]) -> Option<Answer> {
        serde_json::from_slice::<RawAnswer>(json).ok()?.answer()
    }
}

impl RawAnswer {
    fn part(self) -> Option<Part> {
        match self {
            RawAnswer { deferred: false, .. } => self.answer().map(Part::Answer),
            RawAnswer { ok: None, data: None, .. } if self.code.is_empty() => Some(Part::Deferred),
            _ => None,
        }
    }

    fn answer(self) -> Option<Answer> {
        let data = self.data.unwrap_or_default();
        let outcome = if self.ok.filter(|_| !self.deferred)? {
            Ok(Done { data, limits: self.limits, replayed: self.replayed })
        } else {
            let code = Code::from_name(&self.code)?;
            Err(Refusal {
                code,
                detail: self.detail.into(),
                reasons: self.reasons,
                data,
                limits: self.limits,
                header: self.replayed.then(|| (REPLAYED_HEADER, HeaderValue::from_static("true"))),
            })
        };
        Some(Answer { outcome, org_id: self.org_id })
    }
}

/// The code for a database error with this SQLSTATE; the one table of its kind (PostgreSQL documentation, appendix A).
pub fn code_for_sqlstate(sqlstate: &str) -> Code {
    match sqlstate {
        // query_canceled: statement_timeout; lock_not_available: lock_timeout.
        "57014" | "55P03" => Code::Timeout,
        // Connection exceptions, insufficient resources, operator intervention, and a role that may not log in (yet).
        _ if ["08", "53", "57", "28", "3D"].iter().any(|class| sqlstate.starts_with(class)) => {
            Code::DatabaseUnavailable
        }
        // read_only_sql_transaction: connected to a standby during a failover.
        "25006" => Code::DatabaseUnavailable,
        _ => Code::Internal,
    }
}

/// Whether an error proves that its statement was rolled back, so that the items may be sent again. An error that may
/// have taken the connection or the server with it proves nothing.
pub fn is_undone(severity: &str, sqlstate: &str) -> bool {
    let unknown = match sqlstate {
        // statement_completion_unknown, and errors of the system that PostgreSQL runs on.
        "" | "40003" => true,
        _ if sqlstate.starts_with("58") => true,
        _ => code_for_sqlstate(sqlstate) == Code::DatabaseUnavailable,
    };
    !unknown && !matches!(severity, "FATAL" | "PANIC")
}

/// Whether the statement was rolled back for a passing reason, so that running it again once is safe:
/// serialization_failure, deadlock_detected, and foreign_key_violation: what the statement names, such as a profile, was deleted
/// since it was judged, and the second run is judged without it.
pub fn is_transient(sqlstate: &str) -> bool {
    matches!(sqlstate, "40001" | "40P01" | "23503")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn key(text: &str) -> Result<Option<IdempotencyKey>, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", HeaderValue::from_bytes(text.as_bytes()).unwrap());
        IdempotencyKey::of(&headers)
    }

    #[test]
    fn a_key_is_read_with_or_without_quotes() {
        assert_eq!(IdempotencyKey::of(&HeaderMap::new()), Ok(None));
        assert_eq!(key("order 7"), Ok(Some(IdempotencyKey("order 7".into()))));
        assert_eq!(key("\"order 7\""), Ok(Some(IdempotencyKey("order 7".into()))));
        assert!(key(&"k".repeat(255)).is_ok());
        for text in [String::new(), "\"\"".into(), "k".repeat(256), "ключ".into()] {
            assert_eq!(key(&text).unwrap_err().code, Code::ValidationError, "{text}");
        }
    }

    #[test]
    fn the_key_of_an_item_follows_the_rules_of_the_header() {
        for text in ["order 7", "\"order 7\"", " order 7 "] {
            assert_eq!(Ok(IdempotencyKey::from_text(text).unwrap()), key(text).map(Option::unwrap), "{text}");
        }
        for text in [String::new(), "\"\"".into(), "k".repeat(256), "ключ".into()] {
            assert_eq!(IdempotencyKey::from_text(&text).unwrap_err().code, "malformed_key", "{text}");
        }
        let mut headers = HeaderMap::new();
        assert_eq!(IdempotencyKey::refuse(&headers), Ok(()));
        headers.insert("idempotency-key", HeaderValue::from_static(""));
        assert_eq!(IdempotencyKey::refuse(&headers).unwrap_err().reasons[0].code, "key_of_an_array");
    }

    #[test]
    fn answers_are_read() {
        let answer = Answer::parse(br#"{"ok":true,"data":{"seq":1},"replayed":true}"#).unwrap();
        let done = answer.outcome.unwrap();
        assert!(done.replayed);
        assert_eq!(done.data["seq"], 1);

        let answer = Answer::parse(
            br#"{"ok":false,"code":"permission_denied","detail":"No.","reasons":[{"code":"blocked","message":"m","allowed_if":"a"}],"org_id":"o"}"#,
        )
        .unwrap();
        let refusal = answer.outcome.unwrap_err();
        assert_eq!((refusal.code, refusal.detail.as_ref()), (Code::PermissionDenied, "No."));
        assert_eq!(refusal.reasons[0].allowed_if.as_deref(), Some("a"));
        assert_eq!(answer.org_id.as_deref(), Some("o"));
    }

    #[test]
    fn an_answer_of_another_form_is_no_answer() {
        for json in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"ok":1}"#,
            r#"{"deferred":true}"#,
            r#"{"ok":false,"code":"no_such_code"}"#,
            r#"{"ok":false}"#,
        ] {
            assert!(Answer::parse(json.as_bytes()).is_none(), "{json}");
        }
    }

    #[test]
    fn the_answers_to_several_items_are_read_in_their_order() {
        let parts = Part::parse_all(
            br#"[{"ok": true, "data": {"seq": 1}}, {"deferred": true}, {"ok": false, "code": "not_found"}]"#,
            3,
        )
        .unwrap();
        let [Part::Answer(one), Part::Deferred, Part::Answer(other)] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!(one.outcome.as_ref().unwrap().data["seq"], 1);
        assert_eq!(other.outcome.as_ref().unwrap_err().code, Code::NotFound);
    }

    #[test]
    fn answers_to_several_items_of_another_form_are_none() {
        let ok = r#"{"ok":true,"data":{}}"#;
        assert!(Part::parse_all(format!("[{ok},{ok}]").as_bytes(), 2).is_some());
        for json in [
            ok.to_owned(),
            format!("[{ok}]"),
            format!("[{ok},{ok},{ok}]"),
            format!("[{ok},null]"),
            format!("[{ok},{{}}]"),
            format!(r#"[{ok},{{"deferred":false}}]"#),
            format!(r#"[{ok},{{"deferred":1}}]"#),
            format!(r#"[{ok},{{"deferred":true,"code":"x"}}]"#),
            format!(r#"[{ok},{{"ok":false,"code":"no_such_code"}}]"#),
            // Nobody would ever get an answer.
            r#"[{"deferred":true},{"deferred":true}]"#.to_owned(),
        ] {
            assert!(Part::parse_all(json.as_bytes(), 2).is_none(), "{json}");
        }
    }

    #[test]
    fn only_a_statement_that_was_surely_undone_is_run_again() {
        for sqlstate in ["40P01", "40001", "57014", "55P03", "23505", "22001", "P0001", "XX000", "42501"] {
            assert!(is_undone("ERROR", sqlstate), "{sqlstate}");
        }
        for sqlstate in ["", "40003", "08006", "53300", "57P01", "57P02", "57P03", "58030", "25006", "28P01", "3D000"] {
            assert!(!is_undone("ERROR", sqlstate), "{sqlstate}");
        }
        assert!(!is_undone("PANIC", "XX000") && !is_undone("FATAL", "XX000"));
    }

    #[test]
    fn sqlstates_become_codes() {
        for (sqlstate, code) in [
            ("57014", Code::Timeout),
            ("55P03", Code::Timeout),
            ("57P01", Code::DatabaseUnavailable),
            ("57P03", Code::DatabaseUnavailable),
            ("53300", Code::DatabaseUnavailable),
            ("08006", Code::DatabaseUnavailable),
            ("28P01", Code::DatabaseUnavailable),
            ("25006", Code::DatabaseUnavailable),
            ("23505", Code::Internal),
            ("42501", Code::Internal),
            ("", Code::Internal),
        ] {
            assert_eq!(code_for_sqlstate(sqlstate), code, "{sqlstate}");
        }
        assert!(is_transient("40P01") && is_transient("40001") && is_transient("23503") && !is_transient("23505"));
    }
}
