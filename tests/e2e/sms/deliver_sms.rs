//! POST deliver-sms: what the carrier gets, what becomes of a text by its answer, and that nothing is lost or posted twice.

use super::texts::{Kind, Texts, deliver, status_of};
use futures::future::join_all;
use rolecall_e2e::{
    Code, Role, Setup, Stand,
    carrier_api::{Carrier, Reaction},
    token, until,
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// A stand that sends to a carrier.
async fn stand_with(carrier: &Carrier, setup: Setup) -> Stand {
    let variables = carrier.variables();
    Stand::own(variables.iter().fold(setup, |setup, (name, value)| setup.variable(name, value))).await
}

#[tokio::test]
async fn only_the_operator_delivers() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Admin).await;
    stand.get("deliver-sms").expect(200).await;
    stand.post("deliver-sms", &json!({})).expect(401).await.refused(Code::Unauthenticated);
    stand
        .post("deliver-sms", &json!({}))
        .by(&user)
        .expect(403)
        .await
        .refused_by(Code::PermissionDenied, "operators_only");
    stand
        .post("deliver-sms", &json!({"to": "x"}))
        .token(&token::operator())
        .expect(400)
        .await
        .refused(Code::ValidationError);
}

#[tokio::test]
async fn without_an_account_texts_wait_and_the_answer_says_so() {
    let stand = Stand::own(Setup::new()).await;
    let agency = stand.agency().await;
    let texts = Texts::to(&stand, &agency, 3, 1, |_| Kind::Taken).await;
    let answer = deliver(&stand).await;
    assert_eq!((&answer["delivery"], &answer["waiting"], &answer["sent"]), (&json!("off"), &json!(3), &json!(0)));
    assert_eq!(texts.by_status(&stand).await, BTreeMap::from([("queued".to_owned(), 3)]));
}

#[tokio::test]
async fn the_carrier_gets_the_text_and_the_message_follows_what_it_says() {
    let carrier = Carrier::start(|_, _| Reaction::Accept(Duration::ZERO)).await;
    let stand = stand_with(&carrier, Setup::new()).await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.pool).await;
    let sql = "select rolecall_internal.enqueue_sms(rolecall_internal.append_message(
        jsonb_populate_record(null::rolecall.thread_messages, $1::text::jsonb)))";
    let message = json!({
        "organization_id": agency.organization, "thread_id": thread, "direction": "outbound",
        "client_id": agency.client.id, "content": "Rex & Ada: 5 €, gruß\n🐕", "delivery": "queued",
        "media_urls": ["https://cdn.example/a.jpg?x=1&y=2", "https://cdn.example/b.jpg"],
    });
    let id: Uuid = stand.db.one(sql, &[&message.to_string()]).await;

    let answer = deliver(&stand).await;

    assert_eq!((&answer["delivery"], &answer["sent"], &answer["more"]), (&json!("on"), &json!(1), &json!(false)));
    let [post] = carrier.posts().try_into().unwrap();
    assert_eq!(post.id, id);
    assert_eq!(post.path, "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json");
    let head = post.head.to_lowercase();
    assert!(head.contains("content-type: application/x-www-form-urlencoded"), "{head}");
    // AC…1 and the token, in Base64.
    let basic = "authorization: Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTphIHRva2VuIG9mIHRoZSBjYXJyaWVy";
    assert!(head.contains(&basic.to_lowercase()), "{head}");
    assert_eq!(post.values("To"), [agency.client.phone.as_str()]);
    assert_eq!(post.values("From"), [agency.pool.e164.as_str()]);
    assert_eq!(post.values("Body"), ["Rex & Ada: 5 €, gruß\n🐕"]);
    assert_eq!(post.values("MediaUrl"), ["https://cdn.example/a.jpg?x=1&y=2", "https://cdn.example/b.jpg"]);
    let callback = format!("https://app.example/functions/v1/receive-sms/status/{id}");
    assert_eq!(post.values("StatusCallback"), [callback.as_str()]);
    let status = status_of(&stand, id).await;
    assert!(status.starts_with("sent 1 SM"), "{status}");
    // Neither the answer nor the log shows a number.
    let shown = answer.body.to_string() + &stand.runner().lines().join("\n");
    for number in [&agency.client.phone, &agency.pool.e164] {
        assert!(!shown.contains(&number[2..]), "{shown}");
    }
    // And there is nothing more to do.
    assert_eq!(deliver(&stand).await["sent"], 0);
    assert_eq!(carrier.count(), 1);
}

