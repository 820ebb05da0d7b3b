//! Nothing of one request survives into the next in its session: the functions leave nothing there, which is why the
//! runner need not reset a session behind each of them.

use http::Method;
use rolecall_e2e::{Role, Setup, Stand, endpoints::endpoints, fixtures::Starts, until};
use serde_json::{Value, json};
use uuid::Uuid;

/// Components that answer a GET with their health, through the same pool of connections as everything else they do.
const WITH_HEALTH: [&str; 5] =
    ["send-dm", "send-broadcast", "start-conversation", "reset-broadcast-quotas", "check-permission"];

/// Makes the check of the health tell what it finds in its session.
const PROBE: &str = "
    create table public.found (session int, remains jsonb);
    create or replace function rolecall_edge.health(p_request jsonb)
    returns jsonb
    language plpgsql
    volatile
    security definer
    as $$
    begin
      insert into public.found
      select pg_backend_pid(), jsonb_strip_nulls(jsonb_build_object(
        'settings', (select jsonb_object_agg(name, setting) from pg_settings where source = 'session'),
        'claims', nullif(current_setting('request.jwt.claims', true), ''),
        'subject', nullif(current_setting('request.jwt.claim.sub', true), ''),
        'prepared', (select jsonb_agg(name) from pg_prepared_statements where from_sql),
        'cursors', (select jsonb_agg(name) from pg_cursors where is_holdable),
        'channels', (select jsonb_agg(channel) from pg_listening_channels() as channel),
        'locks', (select jsonb_agg(objid) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()),
        'tables', (select jsonb_agg(relname) from pg_class where relnamespace = pg_my_temp_schema()),
        'session_user', nullif(session_user, 'rolecall_edge')
      ));
      return rolecall_internal.success(jsonb_build_object('database', 'ok', 'migration', 0));
    end
    $$;";

async fn found(stand: &Stand) -> Vec<Value> {
    let all: Value = stand.db.one("select coalesce(jsonb_agg(remains), '[]') from public.found", &[]).await;
    all.as_array().unwrap().clone()
}

#[tokio::test]
async fn requests_of_every_kind_leave_nothing_in_their_session() {
    let stand = Stand::own(Setup::new().flag("--postgres-connections", "1")).await;
    stand.db.script(PROBE).await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let request = stand.help_request(&attendee).await;
    // Done, repeated, repeated with another body, refused, and not understood.
    for _ in 0..2 {
        stand.send_dm(&organizer, &attendee, "Hello").key("dm").expect(201).await;
        stand.broadcast(&organizer, show, "Hello").key("broadcast").expect(201).await;
        stand.offer(&organizer, request, "I can drive you.").key("help").expect(201).await;
    }
    stand.send_dm(&organizer, &attendee, "Something else").key("dm").expect(422).await;
    stand.send_dm(&organizer, &organizer, "Hello").expect(403).await;
    stand.send_dm(&organizer, &attendee, "").expect(400).await;
    stand.broadcast(&attendee, show, "Hello").expect(403).await;
    stand.offer(&organizer, Uuid::new_v4(), "I can drive you.").expect(404).await;
    stand.reset().expect(200).await;
    stand.check(&organizer, &json!({"action": "start_dm", "recipient_id": attendee.id})).expect(200).await;
    for endpoint in endpoints(Uuid::new_v4()) {
        endpoint.call_by(&stand, &organizer).send().await;
    }
    for function in WITH_HEALTH {
        stand.call(Method::GET, function).expect(200).await;
    }
    assert_eq!(found(&stand).await, vec![json!({}); WITH_HEALTH.len()]);
    // Each looked into the session in which the requests before it were.
    let sessions: i64 = stand.db.one("select count(distinct session) from public.found", &[]).await;
    let connected = stand.db.count("pg_stat_activity where pid in (select session from public.found)", &[]).await;
    assert_eq!((sessions, connected), (WITH_HEALTH.len() as i64, WITH_HEALTH.len() as i64));
}

#[tokio::test]
async fn requests_that_meet_leave_nothing_in_their_session() {
    let stand = Stand::own(Setup::new().flag("--postgres-connections", "1").without_rate_limits()).await;
    stand.db.script(PROBE).await;
    let senders = stand.many(Role::Admin, 50).await;
    let attendee = stand.user(Role::Attendee).await;
    for round in 0..3 {
        let calls = senders.iter().map(|from| stand.send_dm(from, &attendee, "Hello").expect(201));
        // Health that is not of a moment ago.
        let probe = until("the database is asked", async || {
            stand.call(Method::GET, "send-dm").expect(200).await;
            (found(&stand).await.len() > round).then_some(())
        });
        futures::future::join(futures::future::join_all(calls), probe).await;
    }
    assert!(found(&stand).await.iter().all(|remains| *remains == json!({})));
}

/// What outlives a statement, as it is written inside a function.
const LASTING: &str = concat!(
    r"set_config\s*\([^;]*,\s*false\s*\)|(;|\mas|\mbegin|\mthen|\melse|\mloop)\s+set\s+(?!local\M)",
    r"|\mpg_(try_)?advisory_lock|\mcreate\s+((local|global)\s+)?temp|\mwith\s+hold\M|\msetseed\M",
    r"|(;|\mbegin|\mthen|\melse|\mloop)\s+(listen|prepare|deallocate|discard|reset|load)\M",
);

async fn lasting(stand: &Stand) -> Vec<String> {
    let sql = "select coalesce(array_agg(p.oid::regprocedure::text order by p.oid), '{}')
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('rolecall_edge', 'rolecall_internal', 'rolecall', 'public', 'auth', 'rolecall_monitoring')
          and p.prosrc ~* $1";
    stand.db.one(sql, &[&LASTING]).await
}

#[tokio::test]
async fn no_function_does_what_outlives_its_statement() {
    let stand = Stand::own(Setup::new()).await;
    assert_eq!(lasting(&stand).await, Vec::<String>::new());
    for (number, body) in [
        "perform set_config('a.b', 'c', false);",
        "set a.b = 'c';",
        "if true then set search_path = x; end if;",
        "perform pg_advisory_lock(1);",
        "perform pg_try_advisory_lock_shared(1);",
        "create temp table t (n int);",
        "create local temporary table t (n int);",
        "listen x;",
        "perform 1; prepare x as select 1;",
        "execute 'declare c cursor with hold for select 1';",
        "perform setseed(0.5);",
    ]
    .iter()
    .enumerate()
    {
        let sql = format!(
            "create function rolecall_internal.lasting_{number}() returns void language plpgsql as $$ begin {body} end $$"
        );
        stand.db.script(&sql).await;
        assert_eq!(lasting(&stand).await, [format!("rolecall_internal.lasting_{number}()")], "{body}");
        stand.db.script(&format!("drop function rolecall_internal.lasting_{number}()")).await;
    }
    let harmless = "perform set_config('a.b', 'c', true); set local a.b = 'c'; update rolecall.shows set title = '';
        perform pg_advisory_xact_lock(1);";
    stand
        .db
        .script(&format!(
            "create function rolecall.harmless() returns void language plpgsql as $$ begin {harmless} end $$"
        ))
        .await;
    assert_eq!(lasting(&stand).await, Vec::<String>::new());
}
