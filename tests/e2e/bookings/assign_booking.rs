//! POST assign-booking: who may, what is refused, what there is afterwards, and the times that people read.

use rolecall_e2e::{Agency, Code, Role, Setup, Stand, User, agency::phone, token};
use serde_json::{Value, json};
use uuid::Uuid;

/// How many bookings, windows and threads an organisation has.
async fn counted(stand: &Stand, organization: Uuid) -> [i64; 3] {
    let mut counts = [0; 3];
    for (count, table) in counts.iter_mut().zip(["bookings", "assignment_windows", "message_threads"]) {
        *count = stand.db.count(&format!("rolecall.{table} where organization_id = $1"), &[&organization]).await;
    }
    counts
}

fn with(booking: &Value, change: Value) -> Value {
    let mut booking = booking.clone();
    for (name, value) in change.as_object().unwrap() {
        booking[name] = value.clone();
    }
    booking
}

#[tokio::test]
async fn owner_admin_and_operator_put_bookings_and_nobody_else() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let booking = stand.booking(&agency.client, Some(&agency.sitter), 60, 120).await;
    let [stranger, member] = stand.users([Role::Admin, Role::Attendee]).await;
    stand.belongs(&member, agency.organization, None).await;
    for (user, rule) in [
        (&agency.sitter, "only_owner_and_admin_assign"),
        (&agency.client_user, "only_owner_and_admin_assign"),
        (&member, "no_organization_role"),
    ] {
        stand.assign(user, &booking).expect(403).await.refused_by(Code::PermissionDenied, rule);
    }
    // Who is in no organisation is in none that has it on.
    for user in [&stranger, &User::stranger()] {
        stand.assign(user, &booking).expect(404).await.refused(Code::FeatureDisabled);
    }
    stand.suspend(&agency.admin, 1).await;
    stand.assign(&agency.admin, &booking).expect(403).await.refused_by(Code::PermissionDenied, "suspended");
    stand.post("assign-booking", &booking).expect(401).await.refused(Code::Unauthenticated);
    let anonymous = token::hs256(&token::claims(Some(agency.owner.id), "anon"), token::SECRET.as_bytes());
    let refusal = stand.post("assign-booking", &booking).token(&anonymous).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "staff_only");
    let operator = token::operator();
    let refusal = stand.post("assign-booking", &booking).token(&operator).expect(400).await;
    assert_eq!(refusal.refused(Code::ValidationError).faults(), [("organization_id", "required")]);
    stand.assign_as_operator(Uuid::new_v4(), &booking).expect(404).await.refused(Code::NotFound);
    assert_eq!(counted(&stand, agency.organization).await, [0, 0, 0], "a refusal leaves nothing");

    let put = stand.assign(&agency.owner, &booking).expect(200).await;
    for again in [
        stand.assign_as_operator(agency.organization, &booking),
        stand.assign(&agency.owner, &with(&booking, json!({"organization_id": agency.organization}))),
    ] {
        let again = again.expect(200).await;
        for member in ["booking_id", "client_id", "thread_id", "number_class", "window", "starts_at"] {
            assert_eq!(again[member], put[member], "{member}");
        }
    }
    assert_eq!(counted(&stand, agency.organization).await, [1, 1, 1], "one of each");
    assert_eq!((&put["number_class"], &put["time_zone"]), (&json!("sitter"), &json!("UTC")));
    assert_eq!(put.id("client_id"), agency.client.id);
    let audited = stand.audit(put.request_id()).await;
    assert_eq!(audited, [(Some("ok".to_owned()), "booking_assigned".to_owned(), Some(agency.owner.id))]);
}

