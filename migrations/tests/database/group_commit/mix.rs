//! Random mixes of requests for send-dm and mark-read, as text with names for what has another id in every run: `@u3`
//! a user, `@U3` the same in capitals, `@s1` a show, `@o2` an organisation, `@f4` a conversation that the setup makes, `@m5`
//! the id of a message that its sender chose,
//! `@c3-7` the conversation that two users have by then, `@b1` the conversation of a show, `@r12` a request.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

const ROLES: [&str; 7] = ["attendee", "dealer", "mvp_dealer", "show_organizer", "moderator", "admin", "member"];

/// How many conversations are there before the first request.
const CONVERSATIONS: usize = 6;

/// Numbers that follow from a seed (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// True so many times out of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T: ?Sized>(&mut self, choice: &[&'a T]) -> &'a T {
        choice[self.below(choice.len())]
    }
}

fn mixed(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// The operator, or another request, changes what the next requests meet.
    Change(String),
    /// A broadcast is sent, which makes the conversation of its show.
    Broadcast(String),
    /// Requests that one database gets one by one and the other in an array; a lone one as an object if `plain`.
    Requests {
        /// The entry point.
        function: &'static str,
        /// The envelopes.
        items: Vec<String>,
        /// Whether a single one goes without an array.
        plain: bool,
    },
    /// The connection of the arrays is a new one from here on, which knows no plan yet.
    Reconnect,
}

/// A setup and what happens on it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Statements.
    pub setup: Vec<String>,
    /// What happens then.
    pub steps: Vec<Step>,
}

impl Scenario {
    /// How many requests are sent.
    pub fn len(&self) -> usize {
        let items = self.steps.iter().map(|step| match step {
            Step::Requests { items, .. } => items.len(),
            _ => 0,
        });
        items.sum()
    }
}

/// The names of one run. Every run has ids of its own, so that many share a database.
pub struct Names {
    run: u32,
    /// Ids that the database chose.
    pub chosen: HashMap<String, Uuid>,
}

impl Names {
    pub fn new(run: u32) -> Self {
        Self { run, chosen: HashMap::new() }
    }

    /// How the ids of this run begin.
    pub fn prefix(&self) -> String {
        format!("{:08x}-", 0xd000_0000 + self.run)
    }

    /// The id of what has this name. One that the database has not chosen yet is an id that does not exist.
    pub fn id(&self, name: &str) -> Uuid {
        if let Some(id) = self.chosen.get(name) {
            return *id;
        }
        let mut low = 0;
        for byte in name.bytes() {
            low = mixed(low ^ u64::from(byte));
        }
        Uuid::from_u128((u128::from(0xd000_0000 + self.run) << 96) | (u128::from(low) << 32) | u128::from(low as u32))
    }

    /// The text with an id in place of every name.
    pub fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len() * 2);
        let mut rest = text;
        while let Some(at) = rest.find('@') {
            filled.push_str(&rest[..at]);
            let name = &rest[at + 1..];
            let length = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(name.len());
            let name = &name[..length];
            match name.as_bytes()[0] {
                b'r' => filled.push_str(&format!("r{}-{}", self.run, &name[1..])),
                b'U' | b'S' => filled.push_str(&self.id(&name.to_lowercase()).to_string().to_uppercase()),
                _ => filled.push_str(&self.id(name).to_string()),
            }
            rest = &rest[at + 1 + length..];
        }
        filled.push_str(rest);
        filled
    }

    /// An envelope with its ids.
    pub fn envelope(&self, item: &str) -> Value {
        serde_json::from_str(&self.fill(item)).expect("an envelope is JSON")
    }

    /// The names among these texts of what the database chooses.
    pub fn wanted(items: &[String]) -> Vec<String> {
        let mut wanted = Vec::new();
        for item in items {
            for piece in item.split('@').skip(1) {
                let name = &piece[..piece.find('"').unwrap_or(piece.len())];
                if name.starts_with('c') || name.starts_with('b') {
                    wanted.push(name.to_owned());
                }
            }
        }
        wanted
    }
}

/// A random mix.
pub fn scenario(random: &mut Random) -> Scenario {
    Mix::new(random).scenario()
}

struct Mix<'a> {
    random: &'a mut Random,
    users: usize,
    strangers: usize,
    shows: usize,
    hot: Vec<(usize, usize)>,
    keys: usize,
    /// How many ids senders choose from.
    ids: usize,
    /// Requests so far that had a key or an id.
    keyed: Vec<Value>,
    requests: usize,
}

