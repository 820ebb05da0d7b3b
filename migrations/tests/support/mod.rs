//! What the tests of the database share: one cluster for each test binary, a database of its own for each test.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod explain;
pub mod pace;

use std::sync::atomic::{AtomicU32, Ordering};

use rolecall_database::{apply, connect, load_demo};
use rolecall_postgres::{Cluster, Options};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio_postgres::Client;
use uuid::Uuid;

/// The cluster of this test binary. It is never dropped; the end of the process ends it.
static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();

/// Numbers the databases.
static DATABASES: AtomicU32 = AtomicU32::new(1);

/// The running cluster, with a migrated database "template_demo" that has the demo data.
pub async fn cluster() -> &'static Cluster {
    CLUSTER
        .get_or_init(|| async {
            let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
            cluster.create_database("template_demo", None).await.expect("a superuser may");
            let url = cluster.admin_url("template_demo");
            apply(&url).await.expect("the migrations apply");
            load_demo(&url).await.expect("the demo data loads");
            // The whole suite passes with the messages in partitions, too.
            if let Ok(partitions) = std::env::var("ROLECALL_MESSAGE_PARTITIONS") {
                let admin = connect(&url).await.expect("the server runs");
                let partition = format!("select rolecall_internal.partition_messages({partitions})");
                admin.batch_execute(&partition).await.expect("a superuser may");
            }
            cluster
        })
        .await
}

/// A database of one test.
pub struct Database {
    /// Its name.
    pub name: String,
    /// The URL of the superuser.
    pub admin_url: String,
    /// The URL of `rolecall_edge`.
    pub edge_url: String,
}

impl Database {
    /// A database without anything in it.
    pub async fn empty() -> Self {
        Self::made("template0").await
    }

    /// A migrated database with the demo data.
    pub async fn demo() -> Self {
        Self::made("template_demo").await
    }

    /// A migrated database with the demo data, where users may do everything as often as they like.
    pub async fn unlimited() -> Self {
        let database = Self::demo().await;
        let client = database.admin().await;
        client.batch_execute("update rolecall.rate_limits set capacity = null").await.expect("a superuser may");
        database
    }

    async fn made(template: &str) -> Self {
        let cluster = cluster().await;
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        cluster.create_database(&name, Some(template)).await.expect("a superuser may");
        Self {
            admin_url: cluster.admin_url(&name),
            edge_url: cluster.edge_url(&name).await.expect("the login exists"),
            name,
        }
    }

    /// A connection of the superuser.
    pub async fn admin(&self) -> Client {
        let client = connect(&self.admin_url).await.expect("the server runs");
        client.batch_execute("set search_path = rolecall, public").await.expect("anybody may");
        client
    }

    /// A connection of `rolecall_edge`.
    pub async fn edge(&self) -> Client {
        connect(&self.edge_url).await.expect("the server runs")
    }

    /// `count` connections of `rolecall_edge`.
    pub async fn edges(&self, count: usize) -> Vec<Client> {
        futures::future::join_all((0..count).map(|_| self.edge())).await
    }
}

/// Switches on what every function for users requires, for a new database without the demo data.
pub async fn switch_on(owner: &Client) {
    owner
        .batch_execute("update rolecall.feature_flags set rollout = 'enabled' where name = 'messaging_v2_enabled'")
        .await
        .expect("the owner may");
}

/// Lets every refusal be a row of the log, for tests that compare those rows one by one.
pub async fn log_every_refusal(admin: &Client) {
    admin
        .batch_execute(
            "create or replace function rolecall_internal.limit_logged_refusals()
             returns int language sql immutable parallel safe return 1000000",
        )
        .await
        .expect("a superuser may");
}

/// The demo user, show, help request or organisation with this number.
pub fn demo(number: u32) -> Uuid {
    let text = format!("00000000-0000-4000-8000-0000000000{number:02}");
    text.parse().expect("a uuid")
}

/// A request of a signed-in user.
pub fn request(user: Uuid, input: Value) -> Value {
    json!({
        "claims": {"sub": user, "role": "authenticated"},
        "request_id": "test",
        "rollouts": {},
        "input": input,
    })
}

/// A request of the operator.
pub fn operator_request() -> Value {
    json!({
        "claims": {"role": "service_role"},
        "request_id": "test",
        "rollouts": {},
        "input": {},
    })
}

/// Calls an entry point.
pub async fn call(client: &Client, function: &str, request: &Value) -> Value {
    client
        .query_one(&format!("select rolecall_edge.{function}($1)"), &[request])
        .await
        .unwrap_or_else(|error| panic!("{function}: {error:?}"))
        .get(0)
}