#[tokio::test]
async fn what_belongs_to_another_organisation_is_not_found_and_not_touched() {
    let stand = Stand::shared().await;
    let [ours, theirs] = [stand.agency().await, stand.agency().await];
    let booking = stand.booking(&ours.client, Some(&ours.sitter), 60, 120).await;
    for change in [
        json!({"organization_id": theirs.organization}),
        json!({"organization_id": Uuid::new_v4()}),
        json!({"sitter_id": theirs.sitter.id}),
        json!({"sitter_id": Uuid::new_v4()}),
        json!({"sitter_id": ours.owner.id}),
        json!({"client": {"id": theirs.client.id}}),
        json!({"client": {"id": Uuid::new_v4()}}),
    ] {
        stand.assign(&ours.owner, &with(&booking, change)).expect(404).await.refused(Code::NotFound);
    }
    // An operator's token reaches every organisation, but its rows do not mix.
    for change in [json!({"sitter_id": theirs.sitter.id}), json!({"client": {"id": theirs.client.id}})] {
        let call = stand.assign_as_operator(ours.organization, &with(&booking, change));
        call.expect(404).await.refused(Code::NotFound);
    }
    for agency in [&ours, &theirs] {
        assert_eq!(counted(&stand, agency.organization).await, [0, 0, 0]);
    }

    // The same id, and the same phone, is another booking and another client there.
    let client = json!({"display_name": "Cara", "phone": phone()});
    let mut ids = Vec::new();
    for agency in [&ours, &theirs] {
        let change = json!({"client": client, "sitter_id": agency.sitter.id});
        ids.push(stand.assign(&agency.owner, &with(&booking, change)).expect(200).await.id("client_id"));
    }
    assert_ne!(ids[0], ids[1]);
    stand.assign(&theirs.owner, &with(&booking, json!({"client": {"id": ids[0]}}))).expect(404).await;
    let cancelled = with(&booking, json!({"status": "cancelled", "sitter_id": null, "client": {"id": ids[1]}}));
    stand.assign(&theirs.owner, &cancelled).expect(200).await;
    let open = "rolecall.assignment_windows where organization_id = $1 and closed_at is null";
    assert_eq!(stand.db.count(open, &[&ours.organization]).await, 1, "theirs was cancelled, ours was not");
    assert_eq!(stand.db.count(open, &[&theirs.organization]).await, 0);
}

#[tokio::test]
async fn bad_input_is_told_by_field_and_changes_nothing() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let booking = stand.booking(&agency.client, Some(&agency.sitter), 60, 120).await;
    let starts_at = booking["starts_at"].clone();
    for (change, fault) in [
        (json!({"ends_at": starts_at}), ("ends_at", "end_before_start")),
        (json!({"ends_at": "2020-01-01T00:00:00Z"}), ("ends_at", "end_before_start")),
        (json!({"starts_at": "tomorrow"}), ("starts_at", "malformed_timestamp")),
        (json!({"booking_id": "7"}), ("booking_id", "malformed_uuid")),
        (json!({"booking_id": null}), ("booking_id", "required")),
        (json!({"client": "Cara"}), ("client", "wrong_type")),
        (json!({"client": {}}), ("client.id", "either")),
        (json!({"client": {"display_name": "Cara", "phone": "202 555 0187"}}), ("client.phone", "malformed_phone")),
        (json!({"client": {"display_name": "Ca\nra", "phone": "+12025550187"}}), ("client.display_name", "not_a_name")),
        (
            json!({"client": {"display_name": "a".repeat(201), "phone": "+12025550187"}}),
            ("client.display_name", "too_long"),
        ),
        (json!({"client": {"display_name": "Cara", "phone": agency.pool.e164}}), ("client.phone", "own_number")),
        (json!({"service": ""}), ("service", "empty")),
        (json!({"service": "w".repeat(101)}), ("service", "too_long")),
        (json!({"recurring": "yes"}), ("recurring", "wrong_type")),
        (json!({"sitter_id": "Sam"}), ("sitter_id", "malformed_uuid")),
        (json!({"status": "canceled"}), ("status", "unknown_value")),
        (json!({"price": 12}), ("price", "unknown_field")),
    ] {
        let refusal = stand.assign(&agency.owner, &with(&booking, change)).expect(400).await;
        assert_eq!(refusal.refused(Code::ValidationError).faults(), [fault]);
    }
    assert_eq!(counted(&stand, agency.organization).await, [0, 0, 0]);
    assert_eq!(stand.db.count("rolecall.clients where organization_id = $1", &[&agency.organization]).await, 1);
    let longest = with(
        &booking,
        json!({"service": "w".repeat(100), "client": {"display_name": "é".repeat(200), "phone": phone()}}),
    );
    stand.assign(&agency.owner, &longest).expect(200).await;
}

