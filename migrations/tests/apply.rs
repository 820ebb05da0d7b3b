//! The migrations apply wherever a user has a database, any number of times, by anybody at once, and can be taken back.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rolecall_database::{
    MIGRATIONS, apply, connect, load_demo, load_demo_conversation, rollback, rollback_last, rollback_loss,
    serves_users, status,
};
use rolecall_postgres::{Cluster, Options};
use serde_json::json;
use support::{Database, call, cluster, demo, dump, list, one, request};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The SQL files with a number, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder exists")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
            name.ends_with(".sql") && name.starts_with(|first: char| first.is_ascii_digit())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn the_embedded_migrations_are_the_files() {
    let up = files(&folder());
    let down = files(&folder().join("rollback"));
    assert_eq!(up.len(), MIGRATIONS.len());
    assert_eq!(down.len(), MIGRATIONS.len());
    for (number, migration) in MIGRATIONS.iter().enumerate() {
        assert_eq!(migration.version as usize, number + 1);
        let name = migration.file;
        assert!(name.ends_with(&format!("_rolecall_{:04}_{}.sql", migration.version, migration.name)), "{name}");
        assert!(up[number].ends_with(name), "{name}");
        assert!(down[number].ends_with(name), "{name}");
        for text in [migration.up, migration.down] {
            assert!(text.starts_with("-- "), "{name} says what it is for");
        }
    }
}

#[tokio::test]
async fn an_empty_database_gets_every_migration_once() {
    let database = Database::empty().await;
    let url = &database.admin_url;
    assert!(status(url).await.expect("it answers").iter().all(|step| step.applied_at.is_none()));
    let all: Vec<i32> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    assert_eq!(apply(url).await.expect("they apply"), all);
    let first = dump(url).await;
    assert_eq!(apply(url).await.expect("they are applied"), [] as [i32; 0]);
    assert_eq!(dump(url).await, first);
    assert!(status(url).await.expect("it answers").iter().all(|step| step.applied_at.is_some()));
}

/// A checkout of before the release left its database behind: nothing works on by chance.
#[tokio::test]
async fn a_migration_that_was_applied_with_another_text_is_refused_and_says_so() {
    for change in [
        "update rolecall.schema_migrations set digest = 'another' where version = 1",
        "alter table rolecall.schema_migrations drop column digest",
    ] {
        let database = Database::empty().await;
        let url = &database.admin_url;
        apply(url).await.expect("it applies");
        database.admin().await.batch_execute(change).await.expect("an administrator may");
        let before = dump(url).await;
        let error = format!("{:#}", apply(url).await.expect_err("it is not this migration"));
        assert!(error.contains("in another state, of before its release"), "{error}");
        assert!(error.contains("remove .rolecall/pg"), "{error}");
        assert_eq!(dump(url).await, before);
    }
}

/// What somebody does who has psql alone, or `supabase db push`.
#[tokio::test]
async fn plain_psql_applies_every_file_twice_and_the_second_time_changes_nothing() {
    let database = Database::empty().await;
    let run = || async {
        for file in files(&folder()) {
            let output = Command::new(cluster().await.program("psql"))
                .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file"])
                .arg(&file)
                .arg(&database.admin_url)
                .output()
                .expect("psql is installed");
            assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
        }
        let client = database.admin().await;
        let rows = list(
            &client,
            "select table_schema || '.' || table_name || ' ' || md5(query_to_xml(format(
               'select t.* from %I.%I t order by t::text', table_schema, table_name), false, false, '')::text)
             from information_schema.tables
             where table_schema in ('public', 'rolecall') and table_type = 'BASE TABLE'
             order by 1",
        )
        .await;
        (dump(&database.admin_url).await, rows)
    };
    let first = run().await;
    assert_eq!(run().await, first);
    assert_eq!(apply(&database.admin_url).await.expect("nothing is left"), [] as [i32; 0]);

    let other = Database::empty().await;
    apply(&other.admin_url).await.expect("they apply");
    assert_eq!(dump(&other.admin_url).await, first.0, "psql and apply() make the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_installers_at_once_apply_each_migration_once() {
    let database = Database::empty().await;
    let applied = futures::future::join_all((0..20).map(|_| apply(&database.admin_url))).await;
    let mut all: Vec<i32> = applied.into_iter().flat_map(|versions| versions.expect("none fails")).collect();
    all.sort_unstable();
    let expected: Vec<i32> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    assert_eq!(all, expected);
    assert_eq!(dump(&database.admin_url).await, dump(&cluster().await.admin_url("template_demo")).await);
}

