//! The fourth act of the demo: an app with conversations of its own (V1) gets V2 beside it, in stages, and comes back from
//! a fault. It breaks things on purpose, so it never touches a database that is anybody's.

use anyhow::Result;
use http::Method;
use rolecall_database::{
    adopt,
    demo::{ADA, BEN, DAN, DemoUser, MIA},
};
use rolecall_kit::{Answer, Stand, token};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

use crate::{PATIENCE, Verdicts, id, pretty};

/// The app's own tables, with a conversation of Ben and Ada about a ride.
const APP: &str = "
    create schema app;
    create table app.requests (id uuid primary key, owner uuid not null, title text not null, state text not null);
    create table app.chats (
      id uuid primary key, request uuid references app.requests, opened_by uuid not null, at timestamptz not null);
    create table app.members (member uuid, chat uuid references app.chats, primary key (member, chat));
    create index on app.members (chat);
    create table app.lines (
      id bigint generated always as identity primary key, chat uuid not null references app.chats, author uuid not null,
      body text not null, at timestamptz not null default now());
    create index on app.lines (chat, at);
    insert into app.requests values ('{request}', '{ben}', 'A ride to the clinic', 'new');
    insert into app.chats values ('{chat}', '{request}', '{ada}', now() - interval '3 days');
    insert into app.members values ('{ben}', '{chat}'), ('{ada}', '{chat}');
    insert into app.lines (chat, author, body, at)
    values ('{chat}', '{ada}', 'I have a car on Monday.', now() - interval '3 days');
    insert into rolecall.profiles (id, display_name)
    select ('00000000-0000-4000-8000-000000001' || lpad(number::text, 3, '0'))::uuid, 'Neighbour ' || number
    from generate_series(1, 60) as number;";

/// The file that the app's developers write.
const MAPPING: &str = r#"
[help_requests]
table = "app.requests"
id = "id"
requester = "owner"
title = "title"
status = "state"
statuses = { new = "open", done = "completed" }

[conversations]
table = "app.chats"
id = "id"
help_request = "request"
created_by = "opened_by"
created_at = "at"

[participants]
table = "app.members"
conversation = "chat"
user = "member"

[messages]
table = "app.lines"
id = "id"
conversation = "chat"
sender = "author"
content = "body"
created_at = "at"
"#;

/// What makes every new message fail.
const FAULT: &str = "
    create function app.fault() returns trigger language plpgsql as $$ begin raise exception 'A fault on purpose.'; end $$;
    create trigger fault before insert on public.messages_v2 for each row execute function app.fault();";

/// Everything that the app has, as text.
const CONTENTS: &str = "
    select concat(
      (select string_agg(t::text, ',' order by t::text) from app.requests as t),
      (select string_agg(t::text, ',' order by t::text) from app.chats as t),
      (select string_agg(t::text, ',' order by t::text) from app.members as t),
      (select string_agg(t::text, ',' order by t::text) from app.lines as t))";

struct Rehearsal<'a> {
    stand: &'a Stand,
    request: Uuid,
}

impl Rehearsal<'_> {
    async fn ask(&self, who: &str, token: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
        println!("    {method} /functions/v1/{path} as {who}");
        if let Some(body) = body {
            println!("      {body}");
        }
        let call = self.stand.call(method, path).token(token);
        let call = match body {
            Some(body) => call.json(body),
            None => call,
        };
        let answer = call.send().await;
        println!("    {} {}", answer.status, pretty(&answer.body).replace('\n', "\n    "));
        answer
    }

    async fn operate(&self, operation: &str, body: &Value) -> Answer {
        let path = format!("rollout/{operation}");
        self.ask("the operator", &token::operator(), Method::POST, &path, Some(body)).await
    }

    /// An offer of help, without a word about it.
    async fn offer_of(&self, helper: Uuid) -> Answer {
        let body = json!({"help_request_id": self.request, "initial_message": "I can drive you there on Tuesday."});
        self.stand.post("start-conversation", &body).token(&token::user(helper)).send().await
    }

    async fn offer(&self, helper: DemoUser) -> Answer {
        let answer = self.offer_of(id(helper)).await;
        println!("    POST /functions/v1/start-conversation as {} ({})", helper.name, helper.title());
        println!("    {} {}", answer.status, answer.body);
        answer
    }

    /// The versions and badges that a user's list shows.
    async fn list(&self, user: DemoUser) -> Vec<(String, String)> {
        let token = token::user(id(user));
        let answer = self.ask(user.name, &token, Method::GET, "help-conversations", None).await;
        let text = |item: &Value, member: &str| item[member].as_str().unwrap_or_default().to_owned();
        let items = answer.body["conversations"].as_array().into_iter().flatten();
        items.map(|item| (text(item, "version"), text(item, "badge"))).collect()
    }
}