/// Sends all requests at the same time, each on its own connection, and returns the answers.
pub async fn at_once(clients: &[Client], function: &str, requests: &[Value]) -> Vec<Value> {
    let calls = clients.iter().zip(requests).map(|(client, request)| call(client, function, request));
    futures::future::join_all(calls).await
}

/// How many of the answers have this code; "ok" counts the successes.
pub fn count(answers: &[Value], code: &str) -> usize {
    answers.iter().filter(|answer| answer["code"].as_str().unwrap_or("ok") == code).count()
}

/// The first column of the first row.
pub async fn one<T>(client: &Client, sql: &str) -> T
where
    T: for<'a> tokio_postgres::types::FromSql<'a>,
{
    client.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
}

/// The first column of every row, as text.
pub async fn list(client: &Client, sql: &str) -> Vec<String> {
    client
        .query(sql, &[])
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// The schema with its privileges and the rows of the matrix, without what differs from run to run.
pub async fn dump(url: &str) -> String {
    rolecall_compile::dump(cluster().await, url).await.expect("it can be dumped")
}

/// Fails for everything in the catalogue that is open to somebody it is not meant for.
pub async fn assert_nothing_is_open(client: &Client) {
    let nothing: [String; 0] = [];
    client.batch_execute("set search_path = rolecall, public").await.expect("anybody may");

    let readable = list(
        client,
        "select format('%s %s', c.oid::regclass, privilege)
         from pg_class c
         cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) privilege
         where c.relkind in ('r', 'p', 'v', 'm', 'f')
           and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
           and c.relnamespace <> pg_my_temp_schema()
           and has_table_privilege('rolecall_edge', c.oid, privilege)",
    )
    .await;
    assert_eq!(readable, nothing, "rolecall_edge has no table");

    let callable = list(
        client,
        "select p.oid::regprocedure::text
         from pg_proc p
         where p.pronamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'auth')
           and has_schema_privilege('rolecall_edge', p.pronamespace, 'usage')
           and has_function_privilege('rolecall_edge', p.oid, 'execute')
         order by 1",
    )
    .await;
    let entry_points = list(
        client,
        "select oid::regprocedure::text from pg_proc where pronamespace = 'rolecall_edge'::regnamespace order by 1",
    )
    .await;
    assert!(entry_points.iter().any(|name| name == "rolecall_edge.send_dm(jsonb)"), "{entry_points:?}");
    assert_eq!(callable, entry_points, "rolecall_edge has the entry points and nothing else");

    for role in ["anon", "authenticated", "service_role"] {
        let schemas = list(
            client,
            &format!(
                "select nspname::text from pg_namespace
                 where (nspname in ('rolecall_internal', 'rolecall_edge') or (nspname = 'rolecall_monitoring' and '{role}' <> 'service_role'))
                   and has_schema_privilege('{role}', oid, 'usage, create')"
            ),
        )
        .await;
        assert_eq!(schemas, nothing, "{role} cannot look into the internal schemas");
    }

    let callable = list(
        client,
        "select format('%s %s', role, p.oid::regprocedure)
         from pg_proc p
         cross join unnest(array['anon', 'authenticated', 'service_role']) role
         where p.pronamespace::regnamespace::text in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge', 'rolecall_monitoring')
           and has_function_privilege(role, p.oid, 'execute')
         order by 1",
    )
    .await;
    assert_eq!(
        callable,
        [
            "authenticated can_user_reply(uuid,uuid)",
            "authenticated can_user_send_dm(uuid,uuid,uuid)",
            "authenticated create_conversation_atomic(uuid,uuid,text)",
            "authenticated get_conversation_v2(uuid,uuid)",
            // For policies alone; the schema is closed.
            "authenticated rolecall_internal.caller_acquaintances()",
            "authenticated rolecall_internal.caller_broadcasts()",
            "authenticated rolecall_internal.caller_direct_conversations()",
            "authenticated rolecall_internal.caller_may_ask_for_help()",
            "authenticated rolecall_internal.caller_may_edit_in(uuid)",
            "authenticated rolecall_internal.caller_may_move(uuid)",
            "authenticated rolecall_internal.caller_may_use(text)",
            "authenticated rolecall_internal.caller_may_write()",
            "authenticated rolecall_internal.caller_organization()",
            "authenticated rolecall_internal.caller_organization_of_threads()",
            "authenticated rolecall_internal.caller_role_of_threads()",
            "authenticated rolecall_internal.caller_show_conversations()",
            "authenticated rolecall_internal.caller_threads()",
            "authenticated rolecall_internal.caller_with_profile()",
            // For the checks of the tables that they write, and the conditions of their triggers.
            "authenticated rolecall_internal.has_control(text)",
            "authenticated rolecall_internal.has_visible(text)",
            "authenticated rolecall_internal.is_client()",
            "authenticated rolecall_internal.is_name(text)",
            "authenticated rolecall_internal.is_text(text,integer,integer)",
            "authenticated rolecall_internal.limit_direct_message_chars()",
            "authenticated rolecall_internal.limit_help_message_max_chars()",
            "authenticated rolecall_internal.limit_help_message_min_chars()",
            "authenticated rolecall_internal.reads_assigned_threads(text)",
            // For policies, too.
            "authenticated rolecall_internal.reads_broadcasts_of(uuid,uuid)",
            "authenticated rolecall_internal.reads_every_thread(text)",
            "authenticated rolecall_internal.reads_own_thread(text)",
            "authenticated rolecall_internal.sees_message(text,uuid,text,text,uuid,uuid,bigint,text)",
            "authenticated rolecall_internal.uuid_v7()",
            "authenticated send_message_v2(uuid,uuid,text)",
            "service_role delete_account(uuid)",
            "service_role import_legacy_conversations(jsonb)",
            // The constraints and columns of the tables call them.
            "service_role rolecall_internal.has_control(text)",
            "service_role rolecall_internal.has_visible(text)",
            "service_role rolecall_internal.hour_of(timestamp with time zone)",
            "service_role rolecall_internal.is_client()",
            "service_role rolecall_internal.is_conversation(text,text,uuid,uuid,uuid,uuid,boolean)",
            "service_role rolecall_internal.is_failure(text)",
            "service_role rolecall_internal.is_message(uuid,text,timestamp with time zone,timestamp with time zone,text,boolean)",
            "service_role rolecall_internal.is_name(text)",
            "service_role rolecall_internal.is_reaction(text)",
            "service_role rolecall_internal.is_text(text,integer,integer)",
            "service_role rolecall_internal.limit_direct_message_chars()",
            "service_role rolecall_internal.limit_help_message_max_chars()",
            "service_role rolecall_internal.limit_help_message_min_chars()",
            "service_role rolecall_internal.texting_of(uuid)",
            "service_role rolecall_internal.uuid_v7()",
            "service_role rolecall_internal.v1_conversation_counts()",
        ]
    );

    let granted = list(
        client,
        "select format('%s %s %s', role, c.oid::regclass, privilege)
         from pg_class c
         cross join unnest(array['anon', 'authenticated', 'service_role']) role
         cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) privilege
         where c.relkind in ('r', 'p', 'v', 'm', 'f')
           and c.relnamespace::regnamespace::text in ('public', 'rolecall', 'rolecall_monitoring')
           and role <> 'service_role'
           and case
             when privilege in ('select', 'insert', 'update', 'references')
               then has_any_column_privilege(role, c.oid, privilege)
             else has_table_privilege(role, c.oid, privilege)
           end
         order by 1",
    )
    .await;
    assert_eq!(
        granted,
        [
            "authenticated broadcast_limits select",
            "authenticated broadcast_quotas select",
            "authenticated broadcast_receipts select",
            "authenticated broadcasts select",
            "authenticated conversation_participants select",
            "authenticated conversation_settings select",
            "authenticated conversations select",
            "authenticated conversations_v2 select",
            "authenticated conversations_v2 update",
            "authenticated data_deletions select",
            "authenticated edit_windows select",
            "authenticated feature_flags select",
            "authenticated help_requests insert",
            "authenticated help_requests select",
            "authenticated help_requests update",
            "authenticated message_reactions select",
            "authenticated message_threads select",
            "authenticated messages select",
            "authenticated messages_v2 delete",
            "authenticated messages_v2 select",
            "authenticated messages_v2 update",
            "authenticated organizations select",
            "authenticated profiles select",
            "authenticated profiles update",
            "authenticated public.broadcast_quotas select",
            "authenticated rate_limits select",
            "authenticated reported_messages select",
            "authenticated retention select",
            "authenticated show_participants select",
            "authenticated shows select",
            "authenticated thread_messages select",
            "authenticated user_blocks delete",
            "authenticated user_blocks insert",
            "authenticated user_blocks select",
        ]
    );
}
