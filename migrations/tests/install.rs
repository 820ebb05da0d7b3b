//! What docs/install.md promises to somebody who has a database: it is installed by its owner on every host, on every
//! version of PostgreSQL (`make test-postgres-versions`), and the users become profiles by the files of docs/install.

#[path = "support/hosted.rs"]
mod hosted;
mod support;

use hosted::{Hosted, catalogue, rds, supabase};
use rolecall_database::{apply, connect, load_demo, rollback};
use rolecall_postgres::{Cluster, Options};
use serde_json::{Value, json};
use support::{call, demo, list, one, operator_request, request, switch_on};
use tokio_postgres::Client;
use uuid::Uuid;

const FROM_AUTH_USERS: &str = include_str!("../../docs/install/profiles_from_auth_users.sql");
const FROM_AUTH_USERS_UNDO: &str = include_str!("../../docs/install/profiles_from_auth_users_undo.sql");
const FROM_OWN_TABLE: &str = include_str!("../../docs/install/profiles_from_own_table.sql");
const FROM_OWN_TABLE_UNDO: &str = include_str!("../../docs/install/profiles_from_own_table_undo.sql");
const ROLES: &str = include_str!("../../docs/install/roles_from_own_table.sql");
const ROLES_UNDO: &str = include_str!("../../docs/install/roles_from_own_table_undo.sql");
const SHOWS: &str = include_str!("../../docs/install/shows_from_own_tables.sql");
const SHOWS_UNDO: &str = include_str!("../../docs/install/shows_from_own_tables_undo.sql");
const HELP: &str = include_str!("../../docs/install/help_requests_from_own_table.sql");
const HELP_UNDO: &str = include_str!("../../docs/install/help_requests_from_own_table_undo.sql");

async fn run(client: &Client, sql: &str) {
    if let Err(error) = client.batch_execute(sql).await {
        panic!("{sql}: {error:?}");
    }
}

/// The profiles, in the order of their names.
async fn profiles(client: &Client) -> Vec<String> {
    list(client, "select concat_ws(' ', right(id::text, 1), role, display_name) from rolecall.profiles order by id")
        .await
}

/// The demo agency's person or row with this number.
fn agency(number: u32) -> Uuid {
    format!("00000000-0000-4000-8000-0000000000a{number:x}").parse().expect("a uuid")
}

/// A day of the demo agency, by the entry points of its functions: a booking, a text of the client, the answer of the sitter
/// on its way to the carrier, what the owner sees of it, and the client's erasure.
async fn texts_are_exchanged(edge: &Client) {
    let done = async |function: &str, user: Option<Uuid>, input: Value| {
        let request = user.map_or_else(
            || {
                let mut request = operator_request();
                request["input"] = input.clone();
                request
            },
            |user| request(user, input.clone()),
        );
        let mut answer = call(edge, function, &request).await;
        assert_eq!(answer["ok"], true, "{function}: {answer}");
        answer["data"].take()
    };
    let (owner, sitter, client) = (Some(agency(1)), Some(agency(2)), agency(7));
    let clean = json!({"violations": []});

    let booking = json!({
        "booking_id": agency(9), "client": {"id": client}, "service": "walk", "starts_at": "2026-01-01T00:00:00Z",
        "ends_at": "2126-01-01T00:00:00Z", "recurring": true, "sitter_id": sitter, "status": "confirmed",
    });
    let assigned = done("assign_booking", owner, booking).await;
    assert_eq!(assigned["thread_id"], json!(agency(8)), "{assigned}");
    let text = json!({
        "message_sid": "SM1", "from": "+12025550187", "to": "+12025550185", "content": "Has Rex eaten?",
        "media_urls": [], "silent": false, "filter": clean,
    });
    let received = done("receive_sms", None, text).await;
    assert_eq!(received["decision"], "one_sitter", "{received}");

    let answer =
        json!({"thread_id": agency(8), "content": "All of it.", "filter": clean, "encoding": "gsm_7", "segments": 1});
    let sent = done("send_thread_message", sitter, answer).await;
    assert_eq!(sent["delivery"], "queued", "{sent}");
    let claimed = done("claim_sms", None, json!({"lease": true})).await;
    assert_eq!(claimed["messages"].as_array().map(Vec::len), Some(1), "{claimed}");
    let id = &claimed["messages"][0]["id"];
    assert_eq!(claimed["messages"][0]["to"], "+12025550187", "{claimed}");
    let outcome = json!({"id": id, "outcome": "sent", "carrier_sid": "SM2"});
    let settled = done("settle_sms", None, json!({"lease": claimed["lease"], "outcomes": [outcome]})).await;
    assert_eq!(settled["settled"], 1, "{settled}");
    let status = json!({"id": id, "message_sid": "SM2", "status": "delivered"});
    done("receive_sms_status", None, status).await;

    let forced = json!({"message_id": "00000000-0000-4000-8000-0000000000ab", "reason": "It is the vet's."});
    done("force_send", owner, forced).await;
    let thread = done("thread_messages", owner, json!({"thread_id": agency(8)})).await;
    let deliveries: Vec<_> =
        thread["messages"].as_array().into_iter().flatten().map(|message| &message["delivery"]).collect();
    assert!(deliveries.contains(&&json!("delivered")), "{thread}");
    let seen = done("diagnostics", owner, json!({})).await;
    assert!(seen["texting"].is_object(), "{seen}");
    done("list_threads", sitter, json!({})).await;
    done("erase_client", None, json!({"organization_id": agency(0), "client_id": client})).await;
}

