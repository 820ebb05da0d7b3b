//! What a contender must do before it is measured: the same duties for all, checked over HTTP and in the database.

use anyhow::{Context, Result, bail, ensure};
use rolecall_bench::{
    Connection, Database,
    database::{FIRST_RECIPIENT, FIRST_SENDER},
    requests::user_id,
};
use rolecall_kit::token::{self, SECRET};
use serde_json::{Value, json};
use uuid::Uuid;

/// An answer in full.
struct Full {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

impl Full {
    fn parse(bytes: &[u8]) -> Result<Full> {
        let text = std::str::from_utf8(bytes)?;
        let (head, body) = text.split_once("\r\n\r\n").context("an answer without a body")?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let body = serde_json::from_str(body).with_context(|| format!("the body is not JSON: {text}"))?;
        Ok(Full { status: status.context("no status")?, headers, body })
    }

    /// The content type without what may follow it.
    fn content_type(&self) -> Option<&str> {
        self.header("content-type")?.split(';').next().map(str::trim)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(its, _)| its == name).map(|(_, value)| value.as_str())
    }

    fn id(&self, member: &str) -> Result<Uuid> {
        let text = self.body[member].as_str().with_context(|| format!("no {member} in {}", self.body))?;
        Ok(Uuid::parse_str(text)?)
    }
}

/// One client that checks.
struct Check<'a> {
    connection: Connection,
    address: &'a str,
    request_id: String,
    number: u32,
}

impl Check<'_> {
    /// Sends a request and checks what every answer has: a length, and the id of its request.
    async fn send(&mut self, token: Option<&str>, key: Option<&str>, body: &str) -> Result<Full> {
        self.number += 1;
        let request_id = format!("{}-{}", self.request_id, self.number);
        let line = |name: &str, value: Option<&str>| value.map_or(String::new(), |value| format!("{name}{value}\r\n"));
        let request = format!(
            "POST /functions/v1/send-dm HTTP/1.1\r\nhost: {}\r\n{}{}x-request-id: {request_id}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            line("authorization: Bearer ", token),
            line("idempotency-key: ", key),
            body.len(),
        );
        let shown = || body.chars().take(80).collect::<String>();
        self.connection.exchange(request.as_bytes()).await.with_context(|| format!("no answer to {}", shown()))?;
        let answer = Full::parse(self.connection.last_answer())?;
        // A server may do so at any time; Deno does after a long body.
        if answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            self.connection = Connection::open(self.address).await?;
        }
        ensure!(answer.header("content-length").is_some(), "no content-length");
        ensure!(answer.header("x-request-id") == Some(&request_id), "another x-request-id than {request_id}");
        ensure!(answer.body["request_id"] == request_id, "another request_id than {request_id}: {}", answer.body);
        Ok(answer)
    }

    async fn sent(&mut self, token: &str, body: &Value) -> Result<Full> {
        let answer = self.send(Some(token), None, &body.to_string()).await?;
        is_sent(&answer)?;
        Ok(answer)
    }

    /// Sends what must be refused with this status and code, as a problem document.
    async fn refused(&mut self, token: Option<&str>, body: &str, status: u16, code: &str) -> Result<Full> {
        let answer = self.send(token, None, body).await.with_context(|| format!("where {status} {code} is due"))?;
        is_refused(&answer, status, code).with_context(|| format!("to {body}"))?;
        Ok(answer)
    }
}

fn is_sent(answer: &Full) -> Result<()> {
    let body = &answer.body;
    ensure!(answer.status == 201, "201 is due, not {}: {body}", answer.status);
    ensure!(answer.content_type() == Some("application/json"), "the content type is not application/json");
    answer.id("message_id")?;
    answer.id("conversation_id")?;
    let created = body["created_at"].as_str().is_some_and(|text| text.contains('T') && text.ends_with('Z'));
    ensure!(created && body["seq"].is_u64() && body["success"] == true, "members are missing in {body}");
    Ok(())
}