#[tokio::test]
async fn a_key_answers_the_same_once_more_and_no_other_body() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let booking = stand.booking(&agency.client, Some(&agency.sitter), 60, 120).await;
    let first = stand.assign(&agency.owner, &booking).key("a").expect(200).await;
    let again = stand.assign(&agency.owner, &booking).key("a").expect(200).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again["window"], first["window"]);
    let other = with(&booking, json!({"service": "taxi"}));
    stand.assign(&agency.owner, &other).key("a").expect(422).await.refused(Code::IdempotencyConflict);
    let service: String =
        stand.db.one("select service from rolecall.bookings where organization_id = $1", &[&agency.organization]).await;
    assert_eq!(service, "walk");
}

#[tokio::test]
async fn without_the_flag_of_proactive_threads_everything_waits_for_the_first_message() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    stand.switch(&agency, "proactive_thread_creation", "disabled").await;
    let booking = stand.booking(&agency.client, Some(&agency.sitter), 60, 120).await;
    let put = stand.assign(&agency.owner, &booking).expect(200).await;
    assert_eq!((&put["thread_id"], &put["window"], &put["number_class"]), (&json!(null), &json!(null), &json!(null)));
    assert_eq!(counted(&stand, agency.organization).await, [1, 0, 0]);
    stand.switch(&agency, "proactive_thread_creation", "enabled").await;
    for change in [json!({"recurring": false}), json!({"sitter_id": null}), json!({"status": "completed"})] {
        stand.assign(&agency.owner, &with(&booking, change)).expect(200).await;
        assert_eq!(counted(&stand, agency.organization).await, [1, 0, 0]);
    }
    // An open thread gets the window at once, whatever the booking.
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    let put = stand.assign(&agency.owner, &with(&booking, json!({"recurring": false}))).expect(200).await;
    assert_eq!((put.id("thread_id"), &put["number_class"]), (thread, &json!("pool")), "who books once is for the pool");
    assert!(put["window"]["window_id"].is_string(), "{}", put.body);
    let put = stand.assign(&agency.owner, &booking).expect(200).await;
    assert_eq!(put["number_class"], "sitter", "the number is decided anew with each assignment");
    let put =
        stand.assign(&agency.owner, &with(&booking, json!({"sitter_id": agency.other_sitter.id}))).expect(200).await;
    assert_eq!(put["number_class"], "front_desk", "the other sitter has no number");
    let agrees = "rolecall.message_threads thread join rolecall.message_numbers number on number.id = thread.number_id
        where thread.id = $1 and thread.number_class = number.class";
    assert_eq!(stand.db.count(agrees, &[&thread]).await, 1);
    assert_eq!(counted(&stand, agency.organization).await, [1, 1, 1]);
}

#[tokio::test]
async fn without_any_number_a_booking_is_refused_whole() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    stand.db.run("delete from rolecall.message_numbers where organization_id = $1", &[&agency.organization]).await;
    let booking = stand.booking(&agency.client, Some(&agency.sitter), 60, 120).await;
    let booking = with(&booking, json!({"client": {"display_name": "New", "phone": phone()}}));
    let before = stand.db.count("rolecall.clients where organization_id = $1", &[&agency.organization]).await;
    let refusal = stand.assign(&agency.owner, &booking).expect(409).await;
    refusal.refused_by(Code::NoNumberAvailable, "no_number_available");
    assert_eq!(counted(&stand, agency.organization).await, [0, 0, 0]);
    assert_eq!(stand.db.count("rolecall.clients where organization_id = $1", &[&agency.organization]).await, before);
    stand.number(agency.organization, "front_desk", None).await;
    stand.assign(&agency.owner, &booking).expect(200).await;
    assert_eq!(counted(&stand, agency.organization).await, [1, 1, 1]);
}