/// Roles belong to the whole server, so installers in different databases meet there.
#[tokio::test(flavor = "multi_thread")]
async fn twelve_databases_of_one_server_are_installed_at_once() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    for number in 0..12 {
        cluster.create_database(&format!("app_{number}"), None).await.expect("a superuser may");
    }
    let urls: Vec<String> = (0..12).map(|number| cluster.admin_url(&format!("app_{number}"))).collect();
    for round in 0..2 {
        for result in futures::future::join_all(urls.iter().map(|url| apply(url))).await {
            assert_eq!(result.expect("none fails").len(), MIGRATIONS.len(), "round {round}");
        }
        if round == 0 {
            for result in futures::future::join_all(urls.iter().map(|url| rollback(url, 0))).await {
                result.expect("none fails");
            }
        }
    }
    // One after the other: of two at once each sees the other still using the roles, and leaves them.
    for url in &urls {
        rollback(url, 0).await.expect("it can be taken back");
    }
    let client = connect(&cluster.admin_url("postgres")).await.expect("it runs");
    let left = list(
        &client,
        "select rolname::text from pg_roles where rolname in ('anon', 'authenticated', 'service_role', 'rolecall_edge')",
    )
    .await;
    assert_eq!(left, [] as [String; 0], "the last rollback removes the roles");
}

/// A dump without the label that 0004 adds: PostgreSQL takes none out of a type.
fn without_member(dump: &str) -> String {
    dump.replace("    'admin',\n    'member'\n", "    'admin'\n")
}

#[tokio::test]
async fn up_down_up_leaves_the_same_catalogue() {
    let database = Database::empty().await;
    let url = &database.admin_url;
    let before = dump(url).await;
    // One step at a time: the stages on the way up.
    let client = database.admin().await;
    let mut stages = vec![before.clone()];
    for migration in MIGRATIONS {
        client.batch_execute(migration.up).await.unwrap_or_else(|error| panic!("{}: {error:?}", migration.file));
        stages.push(dump(url).await);
    }
    let full = stages.last().expect("there is one").clone();

    // Every stage on the way down is that on the way up, with data in the tables.
    load_demo(url).await.expect("it loads");
    load_demo_conversation(url).await.expect("it loads");
    for (number, migration) in MIGRATIONS.iter().enumerate().rev() {
        assert_eq!(rollback_last(url).await.expect("it can be taken back"), Some(migration.version));
        assert_eq!(without_member(&dump(url).await), without_member(&stages[number]), "{}", migration.file);
    }
    assert_eq!(rollback_last(url).await.expect("nothing is left"), None);
    assert_eq!(dump(url).await, before, "nothing of Rolecall is left");

    apply(url).await.expect("they apply again");
    assert_eq!(dump(url).await, full);
    load_demo(url).await.expect("it loads again");

    // Several steps at a time.
    for to in (0..MIGRATIONS.len()).rev() {
        let later: Vec<i32> = (to as i32 + 1..=MIGRATIONS.len() as i32).collect();
        let reversed: Vec<i32> = later.iter().rev().copied().collect();
        assert_eq!(rollback(url, to as i32).await.expect("they can be taken back"), reversed);
        assert_eq!(without_member(&dump(url).await), without_member(&stages[to]));
        assert_eq!(apply(url).await.expect("they apply"), later);
        assert_eq!(dump(url).await, full);
    }
    assert_eq!(rollback(url, 0).await.expect("they can be taken back").len(), MIGRATIONS.len());
    assert_eq!(dump(url).await, before);
}

