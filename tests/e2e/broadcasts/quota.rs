//! The quota of broadcasts: two before and one after each show, per sender, show and quota day.

use rolecall_e2e::{Code, Role, Setup, Stand, fixtures::Starts};
use serde_json::json;

#[tokio::test]
async fn two_before_a_show_and_the_third_waits_for_the_turn_of_the_quota_day() {
    let stand = Stand::shared().await;
    for role in [Role::ShowOrganizer, Role::MvpDealer] {
        let [sender, organizer] = stand.users([role, Role::ShowOrganizer]).await;
        let owner = if role == Role::ShowOrganizer { &sender } else { &organizer };
        let show = stand.show(owner, Starts::InAWeek).await;
        stand.join(show, &[&sender]).await;

        let first = stand.broadcast(&sender, show, "One").expect(201).await;
        assert_eq!(first["quota_remaining"], json!({"pre_show": 1, "post_show": 1}));
        assert_eq!(first.header("ratelimit-policy"), "\"pre_show\";q=2;w=86400");
        assert!(first.header("ratelimit").starts_with("\"pre_show\";r=1;t="), "{}", first.header("ratelimit"));
        let second = stand.broadcast(&sender, show, "Two").expect(201).await;
        assert_eq!(second["quota_remaining"], json!({"pre_show": 0, "post_show": 1}));

        let third = stand.broadcast(&sender, show, "Three").expect(429).await.refused(Code::QuotaExceeded);
        assert_eq!(third["phase"], "pre_show");
        assert_eq!(third["quota_remaining"], json!({"pre_show": 0, "post_show": 1}));
        let reset_at: String = stand
            .db
            .one("select to_char((rolecall_internal.quota_day(now()) + 1), 'YYYY-MM-DD') || 'T02:00:00.000000Z'", &[])
            .await;
        assert_eq!(third["reset_at"], reset_at);
        let seconds = third["retry_after_seconds"].as_u64().unwrap();
        assert!((1..=86_400).contains(&seconds), "{seconds}");
        assert_eq!(third.header("retry-after"), seconds.to_string());
        assert!(third.header("ratelimit").starts_with("\"pre_show\";r=0;t="), "{}", third.header("ratelimit"));
        assert_eq!(stand.quota(&sender, show).await, Some((Some(0), Some(1))));
        assert_eq!(stand.db.count("rolecall.broadcasts where sender_id = $1", &[&sender.id]).await, 2);
        assert_eq!(stand.audit(third.request_id()).await.len(), 1);
    }
}

#[tokio::test]
async fn one_after_a_show_has_started() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::ADayAgo).await;
    let first = stand.broadcast(&organizer, show, "Thank you").expect(201).await;
    assert_eq!(first["quota_remaining"], json!({"pre_show": 2, "post_show": 0}));
    let second = stand.broadcast(&organizer, show, "Once more").expect(429).await.refused(Code::QuotaExceeded);
    assert_eq!(second["phase"], "post_show");
    let phase: String =
        stand.db.one("select phase from rolecall.broadcasts where id = $1", &[&first.id("broadcast_id")]).await;
    assert_eq!(phase, "post_show");
}

#[tokio::test]
async fn the_phase_turns_when_the_show_starts_on_the_clock_of_the_database() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.broadcast(&organizer, show, "One").expect(201).await;
    stand.broadcast(&organizer, show, "Two").expect(201).await;
    stand.broadcast(&organizer, show, "Three").expect(429).await;
    stand.db.run("update rolecall.shows set starts_at = now() where id = $1", &[&show]).await;
    let after = stand.broadcast(&organizer, show, "It has begun").expect(201).await;
    assert_eq!(after["quota_remaining"], json!({"pre_show": 0, "post_show": 0}));
}

#[tokio::test]
async fn each_show_has_a_quota_of_its_own() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    for _ in 0..2 {
        let show = stand.show(&organizer, Starts::InAWeek).await;
        stand.broadcast(&organizer, show, "One").expect(201).await;
        stand.broadcast(&organizer, show, "Two").expect(201).await;
        stand.broadcast(&organizer, show, "Three").expect(429).await;
    }
}

#[tokio::test]
async fn each_sender_has_a_quota_of_their_own() {
    let stand = Stand::shared().await;
    let [organizer, one, two] = stand.users([Role::ShowOrganizer, Role::MvpDealer, Role::MvpDealer]).await;
    let show = stand.show(&organizer, Starts::ADayAgo).await;
    stand.join(show, &[&one, &two]).await;
    for sender in [&organizer, &one, &two] {
        stand.broadcast(sender, show, "Thank you").expect(201).await;
        stand.broadcast(sender, show, "Thank you").expect(429).await;
    }
}