async fn window_of(stand: &Stand, agency: &Agency, zone: &str, service: &str, times: [&str; 2]) -> Value {
    let sql = "update rolecall.organizations set time_zone = $2 where id = $1";
    stand.db.run(sql, &[&agency.organization, &zone]).await;
    let booking = stand.booking(&agency.client, Some(&agency.sitter), 60, 120).await;
    let change = json!({"service": service, "starts_at": times[0], "ends_at": times[1]});
    let put = stand.assign(&agency.owner, &with(&booking, change)).expect(200).await;
    assert_eq!(put["time_zone"], zone);
    let mut window = put["window"].clone();
    window.as_object_mut().unwrap().remove("window_id");
    json!({"starts": put["starts_at_local"], "ends": put["ends_at_local"], "window": window})
}

#[tokio::test]
async fn people_read_their_own_clocks_across_a_change_to_summer_time() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    // At 02:00 of Sunday 29 March 2099 the clocks of Berlin go on to 03:00; a window counts in absolute time.
    assert_eq!(
        window_of(&stand, &agency, "Europe/Berlin", "walk", ["2099-03-29T01:30:00+01:00", "2099-03-29T03:30:00+02:00"])
            .await,
        json!({
            "starts": "2099-03-29T01:30:00.000000+01:00", "ends": "2099-03-29T03:30:00.000000+02:00",
            "window": {
                "starts_at": "2099-03-28T23:30:00.000000Z", "ends_at": "2099-03-29T02:30:00.000000Z",
                "starts_at_local": "2099-03-29T00:30:00.000000+01:00", "ends_at_local": "2099-03-29T04:30:00.000000+02:00",
            },
        })
    );
    // In autumn there are two half past two.
    assert_eq!(
        window_of(&stand, &agency, "Europe/Berlin", "house-sitting", ["2099-10-25T00:30:00Z", "2099-10-25T01:30:00Z"])
            .await,
        json!({
            "starts": "2099-10-25T02:30:00.000000+02:00", "ends": "2099-10-25T02:30:00.000000+01:00",
            "window": {
                "starts_at": "2099-10-24T22:30:00.000000Z", "ends_at": "2099-10-25T03:30:00.000000Z",
                "starts_at_local": "2099-10-25T00:30:00.000000+02:00", "ends_at_local": "2099-10-25T04:30:00.000000+01:00",
            },
        })
    );
    // New York changes on Sunday 8 March 2099 and on Sunday 1 November 2099.
    assert_eq!(
        window_of(&stand, &agency, "America/New_York", "drop-in", ["2099-03-08T06:30:00Z", "2099-03-08T07:00:00Z"])
            .await,
        json!({
            "starts": "2099-03-08T01:30:00.000000-05:00", "ends": "2099-03-08T03:00:00.000000-04:00",
            "window": {
                "starts_at": "2099-03-08T05:30:00.000000Z", "ends_at": "2099-03-08T08:00:00.000000Z",
                "starts_at_local": "2099-03-08T00:30:00.000000-05:00", "ends_at_local": "2099-03-08T04:00:00.000000-04:00",
            },
        })
    );
    assert_eq!(
        window_of(&stand, &agency, "America/New_York", "taxi", ["2099-11-01T05:30:00Z", "2099-11-01T06:30:00Z"]).await,
        json!({
            "starts": "2099-11-01T01:30:00.000000-04:00", "ends": "2099-11-01T01:30:00.000000-05:00",
            "window": {
                "starts_at": "2099-11-01T04:30:00.000000Z", "ends_at": "2099-11-01T07:30:00.000000Z",
                "starts_at_local": "2099-11-01T00:30:00.000000-04:00", "ends_at_local": "2099-11-01T02:30:00.000000-05:00",
            },
        })
    );
}

#[tokio::test]
async fn a_sitter_who_has_their_account_deleted_is_unassigned() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let booking = stand.booking(&agency.client, Some(&agency.sitter), -30, 120).await;
    let put = stand.assign(&agency.owner, &booking).expect(200).await;
    assert_eq!(put["number_class"], "sitter");
    stand.delete_account(&agency.sitter).expect(200).await;
    let left = "rolecall.bookings b
        join rolecall.assignment_windows w on w.organization_id = b.organization_id and w.booking_id = b.id
        join rolecall.message_threads t on t.id = w.thread_id
        where b.organization_id = $1 and b.sitter_id is null and b.status = 'confirmed'
          and w.sitter_id is null and w.closed_at is not null and t.number_class = 'front_desk' and t.sitter_id is null";
    assert_eq!(stand.db.count(left, &[&agency.organization]).await, 1);
    let resting = "rolecall.message_numbers where id = $1 and status = 'resting' and sitter_id is null
        and rests_until between now() + interval '90 days' - interval '1 hour' and now() + interval '90 days'";
    assert_eq!(stand.db.count(resting, &[&agency.sitter_number.id]).await, 1);
    stand.assign(&agency.owner, &booking).expect(404).await.refused(Code::NotFound);
    let again = with(&booking, json!({"sitter_id": agency.other_sitter.id}));
    let again = stand.assign(&agency.owner, &again).expect(200).await;
    assert_eq!(again["window"]["window_id"], put["window"]["window_id"], "the window opens again in its place");
}