fn is_refused(answer: &Full, status: u16, code: &str) -> Result<()> {
    let body = &answer.body;
    ensure!(answer.status == status, "{status} {code} is due, not {}: {body}", answer.status);
    ensure!(answer.content_type() == Some("application/problem+json"), "{code} without a problem document");
    ensure!(
        body["status"] == status && body["code"] == code && body["error"]["code"] == code,
        "{status} {code} is due, not {body}"
    );
    for member in ["type", "title", "detail"] {
        ensure!(body[member].as_str().is_some_and(|text| !text.is_empty()), "no {member} in {body}");
    }
    Ok(())
}

/// Goes through all of it against the server at `host:port`. Rate limits are lifted before and after.
///
/// # Errors
/// At the first thing that is not as it should be.
pub async fn check(address: &str, database: &Database) -> Result<()> {
    let db = &database.db;
    let [sender, hasty] = [Uuid::new_v4(), Uuid::new_v4()];
    for id in [sender, hasty] {
        let sql = "insert into rolecall.profiles (id, display_name, role) values ($1, 'Contract', 'attendee')";
        db.run(sql, &[&id]).await;
    }
    let (attendee, dealer) = (user_id(FIRST_SENDER), user_id(FIRST_RECIPIENT));
    let mut client =
        Check { connection: Connection::open(address).await?, address, request_id: sender.to_string(), number: 0 };
    let token = token::user(sender);
    let hello = json!({"recipient_id": dealer, "content": "Hello"});

    let first = client.sent(&token, &json!({"recipient_id": dealer, "content": "  It's «é» 日本\n"})).await?;
    let message = first.id("message_id")?;
    let stored: String = db.one("select content from rolecall.messages where id = $1", &[&message]).await;
    ensure!(stored == "It's «é» 日本", "{stored:?} is stored");
    let by: Uuid = db.one("select sender_id from rolecall.messages where id = $1", &[&message]).await;
    ensure!(by == sender, "the message is stored as that of {by}");
    let second = client.sent(&token, &json!({"recipient_id": dealer, "content": "é".repeat(2000)})).await?;
    ensure!(second.body["seq"] == 2, "the second message has another number: {}", second.body);

    let key = Uuid::new_v4().to_string();
    let once = client.send(Some(&token), Some(&key), &hello.to_string()).await?;
    let again = client.send(Some(&token), Some(&key), &hello.to_string()).await?;
    is_sent(&once)?;
    is_sent(&again)?;
    ensure!(once.id("message_id")? == again.id("message_id")?, "the repetition was sent as another message");
    let other = json!({"recipient_id": dealer, "content": "Something else"}).to_string();
    is_refused(&client.send(Some(&token), Some(&key), &other).await?, 422, "idempotency_conflict")?;

    unauthenticated(&mut client, sender, &hello.to_string()).await?;
    malformed(&mut client, &token, dealer).await?;

    let body = json!({"recipient_id": attendee, "content": "Hello"}).to_string();
    let refusal = client.refused(Some(&token), &body, 403, "permission_denied").await?;
    let reason = &refusal.body["reasons"][0];
    ensure!(
        reason["code"] == "attendee_writes_to_mvp_dealers_only" && reason["allowed_if"].is_string(),
        "the refusal does not explain itself: {}",
        refusal.body
    );
    let body = json!({"recipient_id": Uuid::new_v4(), "content": "Hello"}).to_string();
    client.refused(Some(&token), &body, 404, "not_found").await?;

    db.run("update rolecall.rate_limits set capacity = 1 where action = 'send_dm'", &[]).await;
    let hasty = token::user(hasty);
    client.sent(&hasty, &hello).await?;
    let refusal = client.refused(Some(&hasty), &hello.to_string(), 429, "rate_limited").await?;
    ensure!(refusal.header("retry-after").is_some(), "429 without retry-after");
    database.lift_rate_limits().await;

    let stored = db.count("rolecall.messages where sender_id = $1", &[&sender]).await;
    ensure!(stored == 3, "{stored} messages are stored, not the three that were answered with 201");
    Ok(())
}

