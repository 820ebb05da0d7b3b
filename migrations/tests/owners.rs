//! Owners who are no superusers: as on Supabase, where everything new is granted to everybody, and as on RDS, where nobody
//! can be let past row-level security.

#[path = "support/neighbour.rs"]
mod neighbour;
mod support;

use neighbour::{APP, everything, everything_else, psql};
use rolecall_database::{MIGRATIONS, apply, connect, load_demo, rollback};
use rolecall_postgres::{Cluster, Options};
use serde_json::{Value, json};
use support::{assert_nothing_is_open, call, demo, list, one, operator_request, request};
use tokio_postgres::Client;

const NOTHING: [String; 0] = [];

/// A server with a database of this owner's, and the app in it.
async fn owned_by(attributes: &str) -> (Cluster, String) {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    let root = connect(&cluster.admin_url("postgres")).await.expect("it runs");
    root.batch_execute(&format!("create role owner login {attributes} password 'secret'")).await.expect("it may");
    root.batch_execute("create database app owner owner").await.expect("it may");
    let url = format!("postgres://owner:secret@127.0.0.1:{}/app?sslmode=disable", cluster.port());
    connect(&url).await.expect("it runs").batch_execute(APP).await.expect("the app's own SQL");
    (cluster, url)
}

async fn roles(client: &Client) -> Vec<String> {
    list(
        client,
        "select format('%s %s %s', rolname, rolbypassrls, shobj_description(oid, 'pg_authid'))
         from pg_roles where rolname in ('anon', 'authenticated', 'service_role', 'rolecall_edge') order by 1",
    )
    .await
}

/// Runs something as a role, as the API does, and comes back.
async fn run_as(client: &Client, role: &str, user: Option<u32>, statement: &str) -> Result<u64, String> {
    let claims = match user {
        Some(user) => json!({"sub": demo(user), "role": role}),
        None => json!({"role": role}),
    };
    client
        .batch_execute(&format!("set request.jwt.claims = '{claims}'; set role {role}"))
        .await
        .expect("a superuser may");
    let result = client.execute(statement, &[]).await;
    client.batch_execute("reset role; reset request.jwt.claims").await.expect("anybody may");
    result.map_err(|error| error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned()))
}