#[tokio::test]
async fn each_answer_of_the_carrier_has_its_outcome() {
    let carrier = Carrier::start(|content, _| Kind::of(content).reaction(0)).await;
    let stand = stand_with(&carrier, Setup::new()).await;
    let agency = stand.agency().await;
    let kinds = [
        (Kind::Taken, "sent 1 SM"),
        (Kind::Slow, "sent 1 SM"),
        (Kind::ClosesEarly, "uncertain 1"),
        (Kind::Broken, "queued 1 500"),
        (Kind::Moved, "queued 1 301"),
        (Kind::Refused, "dead 1 21211"),
        (Kind::Unauthorized, "dead 1 401"),
        (Kind::OptedOut, "dead 1 21610"),
    ];
    let texts = Texts::to(&stand, &agency, kinds.len(), 2, |client| kinds[client].0).await;

    let answer = deliver(&stand).await;

    for (client, (kind, expected)) in kinds.into_iter().enumerate() {
        let [first, second] = texts.of_client(client).try_into().unwrap();
        let status = status_of(&stand, first).await;
        assert!(status.starts_with(expected), "{kind:?}: {status}");
        // One that waits to be tried again holds up its thread; whoever has opted out gets nothing more.
        let held = matches!(kind, Kind::Broken | Kind::Moved);
        let status = status_of(&stand, second).await;
        let expected = if held { "queued 0" } else { expected };
        let expected = if kind == Kind::OptedOut { "dead 0 21610" } else { expected };
        assert!(status.starts_with(expected), "{kind:?}, the second: {status}");
    }
    let expected = json!({"sent": 4, "uncertain": 2, "retried": 2, "dead": 5});
    for (name, number) in expected.as_object().unwrap() {
        assert_eq!(&answer[name.as_str()], number, "{name}: {}", answer.body);
    }
    let opted_out = "rolecall.opt_outs where organization_id = $1 and source = 'carrier'";
    assert_eq!(stand.db.count(opted_out, &[&agency.organization]).await, 1);
    let line = stand.runner().line("what was not sent", |line| {
        line["event"] == "sms_not_sent" && line["cause"].as_str().is_some_and(|cause| cause.contains("code 21211"))
    });
    assert_eq!(line["service"], "deliver-sms");
    // Nothing is due for five seconds.
    let posts = carrier.count();
    deliver(&stand).await;
    assert_eq!(carrier.count(), posts);
}

#[tokio::test]
async fn a_carrier_that_asks_for_a_pause_gets_it() {
    let carrier = Carrier::start(|_, _| Reaction::Refuse(429, 30, 20429)).await;
    let stand = stand_with(&carrier, Setup::new()).await;
    let agency = stand.agency().await;
    let texts = Texts::to(&stand, &agency, 50, 1, |_| Kind::Taken).await;
    let answer = deliver(&stand).await;
    assert_eq!(answer["delivery"], "paused");
    let posts = carrier.count();
    assert!(posts <= 25, "what was not begun is not posted: {posts}");
    assert_eq!((&answer["retried"], &answer["released"]), (&json!(posts), &json!(50 - posts)));
    // Nobody is posted before the time is over, whoever calls.
    assert_eq!(deliver(&stand).await["delivery"], "on");
    assert_eq!(carrier.count(), posts);
    let waits = "rolecall.sms_outbox where next_attempt_at between now() + interval '20 seconds' and now() + interval '31 seconds'";
    assert_eq!(stand.db.count(waits, &[]).await, 50);
    assert_eq!(texts.by_status(&stand).await, BTreeMap::from([("queued".to_owned(), 50)]));
}