#[tokio::test]
async fn flags_go_off_and_on_and_what_there_was_is_still_there() {
    let stand = Stand::shared().await;
    let [agency, neighbour] = [stand.agency().await, stand.agency().await];
    let booking = stand.booking(&agency.client, Some(&agency.sitter), 60, 120).await;
    let put = stand.assign(&agency.owner, &booking).expect(200).await;
    let flags = ["messaging_v1", "proactive_thread_creation", "sitter_messages_v1"];
    let told = async |user: &User| {
        let answer = stand.get("/api/messages/me").by(user).expect(200).await;
        flags.map(|flag| answer["flags"][flag]["enabled"] == true)
    };
    let threads = async |user: &User| {
        let answer = stand.get("threads").by(user).send().await;
        let is_off = (answer.status, answer.code()) == (404, "feature_disabled");
        if is_off {
            None
        } else {
            Some(answer.items("threads").iter().map(|thread| thread["id"].clone()).collect::<Vec<_>>())
        }
    };
    let text = json!({"thread_id": put["thread_id"], "content": "Rex is fine."});
    assert_eq!(told(&agency.sitter).await, [true; 3]);
    let seen = Some(vec![put["thread_id"].clone()]);
    assert_eq!((threads(&agency.owner).await, threads(&agency.sitter).await), (seen.clone(), seen.clone()));

    stand.switch(&agency, "sitter_messages_v1", "disabled").await;
    assert_eq!((threads(&agency.owner).await, threads(&agency.sitter).await), (seen.clone(), None), "sitters alone");
    for flag in flags {
        stand.switch(&agency, flag, "disabled").await;
    }
    assert_eq!((threads(&agency.owner).await, threads(&agency.sitter).await), (None, None));
    for user in [&agency.owner, &agency.sitter, &agency.client_user] {
        stand.post("send-thread-message", &text).by(user).expect(404).await.refused(Code::FeatureDisabled);
    }
    assert_eq!(told(&agency.sitter).await, [false; 3]);
    assert_eq!(told(&neighbour.sitter).await, [true; 3], "of one organisation alone");
    let before = counted(&stand, agency.organization).await;
    stand.assign(&agency.owner, &booking).expect(404).await.refused(Code::FeatureDisabled);
    stand.assign_as_operator(agency.organization, &booking).expect(404).await.refused(Code::FeatureDisabled);
    let theirs = stand.booking(&neighbour.client, Some(&neighbour.sitter), 60, 120).await;
    stand.assign(&neighbour.owner, &theirs).expect(200).await;
    assert_eq!(counted(&stand, agency.organization).await, before);
    for flag in flags {
        stand.switch(&agency, flag, "enabled").await;
    }
    let again = stand.assign(&agency.owner, &booking).expect(200).await;
    assert_eq!(
        (&again["thread_id"], &again["window"]),
        (&put["thread_id"], &put["window"]),
        "they return with the flag"
    );
}

#[tokio::test]
async fn the_operators_variable_switches_texting_off_for_all() {
    let stand = Stand::own(Setup::new().variable("rollouts", "messaging_v1=disabled")).await;
    let agency = stand.agency().await;
    let booking = stand.booking(&agency.client, Some(&agency.sitter), 60, 120).await;
    stand.assign(&agency.owner, &booking).expect(404).await.refused(Code::FeatureDisabled);
    stand.assign_as_operator(agency.organization, &booking).expect(404).await.refused(Code::FeatureDisabled);
}