/// The whole way: install, use, switch off, take out, install again.
async fn is_at_home(cluster: &Cluster, hosted: &Hosted) {
    let before = catalogue(&hosted.admin_url).await;
    apply(&hosted.owner_url).await.expect("the owner can install");
    let installed = catalogue(&hosted.admin_url).await;
    assert_eq!(apply(&hosted.owner_url).await.expect("nothing is left"), [] as [i32; 0]);
    load_demo(&hosted.owner_url).await.expect("the owner can load it");
    assert_eq!(catalogue(&hosted.admin_url).await, installed, "a second run changes nothing");

    let edge_url = cluster.edge_url("app").await.expect("the login exists");
    let edge = connect(&edge_url).await.expect("it runs");
    let message = request(demo(1), json!({"recipient_id": demo(4), "content": "Hello"}));
    let answer = call(&edge, "send_dm", &message).await;
    assert_eq!(answer["data"]["seq"], 1, "{answer}");
    texts_are_exchanged(&edge).await;

    // The operator's kill switch, by the rights of service_role.
    let admin = hosted.admin().await;
    run(&admin, "set role service_role").await;
    let changed = admin
        .execute("update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm'", &[])
        .await
        .expect("the operator may");
    assert_eq!(changed, 1);
    run(&admin, "reset role").await;
    let answer = call(&edge, "send_dm", &message).await;
    assert_eq!(answer["code"], "feature_disabled", "{answer}");
    drop(edge);

    rollback(&hosted.owner_url, 0).await.expect("the owner can take it out");
    assert_eq!(catalogue(&hosted.admin_url).await, before, "nothing of it is left, and nothing else has changed");
    assert!(!one::<bool>(&admin, "select to_regrole('rolecall_edge') is not null").await);
    apply(&hosted.owner_url).await.expect("the owner can install again");
    assert_eq!(catalogue(&hosted.admin_url).await, installed);
}

#[tokio::test]
async fn supabase_is_installed_used_and_left_by_its_owner() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    is_at_home(&cluster, &supabase(&cluster, "app").await).await;
}

#[tokio::test]
async fn rds_is_installed_used_and_left_by_its_owner() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    is_at_home(&cluster, &rds(&cluster, "app").await).await;
}

#[tokio::test]
async fn plain_postgresql_is_installed_used_and_left_by_a_superuser() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    cluster.create_database("app", None).await.expect("a superuser may");
    let url = cluster.admin_url("app");
    is_at_home(&cluster, &Hosted { admin_url: url.clone(), owner_url: url }).await;
}

/// The roles belong to the server; from PostgreSQL 16 on they are changed by who made them.
#[tokio::test]
async fn an_owner_leaves_a_server_on_which_another_one_installed_first() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    cluster.create_database("first", None).await.expect("a superuser may");
    let first = cluster.admin_url("first");
    apply(&first).await.expect("a superuser can install");
    let installed = catalogue(&first).await;

    let second = rds(&cluster, "second").await;
    let before = catalogue(&second.admin_url).await;
    apply(&second.owner_url).await.expect("the owner can install");
    rollback(&second.owner_url, 0).await.expect("the owner can take it out");
    assert_eq!(catalogue(&second.admin_url).await, before);
    assert_eq!(catalogue(&first).await, installed);
    let admin = connect(&first).await.expect("it runs");
    assert!(one::<bool>(&admin, "select to_regrole('rolecall_edge') is not null").await);
}