impl<'a> Mix<'a> {
    fn new(random: &'a mut Random) -> Self {
        let users = 4 + random.below(28);
        let hot = (0..1 + random.below(4))
            .map(|_| {
                let one = random.below(users);
                (one, (one + 1 + random.below(users - 1)) % users)
            })
            .collect();
        let strangers = 1 + random.below(2);
        let shows = 1 + random.below(4);
        let keys = 1 + random.below(60);
        let ids = 1 + random.below(60);
        Self { random, users, strangers, shows, hot, keys, ids, keyed: Vec::new(), requests: 0 }
    }

    fn scenario(mut self) -> Scenario {
        let setup = self.setup();
        let mut steps = Vec::new();
        for show in 0..self.shows {
            if self.random.chance(60) {
                steps.push(self.broadcast(show));
            }
        }
        let requests = 60 + self.random.below(600);
        while self.requests < requests {
            if self.random.chance(30) {
                steps.push(Step::Change(self.change()));
            }
            if self.random.chance(4) {
                steps.push(Step::Reconnect);
            }
            if self.random.chance(3) {
                let show = self.random.below(self.shows);
                steps.push(self.broadcast(show));
            }
            let size = match self.random.below(20) {
                0 => 0,
                1..=3 => 1,
                4..=5 => 2,
                6..=10 => 3 + self.random.below(10),
                11..=15 => 10 + self.random.below(50),
                16..=18 => 1 + self.random.below(128),
                _ => 128,
            };
            let marks = self.random.chance(15);
            let function = if marks { "mark_read" } else { "send_dm" };
            let items = (0..size).map(|_| if marks { self.mark() } else { self.item() }).collect();
            steps.push(Step::Requests { function, items, plain: self.random.chance(40) });
        }
        Scenario { setup, steps }
    }

    fn user(&mut self) -> String {
        format!("@u{}", self.random.below(self.users))
    }

    fn setup(&mut self) -> Vec<String> {
        let mut setup = vec![
            "delete from rolecall.rate_limits where action = 'send_dm'".to_owned(),
            "insert into rolecall.feature_flags (name, rollout) values ('send-dm', 'enabled')
             on conflict (name) do update set rollout = 'enabled'"
                .to_owned(),
        ];
        if self.random.chance(15) {
            setup.push(self.flag());
        }
        let limited = self.random.chance(50);
        for role in ROLES {
            let statement = if limited { self.limit(role) } else { None };
            setup.extend(statement);
        }
        for number in 0..3 {
            setup.push(format!("insert into rolecall.organizations (id, name) values ('@o{number}', 'One')"));
        }
        for number in 0..self.users {
            let role = self.random.pick(&[
                "attendee",
                "attendee",
                "attendee",
                "dealer",
                "mvp_dealer",
                "mvp_dealer",
                "mvp_dealer",
                "show_organizer",
                "show_organizer",
                "moderator",
                "admin",
                "admin",
                "member",
                "member",
            ]);
            let organization =
                if self.random.chance(60) { format!("'@o{}'", self.random.below(3)) } else { "null".to_owned() };
            let internal = self.random.chance(15);
            let suspended = self.suspension();
            setup.push(format!(
                "insert into rolecall.profiles (id, role, organization_id, is_internal, suspended_until)
                 values ('@u{number}', '{role}', {organization}, {internal}, {suspended})"
            ));
        }
        for number in 0..self.shows {
            let organizer = self.user();
            setup.push(format!(
                "insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
                 values ('@s{number}', '{organizer}', 'A show', now() + interval '7 days', now() + interval '8 days')"
            ));
            for user in 0..self.users {
                if self.random.chance(35) {
                    setup.push(format!(
                        "insert into rolecall.show_participants (show_id, user_id) values ('@s{number}', '@u{user}')"
                    ));
                }
            }
        }
        for _ in 0..self.random.below(3) {
            setup.push(self.block());
        }
        for number in 0..CONVERSATIONS {
            self.conversation(number, &mut setup);
        }
        for _ in 0..self.random.below(6) {
            setup.push(self.bucket());
        }
        for _ in 0..self.random.below(6) {
            setup.push(self.record());
        }
        setup
    }