/// A request of a served database holds a table that a rollback comes to last, and then wants one that it already holds.
#[tokio::test]
async fn what_a_rollback_would_lose_is_found_out_beside_requests_that_hold_its_tables() {
    let database = Database::demo().await;
    let admin = database.admin().await;
    // The rollback is the one that PostgreSQL refuses, and late enough that the other one is in its way by then.
    let name: String = one(&admin, "select current_database()").await;
    admin.batch_execute(&format!("alter database {name} set deadlock_timeout = '3s'")).await.expect("a superuser may");
    let served = database.admin().await;
    served
        .batch_execute(
            "set deadlock_timeout = '10min';
             begin;
             lock table rolecall.profiles in access share mode",
        )
        .await
        .expect("nobody holds it");
    let url = database.admin_url.clone();
    let looking = tokio::spawn(async move { rollback_loss(&url, Some(0)).await });
    // Which tables the rollback holds by the time that it waits for that one.
    let held = loop {
        let held = list(
            &admin,
            "select format('%I.%I', nspname, relname)
             from pg_locks as waiting
             join pg_locks as held on held.pid = waiting.pid and held.granted and held.mode = 'AccessExclusiveLock'
             join pg_class on pg_class.oid = held.relation and relkind = 'r'
             join pg_namespace on pg_namespace.oid = relnamespace and nspname = 'rolecall'
             where not waiting.granted and waiting.relation = 'rolecall.profiles'::regclass",
        )
        .await;
        if !held.is_empty() {
            break held;
        }
        assert!(!looking.is_finished(), "the rollback does not come to rolecall.profiles");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    served
        .batch_execute(&format!("lock table {} in access share mode", held[0]))
        .await
        .expect("the rollback gives way");
    served.batch_execute("commit").await.expect("it commits");
    let loss = looking.await.expect("it does not panic").expect("the next attempt succeeds");
    assert_eq!(loss.migrations.len(), MIGRATIONS.len());
    assert!(loss.rows.iter().any(|(table, rows)| table == "rolecall.profiles" && *rows > 0), "{loss:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_build_is_left_alone() {
    let database = Database::demo().await;
    let client = database.admin().await;
    client
        .batch_execute("insert into rolecall.schema_migrations (version, name, digest) values (99, 'future', '')")
        .await
        .expect("a superuser may");
    for error in [
        apply(&database.admin_url).await.expect_err("it is newer"),
        rollback(&database.admin_url, 0).await.expect_err("it is newer"),
    ] {
        assert!(error.to_string().contains("0099_future"), "{error}");
    }
}

#[tokio::test]
async fn a_statement_that_fails_is_named_with_its_file_and_line_and_changes_nothing() {
    let database = Database::empty().await;
    let client = database.admin().await;
    // An index is no name that is looked at beforehand.
    client
        .batch_execute(
            "create table public.theirs (id int); create index messages_v2_sender_id_idx on public.theirs (id)",
        )
        .await
        .expect("a superuser may");
    let before = dump(&database.admin_url).await;
    let error = apply(&database.admin_url).await.expect_err("the name is taken").to_string();
    assert!(error.contains("_initial.sql, line "), "{error}");
    assert!(error.contains("messages_v2_sender_id_idx"), "{error}");
    assert_eq!(dump(&database.admin_url).await, before);
}

#[tokio::test]
async fn the_demo_conversation_stays_as_it_was_left() {
    let database = Database::demo().await;
    let url = &database.admin_url;
    let client = database.admin().await;
    let counts = async || -> String {
        let sql =
            "select format('%s %s %s %s %s', (select count(*) from conversations), (select count(*) from messages),
           (select count(*) from reported_messages), (select count(*) from removed_contents),
           (select count(*) from moderation_audit))";
        one(&client, sql).await
    };
    load_demo_conversation(url).await.expect("it loads");
    assert_eq!(counts().await, "1 6 1 1 1");
    client.batch_execute("delete from removed_contents; delete from reported_messages").await.expect("a superuser may");
    load_demo_conversation(url).await.expect("it loads again");
    assert_eq!(counts().await, "1 6 1 0 1", "what was erased is not brought back; a report is filed anew");

    // Where the two have a conversation already, they keep that one.
    client
        .batch_execute(
            "truncate conversations cascade;
             insert into conversations (kind, participant_low, participant_high, created_by)
             values ('direct', '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000004',
               '00000000-0000-4000-8000-000000000004')",
        )
        .await
        .expect("a superuser may");
    load_demo_conversation(url).await.expect("it loads");
    assert_eq!(counts().await, "1 0 0 0 1");
}

#[tokio::test]
async fn demo_data_loaded_twice_is_there_once_and_its_shows_stay_in_time() {
    let database = Database::demo().await;
    let client = database.admin().await;
    client
        .batch_execute(
            "update shows set starts_at = starts_at - interval '20 days', ends_at = ends_at - interval '20 days'",
        )
        .await
        .expect("a superuser may");
    load_demo(&database.admin_url).await.expect("it loads again");
    let counts: String = one(
        &client,
        "select format('%s %s %s %s', (select count(*) from profiles), (select count(*) from shows),
           (select count(*) from show_participants), (select count(*) from help_requests))",
    )
    .await;
    assert_eq!(counts, "11 2 8 2");
    let times =
        list(&client, "select case when now() < starts_at then 'before' else 'after' end from shows order by id").await;
    assert_eq!(times, ["before", "after"]);
}