/// What the operator's documentation has them do, by service_role.
async fn assert_the_operator_can_work(admin: &Client) {
    for (statement, rows) in [
        ("update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm'", 1),
        ("update rolecall.rate_limits set capacity = 30 where role = 'attendee' and action = 'send_dm'", 1),
        ("insert into rolecall.organizations (id, name) values ('00000000-0000-4000-8000-0000000000f1', 'Paws')", 1),
        (
            "insert into rolecall.profiles (id, display_name, role)
             values ('00000000-0000-4000-8000-0000000000f2', 'Pia', 'dealer'),
               ('00000000-0000-4000-8000-0000000000f3', 'Pam', 'show_organizer')",
            2,
        ),
        ("update rolecall.profiles set role = 'mvp_dealer' where id = '00000000-0000-4000-8000-0000000000f2'", 1),
        (
            "insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
             values ('00000000-0000-4000-8000-0000000000f4', '00000000-0000-4000-8000-0000000000f3', 'Pets', now(), now())",
            1,
        ),
        (
            "insert into rolecall.show_participants (show_id, user_id)
             values ('00000000-0000-4000-8000-0000000000f4', '00000000-0000-4000-8000-0000000000f2')",
            1,
        ),
        ("delete from rolecall.show_participants where show_id = '00000000-0000-4000-8000-0000000000f4'", 1),
        ("delete from rolecall.shows where id = '00000000-0000-4000-8000-0000000000f4'", 1),
        ("insert into rolecall.user_blocks values ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000003')", 1),
        (
            "insert into rolecall.help_requests (requester_id, title)
             values ('00000000-0000-4000-8000-000000000001', 'A ride')",
            1,
        ),
        (
            "insert into public.conversations_v2 (id, help_request_id, requester_id, helper_id, initial_message)
             select '00000000-0000-4000-8000-0000000000f5', id, requester_id, '00000000-0000-4000-8000-000000000005', 'I can help.'
             from rolecall.help_requests where title = 'A ride'",
            1,
        ),
        (
            "insert into public.messages_v2 (conversation_id, sender_id, content)
             values ('00000000-0000-4000-8000-0000000000f5', '00000000-0000-4000-8000-000000000005', 'I can help.')",
            1,
        ),
        ("delete from public.conversations_v2 where id = '00000000-0000-4000-8000-0000000000f5'", 1),
        (
            "select from rolecall.import_legacy_conversations('[{
               \"participants\": [\"00000000-0000-4000-8000-000000000001\", \"00000000-0000-4000-8000-000000000002\"],
               \"messages\": [{\"content\": \"Hello from before\", \"sender_id\": \"00000000-0000-4000-8000-000000000001\"}]
             }]')",
            1,
        ),
        ("select from rolecall.messages where content = 'Hello from before'", 1),
        ("select from application_logs where log_level is not null limit 1", 1),
        ("select from reported_messages where report_status = 'pending'", 1),
    ] {
        let done = run_as(admin, "service_role", None, statement).await;
        assert_eq!(done, Ok(rows), "{statement}");
    }
    assert_eq!(
        run_as(admin, "service_role", None, "delete from rolecall.application_logs").await,
        Err("42501".to_owned()),
        "the audit is for reading"
    );

    // It sees every row of whatever it may read, and what it may write has a policy or needs none.
    let relations = list(
        admin,
        "select format('%I.%I', nspname, relname) from pg_class join pg_namespace on pg_namespace.oid = relnamespace
         where relkind in ('r', 'v') and obj_description(pg_class.oid, 'pg_class') ~ '^Rolecall(:|$)'
           and has_table_privilege('service_role', pg_class.oid, 'select')
         order by 1",
    )
    .await;
    assert!(relations.len() > 25, "{relations:?}");
    for name in relations {
        let all = one::<i64>(admin, &format!("select count(*) from {name}")).await;
        let rows = run_as(admin, "service_role", None, &format!("select from {name}")).await;
        assert_eq!(rows, Ok(all.unsigned_abs()), "{name}");
    }
    let powerless = list(
        admin,
        "select format('%s %s', command, class.oid::regclass)
         from pg_class as class
         cross join (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) as act (command, letter)
         where class.relkind = 'r' and class.relrowsecurity
           and obj_description(class.oid, 'pg_class') ~ '^Rolecall(:|$)'
           and not (select rolbypassrls from pg_roles where rolname = 'service_role')
           and has_table_privilege('service_role', class.oid, command)
           and not exists (
             select from pg_policy
             where polrelid = class.oid and polpermissive and polcmd in ('*', letter::\"char\")
               and 'service_role'::regrole = any (polroles)
           )",
    )
    .await;
    assert_eq!(powerless, NOTHING);
}