    fn flag(&mut self) -> String {
        let rollouts = ["internal", "percentage:50", "percentage:80", "percentage:0", "disabled", "missing"];
        match if self.random.chance(85) { "enabled" } else { self.random.pick(&rollouts) } {
            "missing" => "delete from rolecall.feature_flags where name = 'send-dm'".to_owned(),
            rollout => format!(
                "insert into rolecall.feature_flags (name, rollout) values ('send-dm', '{rollout}')
                 on conflict (name) do update set rollout = excluded.rollout"
            ),
        }
    }

    /// A window so long that no token comes back while the test runs.
    fn limit(&mut self, role: &str) -> Option<String> {
        let capacity = match self.random.below(20) {
            0 => "0",
            1 => "1",
            2 => "2",
            3..=4 => "5",
            5..=6 => "20",
            7..=9 => "60",
            10..=11 => "null",
            12..=13 => "missing",
            _ => "1000",
        };
        let window = 100_000_000 + self.random.below(3) * 50_000_000;
        (capacity != "missing").then(|| {
            format!(
                "insert into rolecall.rate_limits (role, action, capacity, window_seconds)
                 values ('{role}', 'send_dm', {capacity}, {window})
                 on conflict (role, action) do update
                 set capacity = excluded.capacity, window_seconds = excluded.window_seconds"
            )
        })
    }