/// Tokens that do not count.
async fn unauthenticated(client: &mut Check<'_>, sender: Uuid, body: &str) -> Result<()> {
    let secret = SECRET.as_bytes();
    let good = token::user_claims(sender);
    let with = |member: &str, value: Value| {
        let mut claims = good.clone();
        claims[member] = value;
        token::hs256(&claims, secret)
    };
    let issued = good["iat"].as_u64().context("no iat")?;
    let mut eternal = good.clone();
    eternal.as_object_mut().context("no object")?.remove("exp");
    let unsigned = format!("{}.", token::payload(&json!({"alg": "none"}), &good));
    let expired = with("exp", json!(issued - 120));
    client.refused(None, body, 401, "unauthenticated").await?;
    for token in [
        token::hs256(&good, b"another secret of more than 32 bytes"),
        // Twice: what was refused once must not be taken from memory.
        expired.clone(),
        expired,
        token::hs256(&eternal, secret),
        unsigned,
        with("sub", json!("admin")),
    ] {
        client.refused(Some(&token), body, 401, "unauthenticated").await.with_context(|| format!("token {token}"))?;
    }
    let anonymous = client.send(Some(&with("role", json!("anon"))), None, body).await?;
    match anonymous.status {
        401 => is_refused(&anonymous, 401, "unauthenticated"),
        403 => is_refused(&anonymous, 403, "permission_denied"),
        status => bail!("a token of the role anon is answered with {status}"),
    }
}

/// Bodies that are not a message.
async fn malformed(client: &mut Check<'_>, token: &str, dealer: Uuid) -> Result<()> {
    for body in [
        "{\"recipient_id\":".to_owned(),
        json!([]).to_string(),
        json!({"recipient_id": dealer}).to_string(),
        json!({"content": "Hello"}).to_string(),
        json!({"recipient_id": "somebody", "content": "Hello"}).to_string(),
        json!({"recipient_id": dealer, "content": 7}).to_string(),
        json!({"recipient_id": dealer, "content": " \n "}).to_string(),
        json!({"recipient_id": dealer, "content": "\u{7}"}).to_string(),
        json!({"recipient_id": dealer, "content": "é".repeat(2001)}).to_string(),
        json!({"recipient_id": dealer, "content": "Hello", "colour": "red"}).to_string(),
    ] {
        client.refused(Some(token), &body, 400, "validation_error").await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &Value) -> Full {
        let body = body.to_string();
        let text = format!("HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\n\r\n{body}");
        Full::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_sent_message_has_all_its_members() {
        let whole = json!({
            "success": true, "message_id": Uuid::new_v4(), "conversation_id": Uuid::new_v4(), "seq": 1,
            "created_at": "2026-01-01T00:00:00.000000Z",
        });
        assert!(is_sent(&answer(201, "application/json", &whole)).is_ok());
        assert!(is_sent(&answer(201, "application/json; charset=utf-8", &whole)).is_ok());
        assert!(is_sent(&answer(200, "application/json", &whole)).is_err());
        assert!(is_sent(&answer(201, "text/plain", &whole)).is_err());
        for member in ["success", "message_id", "conversation_id", "seq", "created_at"] {
            let mut part = whole.clone();
            part.as_object_mut().unwrap().remove(member);
            assert!(is_sent(&answer(201, "application/json", &part)).is_err(), "{member}");
        }
    }

    #[test]
    fn a_refusal_is_a_problem_document_of_its_code() {
        let whole = json!({
            "type": "urn:rolecall:problem:not_found", "title": "Not found", "status": 404, "detail": "Nobody.",
            "code": "not_found", "error": {"code": "not_found"},
        });
        let refused =
            |status, content_type, body: &Value| is_refused(&answer(status, content_type, body), 404, "not_found");
        assert!(refused(404, "application/problem+json", &whole).is_ok());
        assert!(refused(400, "application/problem+json", &whole).is_err());
        assert!(refused(404, "application/json", &whole).is_err());
        for member in ["type", "title", "status", "detail", "code", "error"] {
            let mut part = whole.clone();
            part.as_object_mut().unwrap().remove(member);
            assert!(refused(404, "application/problem+json", &part).is_err(), "{member}");
        }
    }
}