/// What the functions do for users, and what users may not.
async fn assert_users_are_served(cluster: &Cluster, admin: &Client) {
    let edge = connect(&cluster.edge_url("app").await.expect("it exists")).await.expect("it runs");
    let answer = |answer: Value| {
        assert_eq!(answer["ok"], true, "{answer}");
        answer
    };
    let sent =
        answer(call(&edge, "send_dm", &request(demo(1), json!({"recipient_id": demo(4), "content": "Hello"}))).await);
    let input = json!({"message_id": sent["data"]["message_id"], "reason": "Spam"});
    answer(call(&edge, "report_message", &request(demo(4), input)).await);
    let input = json!({"help_request_id": demo(21), "initial_message": "I can drive you there."});
    answer(call(&edge, "start_conversation", &request(demo(4), input)).await);
    let input = json!({"show_id": demo(11), "recipient_roles": ["attendee"], "message": "Doors at nine."});
    answer(call(&edge, "send_broadcast", &request(demo(5), input)).await);
    // Each call is one step of the nightly run.
    for step in 1..=10 {
        let run = answer(call(&edge, "reset_broadcast_quotas", &operator_request()).await);
        assert_eq!(run["data"]["more"], step < 10, "{run}");
    }
    answer(call(&edge, "inbox", &request(demo(1), json!({}))).await);

    for (user, statement, rows) in [
        (1, "select from rolecall.messages", Ok(2)),
        (2, "select from rolecall.messages", Ok(1)),
        (4, "select id from rolecall.reported_messages", Ok(1)),
        (1, "select id from rolecall.reported_messages", Ok(0)),
        (4, "select from reported_messages", Err("42501".to_owned())),
        (3, "select from public.conversations_v2", Ok(0)),
        (3, "select from rolecall.broadcast_quotas", Ok(0)),
        (5, "select from broadcast_quotas", Ok(1)),
        (3, "update rolecall.profiles set display_name = 'Mine'", Ok(1)),
        (3, "update rolecall.profiles set role = 'admin'", Err("42501".to_owned())),
        (3, "update rolecall.feature_flags set rollout = 'disabled'", Err("42501".to_owned())),
        (3, "select from rolecall.application_logs", Err("42501".to_owned())),
        (3, "select from application_logs", Err("42501".to_owned())),
        (3, "select from rolecall_monitoring.suspensions", Err("42501".to_owned())),
    ] {
        assert_eq!(run_as(admin, "authenticated", Some(user), statement).await, rows, "{user}: {statement}");
    }
}

/// The closed list of who may do what, in a database that has nothing but Rolecall.
async fn assert_nothing_is_open_where_rolecall_is_alone(cluster: &Cluster, url: &str, prepare: &str) {
    let root = connect(&cluster.admin_url("postgres")).await.expect("it runs");
    root.batch_execute("create database alone owner owner").await.expect("it may");
    let url = url.replace("/app?", "/alone?");
    connect(&url).await.expect("it runs").batch_execute(prepare).await.expect("an owner may");
    apply(&url).await.expect("the owner can install");
    let admin = connect(&cluster.admin_url("alone")).await.expect("it runs");
    admin.batch_execute("set search_path = rolecall, public").await.expect("anybody may");
    assert_nothing_is_open(&admin).await;
    assert_sequences_are_closed(&admin).await;
    rollback(&url, 0).await.expect("the owner can take it back");
}

/// Nothing that has a number is open: neither to look at nor to count up.
async fn assert_sequences_are_closed(admin: &Client) {
    let open = list(
        admin,
        "select format('%s %s', role, oid::regclass) from pg_class
         cross join unnest(array['anon', 'authenticated', 'service_role', 'rolecall_edge']) as role
         where relkind = 'S' and relnamespace::regnamespace::text like 'rolecall%'
           and has_sequence_privilege(role, oid, 'usage, select, update')",
    )
    .await;
    assert_eq!(open, NOTHING);
    let sequences: i64 =
        one(admin, "select count(*) from pg_class where relkind = 'S' and relname = 'application_logs_id_seq'").await;
    assert_eq!(sequences, 1);
    for role in ["anon", "authenticated"] {
        let tried = run_as(admin, role, None, "select nextval('rolecall.application_logs_id_seq')").await;
        assert_eq!(tried, Err("42501".to_owned()), "{role}");
    }
}

/// What Supabase has in every project: `in schema public` as it is there, and once more for every schema.
const SUPABASE: &str = "
    alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
    alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
    alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
    alter default privileges grant all on tables to anon, authenticated, service_role;
    alter default privileges grant all on functions to anon, authenticated, service_role;
    alter default privileges grant all on sequences to anon, authenticated, service_role;
    alter default privileges grant all on schemas to anon, authenticated, service_role;";