    fn suspension(&mut self) -> &'static str {
        match self.random.below(20) {
            0 => "now() + interval '1 day'",
            1 => "'infinity'",
            2..=4 => "now() - interval '1 day'",
            _ => "null",
        }
    }

    fn block(&mut self) -> String {
        let (one, other) = self.two();
        format!(
            "insert into rolecall.user_blocks (blocker_id, blocked_id) values ('@u{one}', '@u{other}')
             on conflict do nothing"
        )
    }

    /// A conversation that is there before: imported with both people or one, or begun here, open or closed.
    fn conversation(&mut self, number: usize, setup: &mut Vec<String>) {
        let (one, other) = self.two();
        let imported = self.random.chance(40);
        let (version, read_only) = if imported { ("v1", true) } else { ("v2", self.random.chance(25)) };
        let (low, high) = if imported && self.random.chance(30) {
            (format!("'@u{one}'::uuid"), "null".to_owned())
        } else {
            let both = format!("('@u{one}'::uuid, '@u{other}'::uuid)");
            (format!("least{both}"), format!("greatest{both}"))
        };
        // What has begun here has begun with a message.
        let messages = usize::from(!imported) + self.random.below(3);
        setup.push(format!(
            "insert into rolecall.conversations
               (id, kind, version, participant_low, participant_high, created_by, read_only, last_seq, last_message_at)
             values ('@f{number}', 'direct', '{version}', {low}, {high}, '@u{one}', {read_only}, {messages},
                     '2020-01-01')
             on conflict do nothing"
        ));
        for (user, own) in [(one, 0), (other, messages)] {
            setup.push(format!(
                "insert into rolecall.conversation_participants (conversation_id, user_id, skipped)
                 select id, '@u{user}', {own} from rolecall.conversations where id = '@f{number}'"
            ));
        }
        for seq in 1..=messages {
            setup.push(format!(
                "insert into rolecall.messages (conversation_id, seq, sender_id, content, created_at, legacy)
                 select id, {seq}, '@u{other}', 'Before', '2020-01-01', {imported}
                 from rolecall.conversations where id = '@f{number}'"
            ));
        }
    }

    /// What is left in a bucket, filled as of some time, which may be to come after a clock was set back.
    fn bucket(&mut self) -> String {
        let user = self.user();
        let tokens = self.random.pick(&["0", "0.5", "1", "1.5", "2.25", "7", "1000"]);
        let filled = self.random.pick(&["now()", "now() - interval '10 years'", "now() + interval '1 day'"]);
        let capacity = self.random.pick(&["1", "5", "60", "2000"]);
        format!(
            "insert into rolecall.rate_buckets (user_id, action, tokens, refilled_at, capacity, window_seconds)
             values ('{user}', 'send_dm', {tokens}, {filled}, {capacity}, 100000000)
             on conflict (user_id, action) do update
             set tokens = excluded.tokens, refilled_at = excluded.refilled_at"
        )
    }

    /// A key that another function has used, or that was used long ago.
    fn record(&mut self) -> String {
        let user = self.user();
        let key = self.key();
        let key = key.as_str().map_or_else(|| key.to_string(), ToOwned::to_owned);
        let answer = self.random.pick(&["'{\"ok\": true, \"data\": {\"sent\": 1}}'", "'{\"ok\": true}'"]);
        let age = self.random.pick(&["1 hour", "23 hours", "25 hours"]);
        format!(
            "insert into rolecall.idempotency_records (user_id, key, fingerprint, answer, created_at)
             values ('{user}', '{key}', sha256('another'), {answer}, now() - interval '{age}')
             on conflict do nothing"
        )
    }

    fn change(&mut self) -> String {
        match self.random.below(20) {
            0 => self.flag(),
            18 | 19 => format!(
                "update rolecall.messages set content = null, deleted_at = now(), deleted_as = 'author'
                 where id = '@m{}' and deleted_at is null",
                self.random.below(self.ids)
            ),
            1 | 2 => {
                let role = ROLES[self.random.below(ROLES.len())];
                self.limit(role).unwrap_or_else(|| {
                    format!("delete from rolecall.rate_limits where role = '{role}' and action = 'send_dm'")
                })
            }
            3 => self.block(),
            4 | 15 => {
                let user = self.user();
                format!("delete from rolecall.user_blocks where '{user}' in (blocker_id, blocked_id)")
            }
            5 | 6 => {
                let (user, until) = (self.user(), self.suspension());
                format!("update rolecall.profiles set suspended_until = {until} where id = '{user}'")
            }
            7 => {
                let (user, role) = (self.user(), ROLES[self.random.below(ROLES.len())]);
                format!("update rolecall.profiles set role = '{role}' where id = '{user}'")
            }
            8 => {
                let (user, organization) = (self.user(), self.random.below(3));
                format!(
                    "update rolecall.profiles set organization_id = '@o{organization}', is_internal = not is_internal
                     where id = '{user}'"
                )
            }
            9 => {
                let (one, other) = self.pair();
                format!(
                    "update rolecall.conversations set read_only = not read_only
                     where version = 'v2' and kind = 'direct'
                       and participant_low = least('@u{one}'::uuid, '@u{other}')
                       and participant_high = greatest('@u{one}'::uuid, '@u{other}')"
                )
            }
            10 | 11 => {
                let (user, age) = (self.user(), self.random.pick(&["23 hours", "25 hours"]));
                format!(
                    "update rolecall.idempotency_records set created_at = created_at - interval '{age}'
                     where user_id = '{user}'"
                )
            }
            12 | 16 => {
                let user = self.user();
                format!("delete from rolecall.rate_buckets where user_id = '{user}'")
            }
            13 => self.bucket(),
            14 => {
                let (show, user) = (self.random.below(self.shows), self.user());
                format!(
                    "insert into rolecall.show_participants (show_id, user_id) values ('@s{show}', '{user}')
                     on conflict do nothing"
                )
            }
            _ => {
                let (show, user) = (self.random.below(self.shows), self.user());
                format!("delete from rolecall.show_participants where show_id = '@s{show}' and user_id = '{user}'")
            }
        }
    }

    fn broadcast(&mut self, show: usize) -> Step {
        // Only the organizer may; whose refusal is one, too.
        let user = self.user();
        let request = json!({
            "claims": {"sub": user, "role": "authenticated"},
            "request_id": "broadcast",
            "rollouts": {},
            "input": {"show_id": format!("@s{show}"), "recipient_roles": ["attendee", "mvp_dealer"], "message": "News"},
        });
        Step::Broadcast(request.to_string())
    }

    /// Two users, often the same two.
    fn pair(&mut self) -> (usize, usize) {
        if self.random.chance(55) {
            let (one, other) = self.hot[self.random.below(self.hot.len())];
            return if self.random.chance(50) { (one, other) } else { (other, one) };
        }
        let one = self.random.below(self.users);
        if self.random.chance(5) {
            return (one, one);
        }
        (one, self.random.below(self.users + self.strangers))
    }

    /// Two different users with profiles.
    fn two(&mut self) -> (usize, usize) {
        let (one, other) = self.pair();
        if other == one || other >= self.users { (one, (one + 1) % self.users) } else { (one, other) }
    }

    fn key(&mut self) -> Value {
        let number = self.random.below(self.keys);
        match self.random.below(30) {
            // One and the same as text.
            0 => json!(7),
            1 => json!("7"),
            2 => json!("ключ \u{1F511}"),
            3 => json!("k".repeat(255)),
            4 => json!(false),
            5 => json!({"a": 1}),
            6 => json!(" "),
            _ => json!(format!("key {number}")),
        }
    }

    fn item(&mut self) -> String {
        let number = self.requests;
        self.requests += 1;
        let request_id = json!(format!("@r{number}"));
        if !self.keyed.is_empty() && self.random.chance(9) {
            // The same again, now and then with another input under the same key, or by somebody else.
            let first = self.random.below(self.keyed.len());
            let mut again = self.keyed[first].clone();
            again["request_id"] = request_id;
            match self.random.below(12) {
                0 => again["input"]["content"] = json!("Something else"),
                1 => again["claims"] = json!({"sub": self.user(), "role": "authenticated"}),
                2 => again["rollouts"] = self.rollouts(),
                3 => again["input"] = Value::Null,
                _ => {}
            }
            return again.to_string();
        }
        if self.random.chance(4) {
            return self.junk(request_id);
        }
        let (sender, recipient) = self.pair();
        let sender = if self.random.chance(2) { self.users } else { sender };
        let mut request = json!({
            "claims": {"sub": format!("@u{sender}"), "role": "authenticated"},
            "request_id": request_id,
            "rollouts": self.rollouts(),
            "input": self.input(sender, recipient),
        });
        if self.random.chance(4) {
            self.spoil_claims(&mut request, sender);
        }
        if self.random.chance(20) && request["input"].is_object() {
            request["idempotency_key"] = self.key();
            self.keyed.push(request.clone());
        } else if request["input"]["message_id"].is_string() {
            self.keyed.push(request.clone());
        } else if self.random.chance(3) {
            request["idempotency_key"] = Value::Null;
        } else if self.random.chance(2) {
            request.as_object_mut().expect("an object").remove("input");
        } else if self.random.chance(2) {
            request.as_object_mut().expect("an object").remove("rollouts");
        } else if self.random.chance(1) {
            request["request_id"] = Value::Null;
        }
        request.to_string()
    }

    /// A request of mark-read, with few enough keys that some meet.
    fn mark(&mut self) -> String {
        let number = self.requests;
        self.requests += 1;
        if self.random.chance(3) {
            return self.junk(json!(format!("@r{number}")));
        }
        let (user, other) = self.pair();
        let conversation = match self.random.below(10) {
            0..=5 => format!("@c{}-{}", user.min(other), user.max(other)),
            6 => format!("@f{}", self.random.below(CONVERSATIONS)),
            7..=8 => format!("@b{}", self.random.below(self.shows)),
            _ => self.random.pick(&["", "@x", "no uuid"]).to_owned(),
        };
        let odd = [json!(null), json!("3"), json!(-1), json!(1.5), json!(0), json!(9_000_000_000_000_000_000_u64)];
        let up_to = if self.random.chance(90) {
            json!(self.random.below(12))
        } else {
            odd[self.random.below(odd.len())].clone()
        };
        let mut request = json!({
            "claims": {"sub": format!("@u{user}"), "role": "authenticated"},
            "request_id": format!("@r{number}"),
            "rollouts": self.rollouts(),
            "input": {"conversation_id": conversation, "up_to_seq": up_to},
        });
        if self.random.chance(4) {
            self.spoil_claims(&mut request, user);
        }
        if self.random.chance(15) {
            request["idempotency_key"] = self.key();
        }
        request.to_string()
    }

    /// Mostly on, since nothing else happens otherwise.
    fn rollouts(&mut self) -> Value {
        if self.random.chance(95) {
            return if self.random.chance(90) { json!({}) } else { json!({"moderation": "disabled"}) };
        }
        let odd = [
            json!("disabled"),
            json!("internal"),
            json!("percentage:50"),
            json!("percentage:100"),
            json!("percentage:101"),
            json!("percentage:050"),
            json!("Enabled"),
            json!(""),
            json!(null),
            json!(true),
            json!({"rollout": "enabled"}),
            json!("enabled"),
            json!([]),
        ];
        let odd = odd[self.random.below(odd.len())].clone();
        let flag = self.random.pick(&["send-dm", "conversations"]);
        if self.random.chance(80) { json!({flag: odd}) } else { odd }
    }

    fn content(&mut self) -> Option<Value> {
        if self.random.chance(93) {
            return Some(json!(format!("Message {}", self.requests)));
        }
        Some(match self.random.below(15) {
            0 => return None,
            1 => json!(""),
            2 => json!("x".repeat(2000)),
            3 => json!("x".repeat(2001)),
            4 => json!("\u{1F469}".repeat(2000)),
            5 => json!("\u{1F469}".repeat(2001)),
            6 => json!("e\u{301}\u{200D}\u{202E} \" \\ ' $1 {} []"),
            7 => json!(null),
            8 => json!(5),
            9 => json!(false),
            10 => json!(["a"]),
            11 => json!({"b": null}),
            12 => json!(" "),
            13 => json!("\u{1}\u{7f}\n\r\t\u{2028}"),
            _ => json!("null"),
        })
    }

    fn input(&mut self, sender: usize, recipient: usize) -> Value {
        if self.random.chance(2) {
            let odd = [json!(null), json!("text"), json!([]), json!(5), json!({}), json!([{"content": "a"}])];
            return odd[self.random.below(odd.len())].clone();
        }
        let mut input = Map::new();
        if let Some(content) = self.content() {
            input.insert("content".to_owned(), content);
        }
        if self.random.chance(3) {
            input.insert("sender_id".to_owned(), json!("@u0"));
        }
        if self.random.chance(15) {
            let odd =
                [json!("no uuid"), json!(""), json!(null), json!(5), json!("00000000-0000-0000-0000-000000000000")];
            let id = if self.random.chance(95) {
                json!(format!("@m{}", self.random.below(self.ids)))
            } else {
                odd[self.random.below(odd.len())].clone()
            };
            input.insert("message_id".to_owned(), id);
        }
        let reply = self.random.chance(22);
        if reply {
            let conversation = match self.random.below(12) {
                0..=6 => format!("@c{}-{}", sender.min(recipient), sender.max(recipient)),
                7 => {
                    let (one, other) = self.pair();
                    format!("@c{}-{}", one.min(other), one.max(other))
                }
                8 => format!("@f{}", self.random.below(CONVERSATIONS)),
                9 => format!("@b{}", self.random.below(self.shows)),
                10 => "@x".to_owned(),
                _ => self.random.pick(&["", "no uuid", "null", "00000000-0000-0000-0000-000000000000"]).to_owned(),
            };
            input.insert("conversation_id".to_owned(), json!(conversation));
        } else if self.random.chance(5) {
            input.insert("conversation_id".to_owned(), Value::Null);
        }
        if !reply || self.random.chance(10) {
            let odd = [json!("@U0"), json!("no uuid"), json!(null), json!(5), json!("@x")];
            let recipient = if self.random.chance(95) {
                json!(format!("@u{recipient}"))
            } else {
                odd[self.random.below(odd.len())].clone()
            };
            input.insert("recipient_id".to_owned(), recipient);
        }
        if self.random.chance(20) {
            let odd = [json!("@S0"), json!("@x"), json!("no uuid"), json!(""), json!(null), json!(5)];
            let show = if self.random.chance(70) {
                json!(format!("@s{}", self.random.below(self.shows)))
            } else {
                odd[self.random.below(odd.len())].clone()
            };
            input.insert("show_id".to_owned(), show);
        }
        Value::Object(input)
    }

    fn spoil_claims(&mut self, request: &mut Value, sender: usize) {
        let user = format!("@u{sender}");
        let odd = [
            json!(null),
            json!({}),
            json!("authenticated"),
            json!(["authenticated"]),
            json!({"sub": user}),
            json!({"sub": user, "role": null}),
            json!({"sub": user, "role": "anon"}),
            json!({"sub": user, "role": "service_role"}),
            json!({"sub": user, "role": ["authenticated"]}),
            json!({"role": "authenticated"}),
            json!({"role": "service_role"}),
            json!({"sub": null, "role": "authenticated"}),
            json!({"sub": 5, "role": "authenticated"}),
            json!({"sub": "no uuid", "role": "authenticated"}),
            json!({"sub": user.replace('u', "U"), "role": "authenticated"}),
            json!({"sub": user, "role": "authenticated", "org": "@o0", "exp": 1}),
        ];
        request["claims"] = odd[self.random.below(odd.len())].clone();
    }

    /// What is hardly a request.
    fn junk(&mut self, request_id: Value) -> String {
        let odd = [
            json!(null),
            json!("text"),
            json!(5),
            json!(true),
            json!({}),
            json!({"request_id": request_id}),
            json!({"request_id": request_id, "claims": {"role": "authenticated"}, "idempotency_key": "key 0"}),
            json!({"request_id": request_id, "deferred": true}),
        ];
        odd[self.random.below(odd.len())].to_string()
    }
}
