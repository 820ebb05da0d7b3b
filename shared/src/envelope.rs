//! What passes between a function and the database: one `jsonb` each way.

use crate::{
    code::Code,
    id::UserId,
    limits::MAX_IDEMPOTENCY_KEY_CHARS,
    refusal::{Limit, Reason, Refusal},
    request_id::RequestId,
    rollout::{Rollout, Rollouts},
};
use http::HeaderMap;
use serde::{Deserialize, Serialize, Serializer};
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
        let text = value.to_str().unwrap_or("").trim();
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        let well_formed = (1..=MAX_IDEMPOTENCY_KEY_CHARS).contains(&text.len())
            && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if well_formed {
            Ok(Some(IdempotencyKey(text.to_owned())))
        } else {
            let detail = "The Idempotency-Key header must have 1 to 255 printable ASCII characters.";
            Err(Refusal::new(Code::ValidationError, detail).because(vec![Reason {
                code: "malformed_header".into(),
                message: detail.into(),
                field: Some("Idempotency-Key".into()),
                allowed_if: None,
            }]))
        }
    }
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
    /// How far the operator's variable lets the function be rolled out.
    #[serde(serialize_with = "rollout")]
    pub rollout: Rollout,
    /// How far the functions are rolled out that this one answers for beside itself.
    #[serde(skip_serializing_if = "Rollouts::is_empty")]
    pub rollouts: &'a Rollouts,
    /// The decoded body or query string.
    pub input: I,
}

fn rollout<S: Serializer>(rollout: &Rollout, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(rollout)
}

/// What an entry point answers.
#[derive(Debug, Deserialize)]
struct RawAnswer {
    ok: bool,
    #[serde(default)]
    data: Option<Map<String, Value>>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    reasons: Vec<Reason>,
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

impl Answer {
    /// Reads an answer; `None` if it has another form or a code that is not in the catalogue, which is a fault of ours.
    pub fn parse(json: &[u8]) -> Option<Answer> {
        let raw: RawAnswer = serde_json::from_slice(json).ok()?;
        let data = raw.data.unwrap_or_default();
        let outcome = if raw.ok {
            Ok(Done { data, limits: raw.limits, replayed: raw.replayed })
        } else {
            let code = Code::from_name(&raw.code)?;
            Err(Refusal {
                code,
                detail: raw.detail.into(),
                reasons: raw.reasons,
                data,
                limits: raw.limits,
                header: None,
            })
        };
        Some(Answer { outcome, org_id: raw.org_id })
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

/// Whether the statement was rolled back for a reason that passes by itself, so that running it again once is safe:
/// serialization_failure and deadlock_detected.
pub fn is_transient(sqlstate: &str) -> bool {
    matches!(sqlstate, "40001" | "40P01")
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
        for json in ["", "null", "[]", "{}", r#"{"ok":1}"#, r#"{"ok":false,"code":"no_such_code"}"#, r#"{"ok":false}"#]
        {
            assert!(Answer::parse(json.as_bytes()).is_none(), "{json}");
        }
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
        assert!(is_transient("40P01") && is_transient("40001") && !is_transient("23505"));
    }
}