#[tokio::test]
async fn an_admin_has_no_quota() {
    let stand = Stand::shared().await;
    let [organizer, admin] = stand.users([Role::ShowOrganizer, Role::Admin]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    for _ in 0..5 {
        let sent = stand.broadcast(&admin, show, "Hear, hear").expect(201).await;
        assert_eq!(sent["quota_remaining"], json!({"pre_show": null, "post_show": null}));
        assert_eq!(sent.header("ratelimit"), "");
    }
}

#[tokio::test]
async fn limits_are_rows_and_hold_from_the_next_quota_row_on() {
    let stand = Stand::own(Setup::new()).await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let sql = "update rolecall.broadcast_limits set per_quota_day = $2 where role = 'show_organizer' and phase = $1";
    stand.db.run(sql, &[&"pre_show", &3]).await;
    stand.db.run(sql, &[&"post_show", &0]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    for remaining in [2, 1, 0] {
        let sent = stand.broadcast(&organizer, show, "Hello").expect(201).await;
        assert_eq!(sent["quota_remaining"], json!({"pre_show": remaining, "post_show": 0}));
    }
    stand.broadcast(&organizer, show, "Hello").expect(429).await.refused(Code::QuotaExceeded);
    let over = stand.show(&organizer, Starts::ADayAgo).await;
    stand.broadcast(&organizer, over, "Hello").expect(429).await.refused(Code::QuotaExceeded);
}

#[tokio::test]
async fn a_quota_of_an_earlier_day_is_full_again_without_any_reset() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    for _ in 0..2 {
        stand.broadcast(&organizer, show, "Hello").expect(201).await;
    }
    stand.broadcast(&organizer, show, "Hello").expect(429).await;
    stand.db.run("update rolecall.broadcast_quotas set period = period - 1 where show_id = $1", &[&show]).await;
    let sent = stand.broadcast(&organizer, show, "A new day").expect(201).await;
    assert_eq!(sent["quota_remaining"], json!({"pre_show": 1, "post_show": 1}));
    assert_eq!(stand.quota(&organizer, show).await, Some((Some(1), Some(1))));
}

/// The first fault of the original: it took the quota, then sent; a send that failed had cost one.
#[tokio::test]
async fn quota_is_not_spent_before_the_send_so_that_a_send_that_fails_costs_nothing() {
    let stand = Stand::own(Setup::new()).await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand
        .db
        .script(
            "create function public.lightning() returns trigger language plpgsql as
             $$ begin raise exception 'struck by lightning'; end $$;",
        )
        .await;
    for table in ["broadcasts", "messages", "conversations"] {
        stand
            .db
            .script(&format!(
                "create trigger lightning before insert on rolecall.{table}
                 for each row execute function public.lightning()"
            ))
            .await;
        let failed = stand.broadcast(&organizer, show, "Hello").key("the one key").expect(500).await;
        let failed = failed.refused(Code::Internal);
        assert!(!failed.body.to_string().contains("lightning"), "{}", failed.body);
        assert_eq!(stand.quota(&organizer, show).await, None, "a failed insert into {table} has cost something");
        assert_eq!(stand.traces(&organizer).await, 0);
        stand.db.script(&format!("drop trigger lightning on rolecall.{table}")).await;
    }
    let sent = stand.broadcast(&organizer, show, "Hello").key("the one key").expect(201).await;
    assert_eq!(sent["quota_remaining"], json!({"pre_show": 1, "post_show": 1}));
    stand.broadcast(&organizer, show, "Hello").expect(201).await;
    stand.broadcast(&organizer, show, "Hello").expect(429).await;
}

/// The second fault of the original: the send took one, and the handler took another.
#[tokio::test]
async fn quota_is_not_spent_twice_by_one_send_nor_by_its_repetition() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    for _ in 0..3 {
        let sent = stand.broadcast(&organizer, show, "Hello").key("first").expect(201).await;
        assert_eq!(sent["quota_remaining"], json!({"pre_show": 1, "post_show": 1}));
        assert_eq!(stand.quota(&organizer, show).await, Some((Some(1), Some(1))));
    }
    for _ in 0..3 {
        stand.broadcast(&organizer, show, "Hello").key("second").expect(201).await;
        assert_eq!(stand.quota(&organizer, show).await, Some((Some(0), Some(1))));
    }
    assert_eq!(stand.db.count("rolecall.broadcasts where sender_id = $1", &[&organizer.id]).await, 2);
}

#[tokio::test]
async fn a_refused_broadcast_costs_nothing() {
    let stand = Stand::shared().await;
    let [mvp, organizer] = stand.users([Role::MvpDealer, Role::ShowOrganizer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&mvp]).await;
    stand.broadcast_to(&mvp, show, &["attendee", "dealer"], "Hello").expect(403).await;
    stand.broadcast(&mvp, show, &"x".repeat(1001)).expect(400).await;
    assert_eq!(stand.quota(&mvp, show).await, None);
}