/// A hosted Supabase: roles and schema auth exist and belong to others, everything new in public is granted to
/// everybody, and who installs is no superuser.
#[tokio::test]
async fn a_supabase_database_is_installed_by_its_owner_and_keeps_what_is_supabases() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    let root = connect(&cluster.admin_url("postgres")).await.expect("it runs");
    root.batch_execute(
        "create role anon nologin noinherit;
         create role authenticated nologin noinherit;
         create role service_role nologin noinherit bypassrls;
         create role supabase_auth_admin nologin;
         create role owner login createrole password 'secret';
         grant anon, authenticated, service_role to owner;",
    )
    .await
    .expect("a superuser may");
    root.batch_execute("create database app owner owner").await.expect("a superuser may");
    let admin_url = cluster.admin_url("app");
    let admin = connect(&admin_url).await.expect("it runs");
    admin
        .batch_execute(
            "create schema auth authorization supabase_auth_admin;
             grant usage on schema auth to anon, authenticated, service_role, owner;
             set role supabase_auth_admin;
             create function auth.uid() returns uuid language sql stable as $$
               select coalesce(
                 nullif(current_setting('request.jwt.claim.sub', true), ''),
                 (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
               )::uuid
             $$;
             create function auth.role() returns text language sql stable as $$
               select coalesce(
                 nullif(current_setting('request.jwt.claim.role', true), ''),
                 (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
               )::text
             $$;
             create function auth.jwt() returns jsonb language sql stable as $$
               select coalesce(
                 nullif(current_setting('request.jwt.claim', true), ''),
                 nullif(current_setting('request.jwt.claims', true), '')
               )::jsonb
             $$;
             create table auth.users (id uuid primary key);
             reset role;
             grant usage on schema public to anon, authenticated, service_role;
             alter default privileges for role owner in schema public
               grant all on tables to anon, authenticated, service_role;
             alter default privileges for role owner in schema public
               grant all on functions to anon, authenticated, service_role;
             alter default privileges for role owner in schema public
               grant all on sequences to anon, authenticated, service_role;",
        )
        .await
        .expect("a superuser may");
    let dump_all = || {
        let output = Command::new(cluster.program("pg_dump"))
            .args(["--schema-only", &admin_url])
            .output()
            .expect("pg_dump is installed");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('\\')).collect();
        lines.join("\n")
    };
    let before = dump_all();

    let url = format!("postgres://owner:secret@127.0.0.1:{}/app?sslmode=disable", cluster.port());
    apply(&url).await.expect("the owner can install");
    let installed = dump_all();
    assert_eq!(apply(&url).await.expect("nothing is left"), [] as [i32; 0]);
    assert_eq!(dump_all(), installed);
    load_demo(&url).await.expect("the owner can load it");

    support::assert_nothing_is_open(&admin).await;

    let edge = connect(&cluster.edge_url("app").await.expect("it exists")).await.expect("it runs");
    let input = json!({"recipient_id": demo(4), "content": "Hello"});
    let answer = call(&edge, "send_dm", &request(demo(1), input.clone())).await;
    assert_eq!(answer["data"]["seq"], 1, "{answer}");
    // Supabase's auth.uid() raises on this; the entry point does not let it come to that.
    let mut nobody = request(demo(1), input);
    nobody["claims"]["sub"] = json!("not-a-uuid");
    let answer = call(&edge, "send_dm", &nobody).await;
    assert_eq!(answer["code"], "unauthenticated", "{answer}");
    drop(edge);

    rollback(&url, 0).await.expect("the owner can take it back");
    assert_eq!(dump_all(), before, "what is Supabase's is as it was");
    let roles = list(
        &admin,
        "select rolname::text from pg_roles where rolname in ('anon', 'authenticated', 'service_role', 'rolecall_edge') order by 1",
    )
    .await;
    assert_eq!(roles, ["anon", "authenticated", "service_role"]);
    apply(&url).await.expect("the owner can install again");
    assert_eq!(dump_all(), installed);
}