fn legacy() -> (String, String) {
    ("v1".to_owned(), "Legacy Conversation".to_owned())
}

fn neighbour(number: u32) -> Uuid {
    format!("00000000-0000-4000-8000-000000001{number:03}").parse().expect("a uuid")
}

/// V1 beside V2, a stage, a fault, and the way back.
///
/// # Errors
/// When the app's tables cannot be made or adopted.
pub async fn rehearse(stand: &Stand, verdicts: &mut Verdicts) -> Result<()> {
    let (request, chat) = (Uuid::new_v4(), Uuid::new_v4());
    let app = APP
        .replace("{request}", &request.to_string())
        .replace("{chat}", &chat.to_string())
        .replace("{ben}", BEN.id)
        .replace("{ada}", ADA.id);
    stand.db.script(&app).await;
    let contents: String = stand.db.one(CONTENTS, &[]).await;
    let rehearsal = Rehearsal { stand, request };

    verdicts.flow("An app adopts Rolecall: its own conversations are read where they are");
    println!("    rolecall-migrate adopt --mapping adopt.toml");
    let adopted = adopt(stand.admin_url(), MAPPING).await?;
    println!("    {adopted:?}");
    let listed = rehearsal.list(ADA).await;
    verdicts.verdict(
        adopted.conversations == Some(1) && listed.contains(&legacy()),
        "the list shows a Legacy Conversation, version v1",
    );

    verdicts.flow("V2 beside it: a neighbour offers help on the app's own request");
    let offered = rehearsal.offer(MIA).await;
    let listed = rehearsal.list(BEN).await;
    verdicts.verdict(
        offered.status == 201 && listed.contains(&legacy()) && listed.iter().any(|(version, _)| version == "v2"),
        "201, and the list shows both versions",
    );

    stage(&rehearsal, verdicts).await;
    fault(&rehearsal, verdicts).await;

    verdicts.flow("The way back: V2 is off, V1 is there, and the app has not noticed anything");
    let refused = rehearsal.offer(DAN).await;
    let listed = rehearsal.list(ADA).await;
    let unchanged = stand.db.one::<String>(CONTENTS, &[]).await == contents;
    stand.db.script("drop trigger fault on public.messages_v2").await;
    let mended = json!({"rollout": "enabled", "reason": "The fault is mended."});
    let on = rehearsal.operate("set", &mended).await;
    let again = rehearsal.offer(DAN).await;
    verdicts.verdict(
        refused.status == 404
            && refused.code() == "feature_disabled"
            && listed.contains(&legacy())
            && unchanged
            && on.status == 200
            && again.status == 201,
        "404 feature_disabled, V1 as before, every row of the app unchanged; then on again, by the operator",
    );
    Ok(())
}

async fn stage(rehearsal: &Rehearsal<'_>, verdicts: &mut Verdicts) {
    verdicts.flow("A stage: 10 % of the users");
    let begin = json!({"rollout": "percentage:10", "reason": "The collective tries it."});
    let set = rehearsal.operate("set", &begin).await;
    let mut users = 0;
    for number in 1..=20 {
        if rehearsal.offer_of(neighbour(number)).await.status == 201 {
            users += 1;
        }
    }
    println!("    {users} of 20 neighbours are in; their bucket decides, and stays the same.");
    let early = rehearsal.operate("advance", &json!({"reason": "It looks good."})).await;
    verdicts.verdict(
        set.status == 200 && users < 10 && early.status == 409 && early.code() == "rollout_criteria_unmet",
        "a share of the users is in; the next stage begins when the criteria are met (409 rollout_criteria_unmet)",
    );
}

async fn fault(rehearsal: &Rehearsal<'_>, verdicts: &mut Verdicts) {
    verdicts.flow("A fault: every new conversation fails, and the guard takes the rollout back");
    rehearsal.operate("set", &json!({"rollout": "enabled", "reason": "Everybody."})).await;
    rehearsal.stand.db.script(FAULT).await;
    let mut failures = 0;
    for number in 21..=60 {
        if rehearsal.offer_of(neighbour(number)).await.status >= 500 {
            failures += 1;
        }
    }
    println!("    {failures} of 40 offers failed.");
    // The runner asks the guard every 15 seconds; here it is asked at once, until the failures have reached it.
    let started = Instant::now();
    let decided = loop {
        let guard = rehearsal.stand.post("rollout/guard", &json!({})).token(&token::operator()).send().await;
        if guard["decisions"][0].is_object() || started.elapsed() > PATIENCE {
            break guard;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    println!("    POST /functions/v1/rollout/guard, {:.1} s later", started.elapsed().as_secs_f64());
    println!("    {} {}", decided.status, decided.body);
    let decision = &decided["decisions"][0];
    verdicts.verdict(
        failures >= 20 && decision["action"] == "rollback" && decision["to_rollout"] == "disabled",
        "the guard rolls back, and records why",
    );
}
