//! A carrier of texts: takes what `deliver-sms` posts, and answers as it is told.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};
use uuid::Uuid;

/// What the carrier does with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Takes it, and says so after this time.
    Accept(Duration),
    /// Takes it, and closes the connection without an answer.
    CloseEarly,
    /// Takes it, and never answers.
    Hang,
    /// Does not take it: the status, the header `Retry-After` if it is not 0, and the code in the answer if it is not 0.
    Refuse(u16, u32, u32),
}

impl Reaction {
    /// Whether the carrier has the text afterwards.
    pub fn takes(self) -> bool {
        !matches!(self, Reaction::Refuse(..))
    }
}

/// A request with a text.
#[derive(Clone, Debug)]
pub struct Post {
    /// The text's id in the outbox, from the address for status callbacks.
    pub id: Uuid,
    /// When it came.
    pub at: Instant,
    /// The path.
    pub path: String,
    /// The head, in lower case but for the values.
    pub head: String,
    /// The form.
    pub form: Vec<(String, String)>,
    /// What the carrier did with it.
    pub reaction: Reaction,
}

impl Post {
    /// The values of a parameter.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.form.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// How the carrier reacts to a text by its content and how often it has come before.
type Rule = dyn Fn(&str, usize) -> Reaction + Send + Sync;

/// The carrier.
#[derive(Clone)]
pub struct Carrier {
    /// Its address, with scheme and port.
    pub url: String,
    posts: Arc<Mutex<Vec<Post>>>,
    rule: Arc<Rule>,
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Carrier {
    /// Listens on a free port; reacts by a rule, which is told a text's content and how often it has come before.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start(rule: impl Fn(&str, usize) -> Reaction + Send + Sync + 'static) -> Carrier {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let carrier = Carrier { url, posts: Arc::default(), rule: Arc::new(rule) };
        let told = carrier.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let told = told.clone();
                tokio::spawn(async move { told.serve(stream).await });
            }
        });
        carrier
    }

    /// The variables with which an application sends to this carrier.
    pub fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("twilio_account_sid", "AC00000000000000000000000000000001".to_owned()),
            ("twilio_auth_token", "a token of the carrier".to_owned()),
            ("twilio_api_url", self.url.clone()),
            ("twilio_api_host", "127.0.0.1".to_owned()),
            ("twilio_webhook_url", "https://app.example/functions/v1/receive-sms".to_owned()),
        ]
    }

    /// Every request so far, in the order in which they were complete.
    pub fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests have come.
    pub fn count(&self) -> usize {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How often the carrier has taken each text.
    pub fn taken(&self) -> HashMap<Uuid, usize> {
        let mut taken = HashMap::new();
        for post in self.posts.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if post.reaction.takes() {
                *taken.entry(post.id).or_default() += 1;
            }
        }
        taken
    }

    /// Notes a request; what the carrier does with it, and the numbers that it names in its answer as Twilio does.
    fn record(&self, head: &str, body: &[u8]) -> (Reaction, String, String) {
        let form: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
        let value = |name: &str| form.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
        let callback = value("StatusCallback").unwrap_or_default();
        let id = callback.rsplit('/').next().and_then(|id| id.parse().ok()).unwrap_or_default();
        let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = posts.iter().filter(|post| post.id == id).count();
        let reaction = (self.rule)(&value("Body").unwrap_or_default(), before);
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let (to, from) = (value("To").unwrap_or_default(), value("From").unwrap_or_default());
        posts.push(Post { id, at: Instant::now(), path, head: head.to_owned(), form, reaction });
        (reaction, to, from)
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        loop {
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    return;
                }
                continue;
            };
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            let length: usize = length.unwrap_or(0);
            while bytes.len() < end + 4 + length {
                if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            let (reaction, to, from) = self.record(&head, &bytes[end + 4..end + 4 + length]);
            let answer = match reaction {
                Reaction::Accept(time) => {
                    sleep(time).await;
                    let sid = Uuid::new_v4().simple();
                    answer(
                        201,
                        0,
                        &format!(
                            r#"{{"sid": "SM{sid}", "status": "queued", "to": "{to}", "from": "{from}", "body": "To {to}"}}"#
                        ),
                    )
                }
                Reaction::CloseEarly => return,
                Reaction::Hang => {
                    // Until the other side gives up.
                    let _ = stream.read_buf(&mut bytes).await;
                    return;
                }
                Reaction::Refuse(status, retry_after, code) => {
                    let code = if code == 0 { String::new() } else { format!(r#""code": {code}, "#) };
                    let said = format!(
                        r#"{{{code}"message": "The number {to} cannot be texted from {from}.", "status": {status},
                        "more_info": "https://carrier.example/errors?to={to}"}}"#
                    );
                    answer(status, retry_after, &said)
                }
            };
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
            bytes.drain(..end + 4 + length);
        }
    }
}

fn answer(status: u16, retry_after: u32, body: &str) -> String {
    let retry_after = if retry_after == 0 { String::new() } else { format!("retry-after: {retry_after}\r\n") };
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{retry_after}content-length: {length}\r\n\r\n{body}"
    )
}