/// A connection that is refused and a name that does not exist prove that nothing was sent.
#[tokio::test]
async fn a_carrier_that_is_not_there_is_tried_again() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    for (url, host) in
        [(format!("http://127.0.0.1:{port}"), "127.0.0.1"), ("http://carrier.invalid".into(), "carrier.invalid")]
    {
        let setup = Setup::new()
            .variable("twilio_account_sid", "AC1")
            .variable("twilio_auth_token", "a token")
            .variable("twilio_api_url", &url)
            .variable("twilio_api_host", host)
            .variable("twilio_webhook_url", "https://app.example/sms");
        let stand = Stand::own(setup).await;
        let agency = stand.agency().await;
        let texts = Texts::to(&stand, &agency, 1, 1, |_| Kind::Taken).await;
        let [id] = texts.of_client(0).try_into().unwrap();
        assert_eq!(deliver(&stand).await["retried"], 1, "{url}");
        assert_eq!(status_of(&stand, id).await, "queued 1", "{url}");
        // Eight attempts, and then no more; time passes by moving the row back.
        for attempt in 2..=8 {
            stand
                .db
                .script("update rolecall.sms_outbox set next_attempt_at = now(), first_attempt_at = now() - interval '30 minutes'")
                .await;
            let outcome = if attempt < 8 { "retried" } else { "dead" };
            assert_eq!(deliver(&stand).await[outcome], 1, "{url}, attempt {attempt}");
        }
        assert_eq!(status_of(&stand, id).await, "dead 8", "{url}");
    }
}

