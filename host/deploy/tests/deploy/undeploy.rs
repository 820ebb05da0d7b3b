//! Taking a deploy back: what was written since stays, flags are lowered and never raised.

use crate::support::Machine;

#[tokio::test]
async fn migrations_go_back_while_nothing_was_written_in_them_and_stay_otherwise() {
    for written in [false, true] {
        let machine = Machine::with_migrations(1).await;
        machine
            .sql(&[
                "insert into rolecall.profiles (id, role, display_name) values (gen_random_uuid(), 'attendee', 'Ada')",
            ])
            .await;
        machine.run("deploy", &[]).await.done().says(&["to apply: 0002"]);
        assert!(machine.migration().await > 1);
        // A server that serves writes figures all the time.
        machine.stop().await;
        if written {
            machine.sql(&["insert into rolecall.rollout_decisions (flag, actor, action, from_rollout, to_rollout, reason, figures)
                values ('start-conversation', 'somebody', 'set', 'disabled', 'internal', 'a try', '{}')"]).await;
        }
        let said = machine.run("undeploy", &[]).await.done();
        if written {
            said.says(&["they stay", "rolecall.rollout_decisions (1 rows)", "make rollback TO=1"]);
            assert!(machine.migration().await > 1);
            assert_eq!(machine.number("select count(*) from rolecall.rollout_decisions").await, 1);
        } else {
            said.says(&["taken back; nothing was written", "objects are as the migrations make them"]);
            assert_eq!(machine.migration().await, 1);
        }
        assert_eq!(machine.number("select count(*) from rolecall.profiles where display_name = 'Ada'").await, 1);
        assert_eq!(machine.records()[0]["outcome"]["state"], "taken_back");
        machine.run("undeploy", &[]).await.failed_at("preflight").says(&["there is nothing to take back"]);
    }
}

#[tokio::test]
async fn a_first_installation_keeps_its_database_and_flags_are_only_lowered() {
    let machine = Machine::new().await;
    machine.run("deploy", &[]).await.done();
    machine
        .sql(&[
            "update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm'",
            "update rolecall.feature_flags set rollout = 'enabled' where name = 'start-conversation'",
        ])
        .await;
    // A second deploy of the same build, during which flags go both ways.
    machine.run("deploy", &[]).await.done();
    machine
        .sql(&[
            "update rolecall.feature_flags set rollout = 'enabled' where name = 'send-dm'",
            "update rolecall.feature_flags set rollout = 'percentage:10' where name = 'start-conversation'",
        ])
        .await;
    let dry = machine.run("undeploy", &[("DRY_RUN", "1")]).await.done();
    dry.says(&["send-dm: enabled → disabled", "Nothing was changed"]);
    assert_eq!(machine.flag("send-dm").await.as_deref(), Some("enabled"));
    machine.run("undeploy", &[]).await.done().says(&["send-dm: enabled → disabled"]);
    assert_eq!(machine.flag("send-dm").await.as_deref(), Some("disabled"), "no further than before");
    assert_eq!(machine.flag("start-conversation").await.as_deref(), Some("percentage:10"), "what was lowered stays so");
    let before = machine.migration().await;
    let said = machine.run("undeploy", &[]).await.done();
    said.says(&["its server is stopped", "its tables and all that was written stay", "nothing is served"]);
    assert_eq!((machine.migration().await, machine.serving()), (before, None));
    assert_eq!(machine.flag("start-conversation").await.as_deref(), Some("disabled"));
}
