//! A database of the last release becomes one of the next: its data stays, its matrix and its functions are the new ones,
//! and the way back leads to where it was.

use std::path::Path;

use rolecall_compile::{
    Inventory, NextRelease, Phase, Released, SchemaFile, Tree, apply_sql, compile, dump, inventory_of, whole_tree,
};
use rolecall_database::{MIGRATIONS, connect, load_demo};
use rolecall_postgres::{Cluster, Options};

/// What the next release changes of tables, by hand.
const BY_HAND: &str = "alter table rolecall.profiles add column pronouns text;";
const BACK_BY_HAND: &str = "alter table rolecall.profiles drop column pronouns;";

/// The tree of a next release: another rule of the matrix, another text of a function, a table and an entry point more,
/// a column more, and a function less.
fn next_tree(tree: &Tree) -> Tree {
    let mut files = tree.files.clone();
    let mut change = |path: &str, from: &str, to: &str| {
        let file = files.iter_mut().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
        assert!(file.text.contains(from), "{path} has no {from:?}");
        file.text = file.text.replacen(from, to, 1);
    };
    change(
        "permissions/rules.generated.sql",
        "('start_dm', 'dealer', 'attendee', false,",
        "('start_dm', 'dealer', 'attendee', true,",
    );
    change("calls/rollout.sql", "This function is switched off, or not rolled out to you yet.", "Not for you yet.");
    let text =
        "create table rolecall.badges (\n  id uuid primary key\n);\ncomment on table rolecall.badges is 'Badges.';\n";
    files.push(SchemaFile { path: "badges/tables.sql".into(), phase: Phase::Tables, text: text.into() });
    let text = "create or replace function rolecall_edge.badges(p_request jsonb)\nreturns jsonb\nlanguage plpgsql\n\
                security definer\nset search_path = pg_catalog, pg_temp\nas $$\nbegin\n  return '{}';\nend\n$$;\n";
    files.push(SchemaFile { path: "badges/list.sql".into(), phase: Phase::Operations, text: text.into() });
    // A column that is added lies behind the others: in the tree of a real release it does so, too.
    let profiles = files.iter_mut().find(|file| file.path == "identity/tables.sql").expect("profiles are there");
    let (before, behind) = profiles.text.split_once("create table rolecall.profiles (").expect("the table of profiles");
    let (columns, rest) = behind.split_once("\n);").expect("its end");
    profiles.text = format!("{before}create table rolecall.profiles ({columns},\n  pronouns text\n);{rest}");
    // A function that nothing uses any more.
    files.retain(|file| file.path != "legacy/import.sql" && file.path != "legacy/access.sql");
    Tree::of(files)
}

/// Every row of every table of ours but those that belong to the product, and what the matrix decides.
async fn data(url: &str) -> Vec<String> {
    let client = connect(url).await.expect("the server runs");
    let rows = client
        // As text: XML knows no infinite timestamp.
        .query(
            "select table_name || ' ' || md5(query_to_xml(format(
               'select %s from %I.%I as t order by t::text',
               (select string_agg(format('%1$I::text as %1$I', column_name), ', ' order by ordinal_position)
                from information_schema.columns as c
                where c.table_schema = t.table_schema and c.table_name = t.table_name and column_name <> 'pronouns'),
               table_schema, table_name), false, false, '')::text)
             from information_schema.tables as t
             where table_schema in ('public', 'rolecall')
               and table_type = 'BASE TABLE'
               and table_name not in ('matrix_actions', 'matrix_guards', 'matrix_rows', 'schema_migrations', 'badges')
             order by 1",
            &[],
        )
        .await
        .expect("the tables can be read");
    rows.iter().map(|row| row.get(0)).collect()
}