#[tokio::test]
async fn an_owner_as_on_supabase_installs_uses_and_takes_it_back() {
    let (cluster, url) = owned_by("createrole bypassrls").await;
    let admin_url = cluster.admin_url("app");
    let admin = connect(&admin_url).await.expect("it runs");
    admin
        .batch_execute(
            "create role anon nologin noinherit;
             create role authenticated nologin noinherit;
             create role service_role nologin noinherit bypassrls;
             grant anon, authenticated, service_role to owner;
             grant usage on schema public to anon, authenticated, service_role;",
        )
        .await
        .expect("a superuser may");
    let owner = connect(&url).await.expect("it runs");
    owner.batch_execute(SUPABASE).await.expect("an owner may");
    drop(owner);
    assert_nothing_is_open_where_rolecall_is_alone(&cluster, &url, SUPABASE).await;
    let before = everything(&cluster, &admin_url).await;
    let others = everything_else(&cluster, &admin_url, &[]).await;
    let roles_before = roles(&admin).await;

    apply(&url).await.expect("the owner can install");
    load_demo(&url).await.expect("the owner can load it");
    assert_sequences_are_closed(&admin).await;
    assert_users_are_served(&cluster, &admin).await;
    assert_the_operator_can_work(&admin).await;
    let policies: i64 =
        one(&admin, "select count(*) from pg_policies where tablename in ('conversations_v2', 'messages_v2')").await;
    assert_eq!(policies, 5, "as the playbook counts");
    assert_eq!(everything_else(&cluster, &admin_url, &[]).await, others, "used");
    rollback(&url, 0).await.expect("the owner can take it back");
    assert_eq!(everything(&cluster, &admin_url).await, before, "taken back");
    assert_eq!(roles(&admin).await, roles_before);
}

#[tokio::test]
async fn an_owner_as_on_rds_installs_uses_and_takes_it_back() {
    let (cluster, url) = owned_by("createrole createdb").await;
    let admin_url = cluster.admin_url("app");
    let admin = connect(&admin_url).await.expect("it runs");
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(MIGRATIONS[0].file);

    // The login's name is taken on this server.
    admin
        .batch_execute("create role rolecall_edge; comment on role rolecall_edge is 'Rolecallers'")
        .await
        .expect("it may");
    let before = everything(&cluster, &admin_url).await;
    let error = apply(&url).await.expect_err("the role is not ours").to_string();
    assert!(error.contains("The role rolecall_edge exists and is not Rolecall's"), "{error}");
    let said = String::from_utf8_lossy(&psql(&cluster, &url, &file).stderr).into_owned();
    assert!(said.contains("The role rolecall_edge exists"), "{said}");
    assert_eq!(everything(&cluster, &admin_url).await, before);
    assert_eq!(roles(&admin).await, ["rolecall_edge f Rolecallers"]);
    admin.batch_execute("drop role rolecall_edge").await.expect("it may");
    assert_nothing_is_open_where_rolecall_is_alone(&cluster, &url, "").await;

    let before = everything(&cluster, &admin_url).await;
    let others = everything_else(&cluster, &admin_url, &[]).await;
    apply(&url).await.expect("the owner can install");
    load_demo(&url).await.expect("the owner can load it");
    let bypass: bool = one(&admin, "select rolbypassrls from pg_roles where rolname = 'service_role'").await;
    assert!(!bypass, "nobody could have let it");
    assert_sequences_are_closed(&admin).await;
    assert_users_are_served(&cluster, &admin).await;
    assert_the_operator_can_work(&admin).await;
    assert_eq!(everything_else(&cluster, &admin_url, &[]).await, others, "used");
    rollback(&url, 0).await.expect("the owner can take it back");
    assert_eq!(everything(&cluster, &admin_url).await, before, "taken back");
    assert_eq!(roles(&admin).await, NOTHING, "the roles were its own");
}
