//! Help conversations over HTTP: the list, one with its messages, answering, marking as read, ending; and the app's own (V1)
//! beside them.

use http::Method;
use rolecall_e2e::{Code, Role, Setup, Stand, User};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const OFFER: &str = "I can drive you there.";

fn ids(conversations: &Value) -> Vec<&str> {
    conversations["conversations"].as_array().unwrap().iter().map(|card| card["id"].as_str().unwrap()).collect()
}

fn contents(page: &Value) -> Vec<&str> {
    page["messages"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn both_see_what_an_offer_began_and_nobody_else_does() {
    let stand = Stand::shared().await;
    let [requester, helper, other] = stand.users([Role::Attendee, Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let id = stand.offer(&helper, request, OFFER).expect(201).await.id("conversation_id");
    for (user, unread) in [(&requester, 1), (&helper, 0)] {
        let list = stand.help_conversations(user, "").expect(200).await;
        list.has_members(&["conversations", "next_cursor"]);
        assert_eq!((list["conversations"].as_array().unwrap().len(), &list["next_cursor"]), (1, &Value::Null));
        let card = &list["conversations"][0];
        assert_eq!((&card["id"], &card["version"], &card["badge"]), (&json!(id), &json!("v2"), &Value::Null));
        let asked = json!({"id": request, "title": "A ride to the clinic", "status": "in_progress"});
        assert_eq!(card["help_request"], asked);
        assert_eq!((&card["requester_id"], &card["helper_id"]), (&json!(requester.id), &json!(helper.id)));
        assert_eq!((&card["status"], &card["can_write"]), (&json!("active"), &json!(true)));
        assert_eq!((&card["unread_count"], &card["last_message"]["content"]), (&json!(unread), &json!(OFFER)));

        for path in ["", "/messages"] {
            let page = stand.get(&format!("help-conversations/{id}{path}")).by(user).expect(200).await;
            page.has_members(&["conversation", "messages", "has_more"]);
            assert_eq!((&page["conversation"], &page["has_more"]), (card, &json!(false)));
            assert_eq!(contents(&page.body), [OFFER]);
        }
    }
    assert!(ids(&stand.help_conversations(&other, "").expect(200).await.body).is_empty());
    for id in [id, Uuid::new_v4()] {
        for path in ["", "/messages"] {
            let call = stand.get(&format!("help-conversations/{id}{path}")).by(&other);
            call.expect(404).await.refused(Code::NotFound);
        }
        stand.say(&other, id, "Me too").expect(404).await.refused(Code::NotFound);
        for action in ["read", "complete", "cancel"] {
            stand.act(&other, id, action).expect(404).await.refused(Code::NotFound);
        }
    }
    assert_eq!(stand.traces(&other).await, 0);
}

#[tokio::test]
async fn both_write_and_each_reads_what_is_new() {
    let stand = Stand::shared().await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let id = stand.helped(&requester, &helper).await;
    let sent = stand.say(&requester, id, " Thank you! ").expect(201).await;
    sent.has_members(&["message_id", "message", "conversation_id", "version"]);
    assert_eq!((&sent["conversation_id"], &sent["version"]), (&json!(id), &json!("v2")));
    assert_eq!((&sent["message"]["id"], &sent["message"]["content"]), (&sent["message_id"], &json!("Thank you!")));
    stand.say(&requester, id, "At nine?").expect(201).await;
    let unread =
        async |user| stand.help_conversation(user, id, "").expect(200).await["conversation"]["unread_count"].clone();
    assert_eq!((unread(&helper).await, unread(&requester).await), (json!(2), json!(1)));
    let read = stand.act(&helper, id, "read").expect(200).await;
    assert_eq!((&read["unread_count"], &read["conversation_id"]), (&json!(0), &json!(id)));
    assert_eq!((unread(&helper).await, unread(&requester).await), (json!(0), json!(1)));
    stand.say(&requester, id, "Or at ten?").expect(201).await;
    assert_eq!(unread(&helper).await, 1);
}

#[tokio::test]
async fn the_adopters_path_is_the_same_and_takes_what_their_client_sends() {
    let stand = Stand::shared().await;
    let [requester, helper, other] = stand.users([Role::Attendee, Role::Attendee, Role::Attendee]).await;
    let id = stand.helped(&requester, &helper).await;
    let path = format!("/api/messaging/conversations/{id}");
    let body = |recipient: Uuid| json!({"content": "See you", "recipient_id": recipient, "message_type": "text"});
    stand.post(&format!("{path}/messages"), &body(requester.id)).by(&helper).expect(201).await;
    stand.post(&format!("{path}/messages"), &body(helper.id)).by(&requester).expect(201).await;
    for path in [&path, &format!("help-conversations/{id}")] {
        for recipient in [helper.id, other.id] {
            let call = stand.post(&format!("{path}/messages"), &body(recipient)).by(&helper);
            call.expect(400).await.refused_by(Code::InvalidInput, "another_recipient");
        }
    }
    let page = stand.get(&format!("{path}/messages?limit=2")).by(&helper).expect(200).await;
    assert_eq!((contents(&page.body), &page["has_more"]), (vec!["See you", "See you"], &json!(true)));
    let list = stand.get("/api/messaging/conversations?limit=1").by(&helper).expect(200).await;
    assert_eq!(ids(&list.body), [id.to_string()]);
    stand.get(&path).by(&helper).expect(200).await;
    stand.post(&format!("{path}/read"), &json!({})).by(&helper).expect(200).await;
    stand.post(&format!("{path}/complete"), &json!({})).by(&helper).expect(200).await;
    stand.post(&format!("{path}/cancel"), &json!({})).by(&helper).expect(409).await.refused(Code::ConversationReadOnly);
}

#[tokio::test]
async fn what_has_ended_takes_no_message_and_ends_in_no_other_way() {
    let stand = Stand::shared().await;
    for (action, status, otherwise) in [("complete", "completed", "cancel"), ("cancel", "cancelled", "complete")] {
        let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
        let id = stand.helped(&requester, &helper).await;
        let ended = stand.act(&helper, id, action).expect(200).await;
        assert_eq!((&ended["status"], &ended["conversation_id"]), (&json!(status), &json!(id)));
        for user in [&helper, &requester] {
            assert_eq!(stand.act(user, id, action).expect(200).await["status"], status, "the same again");
            stand.act(user, id, otherwise).expect(409).await.refused(Code::ConversationReadOnly);
            stand.say(user, id, "Bye").expect(409).await.refused(Code::ConversationReadOnly);
            stand.act(user, id, "read").expect(200).await;
            let page = stand.help_conversation(user, id, "").expect(200).await;
            assert_eq!(
                (&page["conversation"]["can_write"], &page["conversation"]["status"]),
                (&json!(false), &json!(status))
            );
        }
        assert_eq!(stand.db.count("public.messages_v2 where conversation_id = $1", &[&id]).await, 1);
        assert_eq!(
            ids(&stand.help_conversations(&helper, &format!("status={status}")).expect(200).await.body).len(),
            1
        );
        assert_eq!(ids(&stand.help_conversations(&helper, "status=active").expect(200).await.body).len(), 0);
        // Who ended it opens it again, through the table; the other does not.
        let open = "update public.conversations_v2 set status = 'active' where id = $1";
        assert_eq!(stand.postgrest(requester.id).await.run(open, &[&id]).await, 0);
        assert_eq!(stand.postgrest(helper.id).await.run(open, &[&id]).await, 1);
        stand.say(&requester, id, "One more thing").expect(201).await;
    }
    // Closed through the table it is read-only as well, and stays closed.
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let id = stand.helped(&requester, &helper).await;
    let close = "update public.conversations_v2 set status = 'closed' where id = $1";
    assert_eq!(stand.postgrest(requester.id).await.run(close, &[&id]).await, 1);
    stand.say(&helper, id, "Bye").expect(409).await.refused(Code::ConversationReadOnly);
    for action in ["complete", "cancel"] {
        stand.act(&requester, id, action).expect(409).await.refused(Code::ConversationReadOnly);
    }
    assert_eq!(stand.help_conversation(&helper, id, "").expect(200).await["conversation"]["status"], "closed");
}

#[tokio::test]
async fn blocks_and_suspensions_stop_messages_and_can_write_says_so() {
    let stand = Stand::shared().await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let id = stand.helped(&requester, &helper).await;
    let can_write = async |user: &User| {
        stand.help_conversation(user, id, "").expect(200).await["conversation"]["can_write"].clone()
    };
    stand.block(&requester, &helper).await;
    for user in [&requester, &helper] {
        assert_eq!(can_write(user).await, false);
        stand.say(user, id, "Hello?").expect(403).await.refused_by(Code::PermissionDenied, "blocked");
    }
    stand.unblock_user(&requester, helper.id).expect(200).await;
    stand.suspend(&helper, 1).await;
    assert_eq!((can_write(&helper).await, can_write(&requester).await), (json!(false), json!(true)));
    stand.say(&helper, id, "Hello?").expect(403).await.refused_by(Code::PermissionDenied, "suspended");
    stand.say(&requester, id, "Hello?").expect(201).await;
    // Reading and ending write to nobody.
    stand.act(&helper, id, "read").expect(200).await;
    stand.act(&helper, id, "cancel").expect(200).await;
    let stranger = User::stranger();
    stand.help_conversations(&stranger, "").expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
    stand.say(&stranger, id, "Hello?").expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
    assert_eq!(stand.db.count("public.messages_v2 where conversation_id = $1", &[&id]).await, 2);
}

#[tokio::test]
async fn pages_of_messages_and_of_conversations_miss_nothing() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let mut started = Vec::new();
    for _ in 0..7 {
        started.push(stand.helped(&requester, &helper).await);
    }
    let mut seen: Vec<String> = Vec::new();
    let mut query = "limit=3".to_owned();
    loop {
        let page = stand.help_conversations(&helper, &query).expect(200).await;
        seen.extend(ids(&page.body).into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("limit=3&cursor={cursor}");
    }
    let newest_first: Vec<String> = started.iter().rev().map(Uuid::to_string).collect();
    assert_eq!(seen, newest_first);

    let id = started[0];
    for number in 1..=7 {
        stand.say(&requester, id, &format!("Message {number}")).expect(201).await;
    }
    assert_eq!(
        ids(&stand.help_conversations(&helper, "limit=1").expect(200).await.body),
        [id.to_string()],
        "it moved up"
    );
    for by in ["id", "created_at"] {
        let mut seen: Vec<String> = Vec::new();
        let mut query = "limit=3".to_owned();
        loop {
            let page = stand.help_conversation(&helper, id, &query).expect(200).await;
            seen.splice(0..0, contents(&page.body).into_iter().map(str::to_owned));
            if page["has_more"] == false {
                break;
            }
            query = format!("limit=3&before={}", page["messages"][0][by].as_str().unwrap());
        }
        let all: Vec<String> =
            std::iter::once(OFFER.to_owned()).chain((1..=7).map(|n| format!("Message {n}"))).collect();
        assert_eq!(seen, all);
        let first = stand.help_conversation(&helper, id, "limit=200").expect(200).await;
        let since = format!("limit=2&since={}", first["messages"][4][by].as_str().unwrap());
        let page = stand.help_conversation(&helper, id, &since).expect(200).await;
        assert_eq!((contents(&page.body), &page["has_more"]), (vec!["Message 5", "Message 6"], &json!(true)));
    }
}

#[tokio::test]
async fn bad_input_is_refused_and_changes_nothing() {
    let stand = Stand::shared().await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let id = stand.helped(&requester, &helper).await;
    let before =
        stand.db.count("rolecall.help_threads where conversation_id = $1 and requester_unread = 1", &[&id]).await;
    for (query, field, code) in [
        ("status=over", "status", "unknown_value"),
        ("limit=0", "limit", "out_of_range"),
        ("limit=101", "limit", "out_of_range"),
        ("cursor=x", "cursor", "malformed_cursor"),
        ("page=2", "page", "unknown_field"),
    ] {
        let refusal = stand.help_conversations(&helper, query).expect(400).await.refused(Code::ValidationError);
        assert_eq!(refusal.faults(), [(field, code)], "{query}");
    }
    for (query, field, code) in [
        ("limit=201", "limit", "out_of_range"),
        ("before=yesterday", "before", "malformed_position"),
        ("since=1&before=2030-01-01T00:00:00Z", "since", "malformed_position"),
        ("since=2030-01-01T00:00:00Z&before=2030-01-01T00:00:00Z", "since", "contradiction"),
    ] {
        let refusal = stand.help_conversation(&helper, id, query).expect(400).await.refused(Code::ValidationError);
        assert_eq!(refusal.faults(), [(field, code)], "{query}");
    }
    let place = format!("before={}", Uuid::new_v4());
    stand.help_conversation(&helper, id, &place).expect(400).await.refused(Code::InvalidInput);
    for (body, field, code) in [
        (json!({}), "content", "required"),
        (json!({"content": " "}), "content", "empty"),
        (json!({"content": 7}), "content", "wrong_type"),
        (json!({"content": "x".repeat(1001)}), "content", "too_long"),
        (json!({"content": "Hi", "message_type": "image"}), "message_type", "unknown_value"),
        (json!({"content": "Hi", "recipient_id": "me"}), "recipient_id", "malformed_uuid"),
        (json!({"content": "Hi", "conversation_id": requester.id}), "conversation_id", "contradiction"),
        (json!({"content": "Hi", "extra": 1}), "extra", "unknown_field"),
    ] {
        let refusal = stand.post(&format!("help-conversations/{id}/messages"), &body).by(&helper).expect(400).await;
        assert_eq!(refusal.refused(Code::ValidationError).faults(), [(field, code)], "{body}");
    }
    for action in ["read", "complete", "cancel"] {
        let path = format!("help-conversations/{id}/{action}");
        let refusal = stand.post(&path, &json!({"status": "active"})).by(&helper).expect(400).await;
        assert_eq!(refusal.refused(Code::ValidationError).faults(), [("status", "unknown_field")]);
        let path = format!("help-conversations/42/{action}");
        let refusal = stand.post(&path, &json!({})).by(&helper).expect(400).await.refused(Code::ValidationError);
        assert_eq!(refusal.faults(), [("conversation_id", "malformed_uuid")]);
        stand.post(&path, &json!({})).expect(401).await.refused(Code::Unauthenticated);
    }
    // Somebody else's name in the body.
    let body = json!({"content": "Hi", "sender_id": requester.id});
    let refusal = stand.post(&format!("help-conversations/{id}/messages"), &body).by(&helper).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "impersonation");
    // One path, two methods.
    let path = format!("/functions/v1/help-conversations/{id}/messages");
    let other = stand.call(Method::PUT, &path).by(&helper).expect(405).await;
    assert_eq!(other.header("allow"), "GET, HEAD, POST, OPTIONS");
    stand.call(Method::HEAD, &path).by(&helper).expect(200).await;
    stand.get("help-conversations/1/2/3").by(&helper).expect(404).await.refused(Code::NotFound);
    assert_eq!(stand.db.count("public.messages_v2 where conversation_id = $1", &[&id]).await, 1);
    let active = "public.conversations_v2 where id = $1 and status = 'active'";
    assert_eq!(stand.db.count(active, &[&id]).await, 1);
    assert_eq!(before, 1);
    stand.say(&helper, id, &"x".repeat(1000)).expect(201).await;
}

#[tokio::test]
async fn a_repeated_request_is_answered_and_not_repeated() {
    let stand = Stand::shared().await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let id = stand.helped(&requester, &helper).await;
    let sent = stand.say(&helper, id, "Only once").key("k").expect(201).await;
    let again = stand.say(&helper, id, "Only once").key("k").expect(201).await;
    assert_eq!((&again["message"], again.header("idempotency-replayed")), (&sent["message"], "true"));
    stand.say(&helper, id, "Something else").key("k").expect(422).await.refused(Code::IdempotencyConflict);
    assert_eq!(stand.db.count("public.messages_v2 where conversation_id = $1", &[&id]).await, 2);
    // What is kept has no contents.
    let kept = "rolecall.idempotency_records where user_id = $1 and answer::text like '%Only once%'";
    assert_eq!(stand.db.count(kept, &[&helper.id]).await, 0);
    stand.act(&helper, id, "complete").key("c").expect(200).await;
    assert_eq!(stand.act(&helper, id, "complete").key("c").expect(200).await.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn messages_have_the_limit_of_the_rpc_and_the_flag_switches_all_off() {
    let stand = Stand::own(Setup::new()).await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let id = stand.helped(&requester, &helper).await;
    stand.limit(Role::Attendee, "send_help_message", 3, 36_000).await;
    let as_helper = stand.postgrest(helper.id).await;
    let sent: Value = as_helper.one("select public.send_message_v2($1, $2, 'One')", &[&id, &helper.id]).await;
    assert_eq!(sent["success"], true);
    for content in ["Two", "Three"] {
        stand.say(&helper, id, content).expect(201).await;
    }
    stand.say(&helper, id, "Four").expect(429).await.refused(Code::RateLimited);
    stand.act(&helper, id, "complete").expect(429).await.refused(Code::RateLimited);
    assert_eq!(stand.db.count("public.messages_v2 where conversation_id = $1", &[&id]).await, 4);

    stand.db.run("update rolecall.feature_flags set rollout = 'disabled' where name = 'help-conversations'", &[]).await;
    stand.help_conversations(&requester, "").expect(404).await.refused(Code::FeatureDisabled);
    stand.help_conversation(&requester, id, "").expect(404).await.refused(Code::FeatureDisabled);
    stand.say(&requester, id, "Hello").expect(404).await.refused(Code::FeatureDisabled);
    for action in ["read", "complete", "cancel"] {
        stand.act(&requester, id, action).expect(404).await.refused(Code::FeatureDisabled);
    }
}

/// Rolled back, start-conversation leaves what was begun readable and answerable.
#[tokio::test]
async fn what_was_begun_goes_on_when_no_new_one_may_begin() {
    let stand = Stand::own(Setup::new()).await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let id = stand.helped(&requester, &helper).await;
    stand.db.run("update rolecall.feature_flags set rollout = 'disabled' where name = 'start-conversation'", &[]).await;
    let open = stand.help_request(&requester).await;
    stand.offer(&helper, open, OFFER).expect(404).await.refused(Code::FeatureDisabled);
    assert_eq!(stand.help_conversation(&requester, id, "").expect(200).await["conversation"]["can_write"], true);
    stand.say(&requester, id, "Still there?").expect(201).await;
    stand.act(&requester, id, "complete").expect(200).await;
}

/// The views that `rolecall-migrate adopt` makes over the app's own tables, here over tables made by hand.
const ADOPTED: &str = "
    create schema rolecall_adopted;
    create table public.v1_conversations (
      id uuid primary key, help_request_id uuid, requester_id uuid, helper_id uuid, status text,
      created_at timestamptz, updated_at timestamptz
    );
    create table public.v1_participants (conversation_id uuid, user_id uuid);
    create table public.v1_messages (
      id uuid primary key default gen_random_uuid(), conversation_id uuid, sender_id uuid, content text, created_at timestamptz
    );
    create view rolecall_adopted.conversations as select * from public.v1_conversations;
    create view rolecall_adopted.conversation_participants as select * from public.v1_participants;
    create view rolecall_adopted.messages as select * from public.v1_messages;";

#[tokio::test]
async fn the_apps_own_conversations_are_read_and_never_written() {
    let stand = Stand::own(Setup::new()).await;
    stand.db.script(ADOPTED).await;
    let [requester, helper, other] = stand.users([Role::Attendee, Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let new = stand.helped(&requester, &helper).await;
    let old = Uuid::new_v4();
    stand
        .db
        .run(
            "with conversation as (
               insert into public.v1_conversations
               values ($1, $2, $3, $4, 'active', now() - interval '2 years', now() - interval '1 year')
             ), people as (
               insert into public.v1_participants values ($1, $3), ($1, $4)
             )
             insert into public.v1_messages (conversation_id, sender_id, content, created_at)
             select $1, $4, 'Old ' || number, now() - interval '2 years' + number * interval '1 day'
             from generate_series(1, 5) as number",
            &[&old, &request, &requester.id, &helper.id],
        )
        .await;
    let rows = "select md5(string_agg(row::text, ' ' order by row::text)) from (
        select to_jsonb(c) from public.v1_conversations c union all select to_jsonb(m) from public.v1_messages m
        union all select to_jsonb(p) from public.v1_participants p) as row";
    let before: String = stand.db.one(rows, &[]).await;

    let list = stand.help_conversations(&helper, "").expect(200).await;
    assert_eq!(ids(&list.body), [new.to_string(), old.to_string()]);
    let card = &list["conversations"][1];
    assert_eq!((&card["version"], &card["badge"]), (&json!("v1"), &json!("Legacy Conversation")));
    assert_eq!((&card["requester_id"], &card["helper_id"]), (&json!(requester.id), &json!(helper.id)));
    assert_eq!((&card["can_write"], &card["unread_count"]), (&json!(false), &json!(0)));
    assert_eq!(card["last_message"]["content"], "Old 5");
    assert_eq!(card["help_request"]["title"], "A ride to the clinic");

    let page = stand.help_conversation(&requester, old, "limit=2").expect(200).await;
    assert_eq!((contents(&page.body), &page["has_more"]), (vec!["Old 4", "Old 5"], &json!(true)));
    assert_eq!(&page["conversation"], card);
    let before_it = format!("limit=200&before={}", page["messages"][0]["id"].as_str().unwrap());
    let page = stand.help_conversation(&requester, old, &before_it).expect(200).await;
    assert_eq!((contents(&page.body), &page["has_more"]), (vec!["Old 1", "Old 2", "Old 3"], &json!(false)));

    for user in [&requester, &helper] {
        let refusal = stand.say(user, old, "Hello").expect(409).await;
        refusal.refused_by(Code::ConversationReadOnly, "legacy_conversation");
        for action in ["read", "complete", "cancel"] {
            stand
                .act(user, old, action)
                .expect(409)
                .await
                .refused_by(Code::ConversationReadOnly, "legacy_conversation");
        }
    }
    assert!(ids(&stand.help_conversations(&other, "").expect(200).await.body).is_empty());
    stand.help_conversation(&other, old, "").expect(404).await.refused(Code::NotFound);
    stand.say(&other, old, "Hello").expect(404).await.refused(Code::NotFound);
    // One cursor goes through both.
    let first = stand.help_conversations(&helper, "limit=1").expect(200).await;
    let next = format!("limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = stand.help_conversations(&helper, &next).expect(200).await;
    let both: BTreeSet<String> = ids(&first.body).into_iter().chain(ids(&second.body)).map(str::to_owned).collect();
    assert_eq!((both.len(), &second["next_cursor"]), (2, &Value::Null));
    assert_eq!(stand.db.one::<String>(rows, &[]).await, before, "V1 is as it was");
    // A V2 offer on a request that has a V1 conversation.
    stand.offer(&other, request, OFFER).expect(201).await;
}
