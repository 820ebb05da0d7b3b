//! Requests that are written as they are, made before anything is measured.

use super::database::{FIRST_RECIPIENT, FIRST_SENDER, Help, ID_PREFIX, TextingClient};
use rolecall_kit::{
    carrier,
    token::{self, SECRET},
};
use serde_json::json;
use std::cell::Cell;
use uuid::Uuid;

/// Different people that each sender writes to.
pub const RECIPIENTS_OF_A_SENDER: u64 = 8;

/// How long tokens are valid.
const LIFETIME_SECONDS: u64 = 24 * 3600;

/// What every message says; 60 characters, as a chat message might have.
pub const CONTENT: &str = "Is the holographic Charizard still there? I am at booth 12.";

/// Requests to one function, ready to be written.
#[derive(Debug)]
pub struct Requests {
    all: Vec<Vec<u8>>,
    /// Which one comes next, where each may be made once; else they come at random.
    turn: Option<Cell<usize>>,
}

impl Requests {
    /// Direct messages of `users` senders to as many recipients, at the server `host:port`.
    pub fn new(host: &str, users: u64) -> Requests {
        let mut all = Vec::with_capacity((users * RECIPIENTS_OF_A_SENDER) as usize);
        for sender in 0..users {
            let token = token(FIRST_SENDER + sender);
            for other in 0..RECIPIENTS_OF_A_SENDER {
                all.push(send_dm(host, &token, FIRST_RECIPIENT + (sender + other) % users));
            }
        }
        Requests { all, turn: None }
    }

    /// Messages of the helpers into their help conversations.
    pub fn help_messages(host: &str, help: &Help) -> Requests {
        let body = json!({"content": CONTENT}).to_string();
        let message = |&(conversation, helper): &(Uuid, u64)| {
            post(host, &format!("help-conversations/{conversation}/messages"), &token(helper), &body)
        };
        Requests { all: help.conversations.iter().map(message).collect(), turn: None }
    }

    /// Offers of help: of each of `users` senders on each help request, once.
    pub fn offers(host: &str, users: u64, help: &Help) -> Requests {
        let mut all = Vec::with_capacity(users as usize * help.requests.len());
        for helper in 0..users {
            let token = token(FIRST_SENDER + helper);
            for request in &help.requests {
                let body = json!({"help_request_id": request, "initial_message": CONTENT}).to_string();
                all.push(post(host, "start-conversation", &token, &body));
            }
        }
        Requests { all, turn: Some(Cell::new(0)) }
    }

    /// Messages of sitters to their clients.
    pub fn thread_messages(host: &str, clients: &[TextingClient]) -> Requests {
        let message = |client: &TextingClient| {
            let body = json!({"thread_id": client.thread, "content": CONTENT}).to_string();
            post(host, "send-thread-message", &token(client.sitter), &body)
        };
        Requests { all: clients.iter().map(message).collect(), turn: None }
    }

    /// So many texts, each of a client at random and with an id of its own.
    pub fn texts(host: &str, clients: &[TextingClient], count: usize) -> Requests {
        Requests { all: texts(host, clients, count), turn: Some(Cell::new(0)) }
    }

    /// The next one.
    pub fn next(&self, random: &mut Random) -> &[u8] {
        let at = match &self.turn {
            Some(turn) => turn.replace(turn.get() + 1) % self.all.len(),
            None => random.below(self.all.len()),
        };
        &self.all[at]
    }
}