const USERS: &str = "
    insert into auth.users (id, raw_user_meta_data) values
      ('00000000-0000-4000-8000-000000000001', '{\"name\": \" Ada \", \"role\": \"admin\"}'),
      ('00000000-0000-4000-8000-000000000002', '{\"full_name\": \"Grace Hopper\"}'),
      ('00000000-0000-4000-8000-000000000003', null);";

#[tokio::test]
async fn the_users_of_supabase_become_profiles_and_stay_ones() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    let hosted = supabase(&cluster, "app").await;
    let owner = hosted.owner().await;
    let admin = hosted.admin().await;
    run(&admin, USERS).await;
    let before = catalogue(&hosted.admin_url).await;

    apply(&hosted.owner_url).await.expect("the owner can install");
    run(&owner, FROM_AUTH_USERS).await;
    assert_eq!(profiles(&admin).await, ["1 attendee Ada", "2 attendee Grace Hopper", "3 attendee "]);

    // Those who sign up and change their name from now on, written by Supabase's own login.
    run(&admin, "set role supabase_auth_admin").await;
    run(
        &admin,
        "insert into auth.users (id, raw_user_meta_data)
         values ('00000000-0000-4000-8000-000000000004', jsonb_build_object('name', repeat('x', 300)));
         update auth.users set raw_user_meta_data = '{\"name\": \"Ada Lovelace\"}' where right(id::text, 1) = '1';",
    )
    .await;
    run(&admin, "reset role").await;
    let now = profiles(&admin).await;
    assert_eq!(now[0], "1 attendee Ada Lovelace");
    assert_eq!(now[3], format!("4 attendee {}", "x".repeat(200)));

    // A sign-in changes nothing: neither the role that the backend gave nor a name that was changed in Rolecall.
    run(
        &owner,
        "update rolecall.profiles set role = 'dealer', display_name = 'Countess' where right(id::text, 1) = '1'",
    )
    .await;
    run(&admin, "update auth.users set last_sign_in_at = now()").await;
    run(&owner, FROM_AUTH_USERS).await;
    assert_eq!(profiles(&admin).await[0], "1 dealer Countess");

    // Whoever is deleted by Supabase's own login has the account deleted, whatever refers to it, and it does not come back.
    run(
        &owner,
        "insert into rolecall.help_requests (requester_id, title)
         values ('00000000-0000-4000-8000-000000000004', 'Who helps me?');
         insert into rolecall.shows (organizer_id, title, starts_at, ends_at)
         values ('00000000-0000-4000-8000-000000000004', 'A show', now(), now());",
    )
    .await;
    run(&admin, "set role supabase_auth_admin").await;
    run(&admin, "delete from auth.users where right(id::text, 1) = '4'").await;
    run(&admin, "insert into auth.users (id) values ('00000000-0000-4000-8000-000000000004')").await;
    run(&admin, "reset role").await;
    assert_eq!(profiles(&admin).await.len(), 3);
    let left: i64 = one(&admin, "select count(*) from rolecall.help_requests where title = 'Who helps me?'").await;
    assert_eq!(left, 0, "and what they wrote is erased");

    // The functions are for the triggers alone.
    let open: bool = one(
        &admin,
        "select bool_or(has_function_privilege(role, function, 'execute'))
         from unnest(array['anon', 'authenticated', 'service_role']) as role,
           unnest(array['public.rolecall_profile_of_auth_user()', 'public.rolecall_name_of_auth_user(jsonb)',
             'public.rolecall_account_of_auth_user_goes()']) as function",
    )
    .await;
    assert!(!open);

    // Taken out in the wrong order, signing up goes on.
    rollback(&hosted.owner_url, 0).await.expect("the owner can take it out");
    run(&admin, "insert into auth.users (id) values ('00000000-0000-4000-8000-000000000005')").await;
    run(&owner, FROM_AUTH_USERS_UNDO).await;
    assert_eq!(catalogue(&hosted.admin_url).await, before);
    assert_eq!(one::<i64>(&admin, "select count(*) from auth.users").await, 5);
}