#[tokio::test]
async fn messaging_is_off_in_a_new_database_on_with_the_demo_data_and_stays_on_in_one_that_is_used() {
    let rollout = "select rollout from rolecall.feature_flags where name = 'messaging_v2_enabled'";
    let open = "select count(*) from rolecall.feature_flags where is_open";
    let database = Database::empty().await;
    let client = database.admin().await;
    apply(&database.admin_url).await.expect("they apply");
    assert_eq!(one::<String>(&client, rollout).await, "disabled");
    // The nightly job's alone.
    assert_eq!(one::<i64>(&client, open).await, 1);
    assert!(!serves_users(&database.admin_url).await.expect("it answers"));
    load_demo(&database.admin_url).await.expect("it loads");
    assert_eq!(one::<String>(&client, rollout).await, "enabled");
    let said = list(
        &client,
        "select concat_ws(' ', old, new, reason) from rolecall.feature_flag_changes
         where name = 'messaging_v2_enabled' order by id desc limit 1",
    );
    assert_eq!(said.await, ["disabled enabled Demo data were loaded."]);
    assert!(serves_users(&database.admin_url).await.expect("it answers"));
    // What somebody decides afterwards the demo data leave.
    let switch =
        |to: &str| format!("update rolecall.feature_flags set rollout = '{to}' where name = 'messaging_v2_enabled'");
    client.batch_execute(&switch("disabled")).await.expect("a superuser may");
    load_demo(&database.admin_url).await.expect("it loads again");
    assert_eq!(one::<String>(&client, rollout).await, "disabled");

    // A release that knew nothing of the flag, used and not used.
    for (used, expected) in [(true, "enabled"), (false, "disabled")] {
        rollback(&database.admin_url, 0).await.expect("they can be taken back");
        client.batch_execute(MIGRATIONS[0].up).await.expect("the first release applies");
        if used {
            client
                .batch_execute("insert into rolecall.profiles (id) values (gen_random_uuid())")
                .await
                .expect("it may");
        }
        client
            .batch_execute("update rolecall.feature_flags set rollout = 'disabled' where name = 'blocks'")
            .await
            .expect("so");
        apply(&database.admin_url).await.expect("the others apply");
        assert_eq!(one::<String>(&client, rollout).await, expected);
        let still_open = "select is_open from rolecall.feature_flags where name = 'send-dm'";
        assert_eq!(one::<bool>(&client, still_open).await, used, "what was on for everybody is");
        let still_off = "select rollout from rolecall.feature_flags where name = 'blocks'";
        assert_eq!(one::<String>(&client, still_off).await, "disabled");
    }
}
