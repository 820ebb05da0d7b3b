//! The TypeScript client: its matrix is Rust's for every input there is, and its calls work.
//!
//! `make test` builds it (`make client`).

use crate::sms::support::outbox;
use rolecall_e2e::{
    Setup, Stand, User,
    fixtures::Starts,
    observer::Observer,
    openapi::{Operation, document},
    report,
    runner::workspace,
    token,
};
use rolecall_shared::{
    each_domain,
    rules::matrix::{Decision, Domain, Role, every_case},
};
use serde_json::{Value, json};
use std::process::Command;
use uuid::Uuid;

/// Runs one of the client's test programs and gives what it printed.
pub fn node(program: &str, setup: &Value) -> String {
    let client = workspace().join("clients/typescript");
    assert!(client.join("dist/index.js").exists(), "the TypeScript client is not built: run `make client`");
    let output = Command::new("node")
        .arg(client.join("test").join(program))
        .env("ROLECALL_TEST_SETUP", setup.to_string())
        .output()
        .expect("node is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// A decision as `decisions.mjs` prints it.
fn shown(decision: Decision) -> String {
    match decision {
        Decision::Allowed { rule } => format!("true\t\t{rule}\t\t"),
        Decision::Refused { code, rule, message, allowed_if } => {
            format!("false\t{}\t{rule}\t{message}\t{allowed_if}", code.as_str())
        }
    }
}

/// Compares what the client printed of a domain, and gives how many decisions there are.
fn compare<'a, D: Domain>(printed: &mut impl Iterator<Item = &'a str>) -> usize {
    let mut compared = 0;
    for case in every_case::<D>() {
        assert_eq!(printed.next(), Some(shown(case.decision()).as_str()), "{case:?}");
        compared += 1;
    }
    compared
}

#[test]
fn rust_and_typescript_decide_every_case_alike() {
    let printed = node("decisions.mjs", &Value::Null);
    let mut in_typescript = printed.lines();
    for (name, compared) in each_domain!(D => (D::NAME, compare::<D>(&mut in_typescript))) {
        assert!(compared > 1_000, "{name}: {compared}");
        report(&format!("{compared} decisions of Rust and TypeScript compared ({name})"));
    }
    assert_eq!(in_typescript.next(), None);
}

#[test]
fn an_export_is_read_to_its_end_or_not_at_all_and_every_write_has_a_key() {
    assert_eq!(node("client.mjs", &Value::Null).trim(), "the client keeps its own promises");
}

#[test]
fn the_package_is_built_from_its_folder_and_holds_what_is_published() {
    assert_eq!(node("package.mjs", &Value::Null).trim(), "the package is what its users need");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_repeats_and_tells_faults_apart_on_node_bun_deno_and_chromium() {
    // The shared stand limits nobody.
    let stand = Stand::own(Setup::new()).await;
    let [attendee, organizer] = stand.users([Role::Attendee, Role::ShowOrganizer]).await;
    let [dealer, mvp] = stand.users([Role::Dealer, Role::MvpDealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &dealer, &mvp]).await;
    let user = |user: &User| json!({"id": user.id, "token": user.token});
    let setup = json!({
        "baseUrl": stand.runner().address(), "show": show,
        "attendee": user(&attendee), "dealer": user(&dealer), "mvp": user(&mvp),
    });
    let printed = tokio::task::block_in_place(|| node("runtimes.mjs", &setup));
    for runtime in ["node", "bun", "deno", "chromium"] {
        assert!(printed.contains(&format!("{runtime}: ")), "{printed}");
    }
    assert!(printed.trim().ends_with("every platform keeps its promises"), "{printed}");
    report(&printed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_flows_go_as_they_should_with_the_client_as_the_caller() {
    // The reset at the end is for the whole database.
    let stand = Stand::own(Setup::new().realtime()).await;
    let [attendee, requester, owner] = stand.users([Role::Attendee; 3]).await;
    let [dealer, mvp, organizer, moderator] =
        stand.users([Role::Dealer, Role::MvpDealer, Role::ShowOrganizer, Role::Moderator]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &dealer, &mvp]).await;
    let help_request = stand.help_request(&requester).await;
    let organization = stand.organization().await;
    stand.belongs(&owner, organization, Some("owner")).await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    // A text of another organisation, of which nobody knows whether the carrier has it.
    let elsewhere = stand.agency().await;
    let uncertain = outbox(&stand, &elsewhere, "uncertain", None).await;
    let sql = "select message.id
        from rolecall.thread_messages as message
        join rolecall.sms_outbox as outbox using (organization_id, thread_id, seq)
        where outbox.id = $1";
    let uncertain: Uuid = stand.db.one(sql, &[&uncertain]).await;

    let user = |user: &User| json!({"id": user.id, "token": user.token});
    let observer = Observer::start(stand.runner().address()).await;
    let setup = json!({
        "baseUrl": observer.address(), "show": show, "helpRequest": help_request,
        "attendee": user(&attendee), "requester": user(&requester), "owner": user(&owner), "dealer": user(&dealer),
        "mvp": user(&mvp), "organizer": user(&organizer), "moderator": user(&moderator), "operator": {"token": token::operator()},
        "agencyOwner": user(&agency.owner), "agencySitter": user(&agency.sitter), "thread": thread,
        "agency": agency.organization, "agencyClient": agency.client.id,
        "otherOwner": user(&elsewhere.owner), "uncertain": uncertain,
    });
    let printed = tokio::task::block_in_place(|| node("flows.mjs", &setup));
    assert_eq!(printed.trim(), "every flow went as it should");
    report(&format!("{} answers, all as docs/openapi.yaml says", observer.answers()));

    let seen = observer.seen();
    let called = |operation: &&Operation| {
        seen.iter()
            .any(|seen| seen.code == "ok" && seen.method == operation.method.as_str() && seen.path == operation.path)
    };
    let is_alias = |operation: &Operation| operation.alias_of.is_some();
    let is_health = |operation: &Operation| operation.answers.contains_key("503") && operation.id != "health";
    // The carrier has clients of its own.
    let is_for_others = |operation: &Operation| is_alias(operation) || document().is_for_carrier(operation);
    let operations =
        document().operations().iter().filter(|operation| !is_for_others(operation) && !is_health(operation));
    let uncalled: Vec<_> = operations.filter(|operation| !called(operation)).map(|operation| &operation.id).collect();
    assert!(uncalled.is_empty(), "operations the client did not call with success: {uncalled:?}");
}

#[test]
fn whatever_is_lost_doubled_or_late_a_live_client_ends_with_what_the_server_shows() {
    report(node("live/ledger.mjs", &Value::Null).trim());
    node("live/live.mjs", &Value::Null);
}

#[test]
fn what_is_written_offline_is_sent_once_and_in_order_wherever_it_is_killed() {
    node("live/outbox.mjs", &Value::Null);
}

#[test]
fn what_is_typed_in_one_window_is_seen_in_the_other_and_after_a_cut_both_are_whole() {
    assert_eq!(node("live/windows.mjs", &Value::Null).trim(), "both windows are whole");
}

#[test]
fn what_is_written_on_node_bun_deno_and_chromium_is_told_there() {
    let printed = node("live/runtimes.mjs", &Value::Null);
    assert!(printed.trim().ends_with("every platform is live"), "{printed}");
    report(&printed);
}

#[test]
fn what_the_documentation_shows_of_live_offline_and_catch_up_works() {
    assert_eq!(node("live/docs.mjs", &Value::Null).trim(), "what the documentation shows works");
}