/// What the matrix decides of every action, actor and target under every set of the facts that the action looks at.
async fn decisions(url: &str) -> (String, i64) {
    let client = connect(url).await.expect("the server runs");
    let row = client
        .query_one(
            "with decided as (
               select covering.action, covering.actor, covering.target, held,
                 rolecall_internal.decide_action(covering.action, covering.actor, covering.target, held) as decision
               from rolecall.matrix_rows as covering
               join rolecall.matrix_actions as named using (action)
               cross join lateral (
                 select array(select facts[i] from generate_subscripts(facts, 1) as i where number >> (i - 1) & 1 = 1) as held
                 from generate_series(0, (1 << cardinality(facts)) - 1) as number
               ) as sets
             )
             select md5(string_agg(decided::text, '' order by decided::text)), count(*) from decided",
            &[],
        )
        .await
        .expect("it decides");
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn the_last_release_becomes_the_next_with_its_data_and_goes_back() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    let tree = Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema")).expect("the tree can be read");
    let next = next_tree(&tree);
    let after = inventory_of(&cluster, &next, "after").await.expect("the next tree applies");

    cluster.create_database("app", None).await.expect("a superuser may");
    let url = cluster.admin_url("app");
    let empty = Inventory::of(&connect(&url).await.expect("it runs"), &Inventory::default()).await.expect("it answers");
    for migration in MIGRATIONS {
        apply_sql(&url, migration.up).await.expect("the last release applies");
    }
    let before = Inventory::of(&connect(&url).await.expect("it runs"), &empty).await.expect("it answers");
    load_demo(&url).await.expect("the demo data loads");
    apply_sql(
        &url,
        "select rolecall_edge.send_dm(jsonb_build_object(
           'claims', '{\"sub\": \"00000000-0000-4000-8000-000000000001\", \"role\": \"authenticated\"}'::jsonb,
           'request_id', 'upgrade', 'rollouts', '{}'::jsonb, 'idempotency_key', 'a key',
           'input', '{\"recipient_id\": \"00000000-0000-4000-8000-000000000004\", \"content\": \"Hello\"}'::jsonb));
         delete from rolecall.feature_flags where name = 'own-data';
         update rolecall.rate_limits set capacity = 7 where action = 'send_dm'",
    )
    .await
    .expect("it works");
    let (old_dump, old_data, old_decisions) =
        (dump(&cluster, &url).await.expect("a dump"), data(&url).await, decisions(&url).await);

    let released = Released::read(MIGRATIONS.iter().map(|migration| migration.up));
    let version = MIGRATIONS.len() as i32 + 1;
    let step = NextRelease {
        version,
        name: "badges",
        by_hand: BY_HAND,
        back_by_hand: BACK_BY_HAND,
        before: &before,
        after: &after,
    };
    let compiled = compile(&next, &released, &step).expect("it compiles");
    assert!(!compiled.up.contains("-- schema/messages/send_dm.sql"), "what has not changed is not written again");

    apply_sql(&url, &compiled.up).await.expect("the next release applies");
    apply_sql(&url, &compiled.up).await.expect("and does nothing where it was applied");
    assert_eq!(data(&url).await, old_data, "no row has changed, and none that was deleted has come back");
    cluster.create_database("fresh", None).await.expect("a superuser may");
    let fresh = cluster.admin_url("fresh");
    apply_sql(&fresh, &whole_tree(&next, &after).expect("it compiles")).await.expect("it applies");
    let new_dump = dump(&cluster, &url).await.expect("a dump");
    assert!(new_dump == dump(&cluster, &fresh).await.expect("a dump"), "an upgrade makes what the tree says");
    let new_decisions = decisions(&url).await;
    assert_eq!(new_decisions, decisions(&fresh).await);
    assert!(new_decisions.1 > 5_000, "{new_decisions:?}");
    assert_ne!(new_decisions.0, old_decisions.0, "the new rule is in force");

    apply_sql(&url, &compiled.down).await.expect("it is taken back");
    let back = dump(&cluster, &url).await.expect("a dump");
    let difference = old_dump.lines().zip(back.lines()).find(|(old, back)| old != back);
    assert_eq!(difference, None, "the way back leads to where it was");
    assert!(old_dump == back, "the way back leads to where it was");
    assert_eq!(data(&url).await, old_data);
    assert_eq!(decisions(&url).await, old_decisions);
    apply_sql(&url, &compiled.up).await.expect("it applies again");
    assert!(new_dump == dump(&cluster, &url).await.expect("a dump"));
}

#[tokio::test]
async fn a_release_that_forgets_what_its_tables_need_is_not_compiled() {
    let tree = Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema")).expect("the tree can be read");
    let released = Released::read(MIGRATIONS.iter().map(|migration| migration.up));
    let table = Inventory(["table rolecall.shows".to_owned()].into());
    let nothing = Inventory::default();
    let step = NextRelease { version: 2, name: "x", by_hand: "", back_by_hand: "", before: &table, after: &nothing };
    let error = compile(&Tree::default(), &released, &step).expect_err("a table is gone").to_string();
    assert!(error.contains("rolecall.shows"), "{error}");

    let step = NextRelease { before: &nothing, ..step };
    // Between two releases other tables have changed already.
    let mut next = next_tree(&tree);
    next.files.retain(|file| file.path == "identity/tables.sql");
    let error = compile(&next, &released, &step).expect_err("a table has changed").to_string();
    assert!(error.contains("identity/tables.sql"), "{error}");
}