#[tokio::test]
async fn the_rows_of_an_apps_own_table_become_profiles_and_stay_ones() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    let hosted = supabase(&cluster, "app").await;
    let owner = hosted.owner().await;
    run(
        &owner,
        "create type public.app_role as enum ('admin', 'moderator');
         create table public.profiles (id uuid primary key, name text, role public.app_role);
         insert into public.profiles values
           ('00000000-0000-4000-8000-000000000001', 'Ada', 'admin'),
           ('00000000-0000-4000-8000-000000000002', null, null);",
    )
    .await;
    let before = catalogue(&hosted.admin_url).await;

    apply(&hosted.owner_url).await.expect("the owner can install");
    run(&owner, FROM_OWN_TABLE).await;
    assert_eq!(profiles(&owner).await, ["1 attendee Ada", "2 attendee "]);
    // By a user of the app, who has no right to Rolecall's table.
    run(&owner, "set role authenticated").await;
    run(
        &owner,
        "insert into public.profiles values ('00000000-0000-4000-8000-000000000003', 'Linus', 'admin');
         update public.profiles set name = 'Grace' where right(id::text, 1) = '2';",
    )
    .await;
    run(&owner, "reset role").await;
    assert_eq!(profiles(&owner).await, ["1 attendee Ada", "2 attendee Grace", "3 attendee Linus"]);

    // Linus has made himself an admin of the app. While users may do that, the column decides nothing in Rolecall.
    let refused = owner.batch_execute(ROLES).await.expect_err("users may write it");
    assert_eq!(refused.code().map(|code| code.code()), Some("42501"), "{refused:?}");
    // The file is one transaction, of which nothing stays.
    run(&owner, "update public.profiles set role = null where name = 'Linus'").await;
    run(
        &owner,
        "revoke insert, update on public.profiles from anon, authenticated;
         grant insert (id, name), update (name) on public.profiles to authenticated;",
    )
    .await;
    run(&owner, ROLES).await;
    assert_eq!(profiles(&owner).await, ["1 admin Ada", "2 attendee Grace", "3 attendee Linus"]);
    run(
        &owner,
        "update public.profiles set role = 'moderator' where name = 'Grace';
         update public.profiles set role = null where name = 'Ada';
         insert into public.profiles values ('00000000-0000-4000-8000-000000000004', 'Ken', 'moderator');",
    )
    .await;
    let expected = ["1 attendee Ada", "2 moderator Grace", "3 attendee Linus", "4 moderator Ken"];
    assert_eq!(profiles(&owner).await, expected);
    run(&owner, FROM_OWN_TABLE).await;
    run(&owner, ROLES).await;
    assert_eq!(profiles(&owner).await, expected, "applied again, they change nothing");

    run(&owner, ROLES_UNDO).await;
    run(&owner, FROM_OWN_TABLE_UNDO).await;
    rollback(&hosted.owner_url, 0).await.expect("the owner can take it out");
    run(
        &owner,
        "revoke all on public.profiles from authenticated;
         grant all on public.profiles to anon, authenticated;",
    )
    .await;
    assert_eq!(catalogue(&hosted.admin_url).await, before);
    assert_eq!(one::<i64>(&owner, "select count(*) from public.profiles").await, 4);
}

#[tokio::test]
async fn nobody_fails_to_sign_up_because_of_a_name_that_rolecall_refuses() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    let hosted = supabase(&cluster, "app").await;
    let (owner, admin) = (hosted.owner().await, hosted.admin().await);
    run(&owner, "create table public.profiles (id uuid primary key, name text)").await;
    apply(&hosted.owner_url).await.expect("the owner can install");
    run(&owner, FROM_AUTH_USERS).await;
    run(&owner, FROM_OWN_TABLE).await;

    // Nothing to be seen, and a right-to-left override.
    for (number, name) in [(1, "\u{2800}"), (2, "Ada\u{202e}nimdA")] {
        let sign_up =
            "insert into auth.users (id, raw_user_meta_data) values ($1, jsonb_build_object('name', $2::text))";
        let id = format!("00000000-0000-4000-8000-00000000000{number}").parse::<uuid::Uuid>().expect("it is one");
        admin.execute(sign_up, &[&id, &name]).await.expect("signing up works");
        let id = format!("00000000-0000-4000-8000-00000000001{number}").parse::<uuid::Uuid>().expect("it is one");
        owner.execute("insert into public.profiles values ($1, $2)", &[&id, &name]).await.expect("it is written");
    }
    let refused = admin.execute("update rolecall.profiles set display_name = U&'Ada\\202enimdA'", &[]).await;
    assert!(refused.is_err(), "Rolecall does refuse it");
    let names: i64 = one(&admin, "select count(*) from rolecall.profiles where display_name = ''").await;
    assert_eq!(names, 4);
}