/// The bytes of so many texts that the carrier hands over and signs, each of a client at random and with an id of its own.
pub fn texts(host: &str, clients: &[TextingClient], count: usize) -> Vec<Vec<u8>> {
    let mut random = Random(count as u64);
    let text = |_| {
        let client = &clients[random.below(clients.len())];
        let sid = carrier::sid();
        let pairs = [
            ("MessageSid", sid.as_str()),
            ("From", &client.phone),
            ("To", &client.number),
            ("Body", CONTENT),
            ("NumMedia", "0"),
        ];
        let (body, signature) = (carrier::form(&pairs), carrier::signature(carrier::TOKEN, carrier::WEBHOOK, &pairs));
        let length = body.len();
        format!(
            "POST /functions/v1/receive-sms HTTP/1.1\r\nhost: {host}\r\nx-twilio-signature: {signature}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    };
    (0..count).map(text).collect()
}

/// A token of the user with this number that outlives every measurement.
pub fn token(number: u64) -> String {
    let mut claims = token::user_claims(user_id(number));
    if let Some(issued) = claims["iat"].as_u64() {
        claims["exp"] = json!(issued + LIFETIME_SECONDS);
    }
    token::hs256(&claims, SECRET.as_bytes())
}

/// The id of a user with this number.
pub fn user_id(number: u64) -> Uuid {
    // The ids are uuids by their form.
    Uuid::parse_str(&format!("{ID_PREFIX}{number:012}")).unwrap_or_default()
}

/// The bytes of a direct message to the user with this number.
pub fn send_dm(host: &str, token: &str, recipient: u64) -> Vec<u8> {
    let recipient = user_id(recipient);
    post(host, "send-dm", token, &format!("{{\"recipient_id\":\"{recipient}\",\"content\":\"{CONTENT}\"}}"))
}

/// The bytes of a request to a function.
pub fn post(host: &str, function: &str, token: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /functions/v1/{function} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A small generator of random numbers (SplitMix64); it decides which request comes next and when, nothing more.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.number() % bound as u64) as usize
    }

    /// A number of at least 0 and less than 1.
    pub fn share(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_sender_writes_to_its_own_recipients() {
        let requests = Requests::new("localhost:1", 10);
        assert_eq!(requests.all.len(), 80);
        let last = std::str::from_utf8(&requests.all[79]).unwrap();
        assert!(last.starts_with("POST /functions/v1/send-dm HTTP/1.1\r\nhost: localhost:1\r\n"), "{last}");
        // Sender 9 and its eighth recipient: (9 + 7) % 10.
        assert!(last.contains(&user_id(FIRST_RECIPIENT + 6).to_string()), "{last}");
        let (_, body) = last.split_once("\r\n\r\n").unwrap();
        assert!(last.contains(&format!("content-length: {}\r\n", body.len())), "{last}");
        // Nobody has two requests that are alike, and every sender has the same number.
        let different: HashSet<_> = requests.all.iter().collect();
        assert_eq!(different.len(), 80);
        for sender in requests.all.chunks(8) {
            let token = |request: &[u8]| String::from_utf8_lossy(request).split("\r\n").nth(2).map(str::to_owned);
            assert!(sender.iter().all(|request| token(request) == token(&sender[0])));
        }
    }

    #[test]
    fn every_text_has_an_id_of_its_own() {
        let client = TextingClient {
            thread: Uuid::nil(),
            sitter: 1,
            phone: "+13015550100".to_owned(),
            number: "+13015550101".to_owned(),
        };
        let texts = texts("localhost:1", &[client], 10);
        let bodies: HashSet<_> = texts
            .iter()
            .map(|text| {
                let (head, body) = std::str::from_utf8(text).unwrap().split_once("\r\n\r\n").unwrap();
                assert!(head.contains("\r\nx-twilio-signature: "), "{head}");
                assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
                body
            })
            .collect();
        assert_eq!(bodies.len(), 10);
    }

    #[test]
    fn random_numbers_keep_their_bounds() {
        let mut random = Random(7);
        let mut seen = [0; 8];
        for _ in 0..8000 {
            seen[random.below(8)] += 1;
            let share = random.share();
            assert!((0.0..1.0).contains(&share));
        }
        assert!(seen.iter().all(|&times| (800..1200).contains(&times)), "{seen:?}");
    }
}