#[tokio::test]
async fn an_owner_settles_what_nobody_knows() {
    let carrier =
        Carrier::start(|_, before| if before == 0 { Reaction::CloseEarly } else { Reaction::Accept(Duration::ZERO) })
            .await;
    let stand = stand_with(&carrier, Setup::new().without_rate_limits()).await;
    let [agency, other] = [stand.agency().await, stand.agency().await];
    let texts = Texts::to(&stand, &agency, 2, 1, |_| Kind::Taken).await;
    deliver(&stand).await;
    assert_eq!(texts.by_status(&stand).await, BTreeMap::from([("uncertain".to_owned(), 2)]));
    let [had, had_not] = [texts.of_client(0)[0], texts.of_client(1)[0]];
    let message = async |id: Uuid| {
        let sql = "select message.id from rolecall.thread_messages as message
            join rolecall.sms_outbox as outbox using (organization_id, thread_id, seq) where outbox.id = $1";
        stand.db.one::<Uuid>(sql, &[&id]).await
    };
    let [first, second] = [message(had).await, message(had_not).await];
    let settle = |user, message: Uuid, outcome: &str| {
        stand.post("deliver-sms/settle", &json!({"message_id": message, "outcome": outcome})).by(user)
    };

    for user in [&agency.sitter, &agency.client_user] {
        settle(user, first, "sent").expect(403).await.refused(Code::PermissionDenied);
    }
    for user in [&other.owner, &other.sitter] {
        settle(user, first, "sent").expect(404).await.refused(Code::NotFound);
    }
    settle(&agency.owner, Uuid::new_v4(), "sent").expect(404).await.refused(Code::NotFound);
    settle(&agency.owner, first, "maybe").expect(400).await.refused(Code::ValidationError);
    stand.post("deliver-sms/settle", &json!({})).expect(401).await.refused(Code::Unauthenticated);
    assert_eq!(texts.by_status(&stand).await, BTreeMap::from([("uncertain".to_owned(), 2)]));

    let answer = settle(&agency.owner, first, "sent").expect(200).await;
    assert_eq!((&answer["delivery"], &answer["message_id"]), (&json!("sent"), &json!(first)));
    assert_eq!(settle(&agency.admin, first, "sent").expect(200).await["delivery"], "sent");
    settle(&agency.owner, first, "not_sent").expect(409).await.refused(Code::AlreadySent);
    deliver(&stand).await;
    assert_eq!((carrier.count(), status_of(&stand, had).await.as_str()), (2, "sent 1"));

    // Fifty say at once that the carrier has it not: it is sent once more.
    let answers = join_all((0..50).map(|_| settle(&agency.owner, second, "not_sent").expect(200))).await;
    assert!(answers.iter().all(|answer| answer["delivery"] == "queued"));
    settle(&agency.owner, second, "sent").expect(400).await.refused(Code::InvalidInput);
    join_all((0..4).map(|_| deliver(&stand))).await;
    assert_eq!(carrier.count(), 3);
    let status = status_of(&stand, had_not).await;
    assert!(status.starts_with("sent 1 SM"), "{status}");
    settle(&agency.owner, second, "not_sent").expect(409).await.refused(Code::AlreadySent);

    // Whoever wants no more messages gets none, and a thread that is closed stays as it is.
    stand
        .db
        .script(
            "insert into rolecall.opt_outs (organization_id, client_id, source)
             select organization_id, client_id, 'keyword' from rolecall.message_threads where client_id is not null",
        )
        .await;
    settle(&agency.owner, second, "not_sent").expect(409).await.refused(Code::ClientOptedOut);
    settle(&agency.owner, first, "sent").expect(200).await;
    stand.db.script("update rolecall.message_threads set status = 'closed' where client_id is not null").await;
    settle(&agency.owner, first, "sent").expect(409).await.refused(Code::ConversationReadOnly);
    stand.db.script("update rolecall.message_threads set status = 'open' where client_id is not null").await;

    stand.switch(&agency, "messaging_v1", "disabled").await;
    settle(&agency.owner, second, "sent").expect(404).await.refused(Code::FeatureDisabled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_at_once_post_each_text_once_and_keep_the_order_of_threads() {
    let carrier = Carrier::start(|_, _| Reaction::Accept(Duration::from_millis(5))).await;
    let stand = stand_with(&carrier, Setup::new()).await;
    let agency = stand.agency().await;
    let texts = Texts::to(&stand, &agency, 60, 5, |_| Kind::Taken).await;
    let answers = join_all((0..8).map(|_| deliver(&stand))).await;
    let sent: u64 = answers.iter().map(|answer| answer["sent"].as_u64().unwrap()).sum();
    assert!(sent <= 300);
    until("all are sent", async || {
        deliver(&stand).await;
        (texts.by_status(&stand).await == BTreeMap::from([("sent".to_owned(), 300)])).then_some(())
    })
    .await;
    assert_eq!(carrier.count(), 300);
    assert!(carrier.taken().values().all(|&times| times == 1));
    texts.assert_order(&carrier);
}

/// With the schedule of the manifest, half of all texts reach the carrier within 5 s and 95 % within 15.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_reach_the_carrier_within_seconds() {
    let carrier = Carrier::start(|_, _| Reaction::Accept(Duration::from_millis(50))).await;
    let stand = stand_with(&carrier, Setup::new().whole_schedule()).await;
    // Spin leaves the schedule to others.
    if stand.runs_on_spin() {
        return;
    }
    let agency = stand.agency().await;
    let mut written = Vec::new();
    for _ in 0..10 {
        let texts = Texts::to(&stand, &agency, 20, 2, |_| Kind::Taken).await;
        written.push((Instant::now(), texts));
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    until("all have come", async || (carrier.count() >= 400).then_some(())).await;
    let came: BTreeMap<Uuid, Instant> = carrier.posts().into_iter().map(|post| (post.id, post.at)).collect();
    let mut took: Vec<f64> = Vec::new();
    for (at, texts) in &written {
        took.extend(texts.ids().map(|id| came[&id].saturating_duration_since(*at).as_secs_f64()));
    }
    took.sort_by(f64::total_cmp);
    let (median, late) = (took[took.len() / 2], took[took.len() * 95 / 100]);
    rolecall_e2e::report(&format!("texts reach the carrier after {median:.1} s, 95 % within {late:.1} s"));
    assert!(median < 5.0 && late < 15.0, "{median} {late}");
}