/// Shows with their participants, in the order of their ids.
async fn shows(client: &Client) -> Vec<String> {
    list(
        client,
        "select concat_ws(' ', right(show.id::text, 1), show.title, coalesce(right(show.organizer_id::text, 1), '-'),
           (select string_agg(right(user_id::text, 1) || ':' || role, ',' order by user_id)
            from rolecall.show_participants where show_id = show.id))
         from rolecall.shows as show order by show.id",
    )
    .await
}

const OWN_SHOWS: &str = "
    create table public.profiles (id uuid primary key, name text);
    create table public.shows (
      id uuid primary key, organizer_id uuid, title text, starts_at timestamptz not null, ends_at timestamptz);
    create table public.show_attendees (
      show_id uuid references public.shows on delete cascade, user_id uuid, primary key (show_id, user_id));
    insert into public.profiles
    select format('00000000-0000-4000-8000-00000000000%s', number)::uuid, 'User ' || number
    from generate_series(1, 4) as number;
    insert into public.shows values
      ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-000000000001', ' Spring ', now(), now()),
      ('00000000-0000-4000-8000-00000000000b', null, U&'\\2800', now(), null);
    insert into public.show_attendees values
      ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-000000000002'),
      ('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-000000000009');";

#[tokio::test]
async fn the_shows_of_an_app_and_who_takes_part_follow_its_own_tables() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    let hosted = supabase(&cluster, "app").await;
    let owner = hosted.owner().await;
    run(&owner, OWN_SHOWS).await;
    let before = catalogue(&hosted.admin_url).await;
    apply(&hosted.owner_url).await.expect("the owner can install");
    switch_on(&owner).await;
    run(&owner, FROM_OWN_TABLE).await;
    run(&owner, SHOWS).await;
    // The participant whom nobody knows is left out.
    assert_eq!(shows(&owner).await, ["a Spring 1 2:attendee", "b Untitled show -"]);

    // From now on, written by a user of the app, who has no right to Rolecall's tables.
    run(&owner, "update rolecall.profiles set role = 'mvp_dealer' where right(id::text, 1) = '3'").await;
    run(&owner, "set role authenticated").await;
    run(
        &owner,
        "insert into public.shows values
           ('00000000-0000-4000-8000-00000000000c', '00000000-0000-4000-8000-000000000004', repeat('x', 300), now(), now() - interval '1 day');
         insert into public.show_attendees values
           ('00000000-0000-4000-8000-00000000000c', '00000000-0000-4000-8000-000000000003'),
           ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-000000000004'),
           ('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-000000000008');
         update public.shows set title = 'Summer' where title = ' Spring ';",
    )
    .await;
    run(&owner, "reset role").await;
    let long = format!("c {} 4 3:mvp_dealer", "x".repeat(200));
    assert_eq!(shows(&owner).await, ["a Summer 1 2:attendee,4:attendee", "b Untitled show -", &long]);

    // A participant who moves, one who leaves, a show that is deleted; and what the rules say then.
    run(
        &owner,
        "update public.show_attendees set show_id = '00000000-0000-4000-8000-00000000000b' where right(user_id::text, 1) = '2';
         delete from public.show_attendees where right(user_id::text, 1) = '3';",
    )
    .await;
    assert_eq!(
        shows(&owner).await,
        ["a Summer 1 4:attendee", "b Untitled show - 2:attendee", long.trim_end_matches(" 3:mvp_dealer")]
    );
    run(&owner, "delete from public.shows where right(id::text, 1) = 'c'").await;
    run(
        &owner,
        "insert into public.show_attendees values
           ('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-000000000003')",
    )
    .await;
    let edge = connect(&cluster.edge_url("app").await.expect("the login exists")).await.expect("it runs");
    for (recipient, allowed) in [(2, true), (4, false)] {
        let answer =
            call(&edge, "send_dm", &request(demo(3), json!({"recipient_id": demo(recipient), "content": "Hi"}))).await;
        assert_eq!(answer["ok"], allowed, "an MVP dealer writes within a shared show alone: {answer}");
    }
    drop(edge);

    let now = shows(&owner).await;
    run(&owner, SHOWS).await;
    assert_eq!(shows(&owner).await, now, "applied again, it changes nothing");

    // Taken out in the wrong order, the app works on.
    rollback(&hosted.owner_url, 0).await.expect("the owner can take it out");
    run(&owner, "update public.shows set title = 'Autumn'; delete from public.show_attendees;").await;
    run(&owner, SHOWS_UNDO).await;
    run(&owner, FROM_OWN_TABLE_UNDO).await;
    assert_eq!(catalogue(&hosted.admin_url).await, before);
}

