//! Changes of flags at once.

use futures::future::join_all;
use rolecall_e2e::{Db, Role, Setup, Stand};

/// How often each operator changes something.
const CHANGES: usize = 60;

/// Runs a change until it takes effect: a transaction whose flags have changed under it, or that met another one crosswise,
/// is refused whole and comes again.
async fn change(db: &Db, sql: &str) {
    loop {
        match db.execute(sql, &[]).await {
            Ok(_) => return,
            Err(error) => {
                let code = error.code().map(|code| code.code().to_owned()).unwrap_or_default();
                assert!(["40001", "40P01"].contains(&code.as_str()), "{sql}: {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_flag_is_open_only_where_it_includes_everybody_whoever_changes_what_at_once() {
    let stand = Stand::own(Setup::new()).await;
    let user = stand.user(Role::Attendee).await;
    let rows: i64 = stand.db.one("select count(*) from rolecall.feature_flag_changes", &[]).await;
    let wrong = "select string_agg(flag.name, ', ')
        from rolecall_internal.open_flags() as flag
        where flag.is_open <> flag.is_now_open";
    let operators = join_all((0..6).map(|operator| {
        let (stand, user) = (&stand, user.id);
        async move {
            let db = stand.connect().await;
            if operator % 2 == 1 {
                db.script("set default_transaction_isolation = 'repeatable read'").await;
            }
            for number in 0..CHANGES {
                let rollout = if number % 2 == 0 { "disabled" } else { "enabled" };
                let sql = match operator {
                    0 | 1 => format!(
                        "update rolecall.feature_flags set rollout = '{rollout}' where name = 'messaging_v2_enabled'"
                    ),
                    2 | 3 => format!("update rolecall.feature_flags set rollout = '{rollout}' where name = 'send-dm'"),
                    4 if number % 2 == 0 => format!(
                        "insert into rolecall.feature_flag_overrides (name, user_id, rollout)
                         values ('send-dm', '{user}', 'enabled') on conflict do nothing"
                    ),
                    4 => "delete from rolecall.feature_flag_overrides".to_owned(),
                    _ => format!(
                        "update rolecall.feature_flags set requires = {} where name = 'send-dm'",
                        if number % 2 == 0 { "'blocks'" } else { "'messaging_v2_enabled'" }
                    ),
                };
                change(&db, &sql).await;
                // One statement sees one moment, in which nothing is stale.
                let stale: Option<String> = db.one(wrong, &[]).await;
                assert_eq!(stale, None, "after {sql}");
            }
        }
    }));
    operators.await;
    // They end on "enabled", with what is required open and without an override.
    let open: bool = stand.db.one("select is_open from rolecall.feature_flags where name = 'send-dm'", &[]).await;
    let rollouts: String = stand
        .db
        .one(
            "select string_agg(rollout, ' ') from rolecall.feature_flags where name in ('send-dm', 'messaging_v2_enabled')",
            &[],
        )
        .await;
    assert_eq!((open, rollouts.as_str()), (true, "enabled enabled"));
    // Each change that there was has left a row, and they follow each other without a gap.
    let gaps: i64 = stand
        .db
        .one(
            "select count(*)
             from (
               select old, lag(new) over (partition by name order by id) as before
               from rolecall.feature_flag_changes
               where user_id is null and organization_id is null and id > $1
             ) as change
             where before is not null and old is distinct from before",
            &[&rows],
        )
        .await;
    assert_eq!(gaps, 0);
}

#[tokio::test]
async fn two_flags_that_come_to_require_each_other_at_once_are_refused() {
    let stand = Stand::own(Setup::new()).await;
    let [one, other] = [stand.connect().await, stand.connect().await];
    for _ in 0..20 {
        let require = |db, name: &'static str, required: &'static str| {
            let db: &Db = db;
            async move {
                let sql = format!("update rolecall.feature_flags set requires = '{required}' where name = '{name}'");
                match db.execute(&sql, &[]).await {
                    Ok(_) => true,
                    Err(error) => {
                        assert_eq!(error.code().map(|code| code.code()), Some("23514"), "{error:?}");
                        false
                    }
                }
            }
        };
        let (first, second) =
            tokio::join!(require(&one, "blocks", "moderation"), require(&other, "moderation", "blocks"));
        assert!(first ^ second, "one of the two is refused");
        let back = "update rolecall.feature_flags set requires = 'messaging_v2_enabled' where name in ('blocks', 'moderation')";
        stand.db.run(back, &[]).await;
    }
}