/// Help requests, in the order of their ids.
async fn help_requests(client: &Client) -> Vec<String> {
    list(
        client,
        "select concat_ws('|', right(id::text, 1), right(requester_id::text, 1), status, title, description)
         from rolecall.help_requests order by id",
    )
    .await
}

#[tokio::test]
async fn the_help_requests_of_an_app_follow_its_own_table() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    let hosted = supabase(&cluster, "app").await;
    let owner = hosted.owner().await;
    run(
        &owner,
        "create table public.profiles (id uuid primary key, name text);
         create table public.help_requests (id uuid primary key, user_id uuid, title text, description text, status text);
         insert into public.profiles
         select format('00000000-0000-4000-8000-00000000000%s', number)::uuid, 'User ' || number
         from generate_series(1, 3) as number;
         insert into public.help_requests values
           ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-000000000001', ' A ride ', null, 'open'),
           ('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-000000000009', 'Nobody''s', null, 'open');",
    )
    .await;
    let before = catalogue(&hosted.admin_url).await;
    apply(&hosted.owner_url).await.expect("the owner can install");
    switch_on(&owner).await;
    run(&owner, FROM_OWN_TABLE).await;
    run(&owner, HELP).await;
    assert_eq!(help_requests(&owner).await, ["a|1|open|A ride|"]);

    run(&owner, "set role authenticated").await;
    run(
        &owner,
        "insert into public.help_requests values
           ('00000000-0000-4000-8000-00000000000c', '00000000-0000-4000-8000-000000000002', '', 'Heavy', 'done'),
           ('00000000-0000-4000-8000-00000000000d', '00000000-0000-4000-8000-000000000002', 'Cat', 'Sitting', 'open');",
    )
    .await;
    run(&owner, "reset role").await;
    let edge = connect(&cluster.edge_url("app").await.expect("the login exists")).await.expect("it runs");
    let offer = |id: char| {
        let id = format!("00000000-0000-4000-8000-00000000000{id}");
        request(demo(3), json!({"help_request_id": id, "initial_message": "I can do this for you tomorrow."}))
    };
    for (id, code) in [('a', None), ('c', Some("help_request_unavailable")), ('d', None)] {
        let answer = call(&edge, "start_conversation", &offer(id)).await;
        assert_eq!(answer["code"].as_str(), code, "{answer}");
    }
    drop(edge);

    // The app changes and deletes them, with and without conversations.
    run(
        &owner,
        "update public.help_requests set status = 'in_progress', title = 'A ride home' where right(id::text, 1) = 'a';
         delete from public.help_requests where right(id::text, 1) in ('c', 'd');",
    )
    .await;
    let expected =
        ["a|1|in_progress|A ride home|", "c|2|cancelled|Deleted help request|", "d|2|cancelled|Deleted help request|"];
    assert_eq!(help_requests(&owner).await, expected);
    run(&owner, HELP).await;
    assert_eq!(help_requests(&owner).await, expected, "applied again, it changes nothing");

    rollback(&hosted.owner_url, 0).await.expect("the owner can take it out");
    run(&owner, "update public.help_requests set title = 'Later'; delete from public.help_requests;").await;
    run(&owner, HELP_UNDO).await;
    run(&owner, FROM_OWN_TABLE_UNDO).await;
    assert_eq!(catalogue(&hosted.admin_url).await, before);
}
