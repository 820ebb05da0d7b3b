//! The Postman collection and the OpenAPI document, with the tools their users have. `make test` installs them
//! (`make api-tools`).

use rolecall_e2e::{Role, Setup, Stand, User, fixtures::Starts, observer::Observer, runner::workspace, token};
use serde_json::{Value, json};
use std::process::Command;

/// Runs a program of `tests/api` and gives what it printed.
fn node(program: &str, environment: &Value) -> String {
    let directory = workspace().join("tests/api");
    assert!(directory.join("node_modules").exists(), "newman is not installed: run `make api-tools`");
    let output = Command::new("node")
        .arg(directory.join(program))
        .env("ROLECALL_API_ENVIRONMENT", environment.to_string())
        .output()
        .expect("node is installed");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {printed}{}", String::from_utf8_lossy(&output.stderr));
    printed
}

#[test]
fn the_document_is_openapi_3_1() {
    assert_eq!(node("document.mjs", &Value::Null).trim(), "it is OpenAPI 3.1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postman_collection_passes() {
    let stand = Stand::own(Setup::new()).await;
    let [attendee, stranger, dealer, mvp, organizer, moderator] = stand
        .users([Role::Attendee, Role::Attendee, Role::Dealer, Role::MvpDealer, Role::ShowOrganizer, Role::Moderator])
        .await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &dealer, &mvp, &organizer, &moderator]).await;

    let observer = Observer::start(stand.runner().address()).await;
    let mut environment = json!({
        "baseUrl": observer.address(), "showId": show, "operator": token::operator(),
        "stranger": stranger.token, "moderator": moderator.token,
    });
    let named: [(&str, &User); 4] =
        [("attendee", &attendee), ("dealer", &dealer), ("mvp", &mvp), ("organizer", &organizer)];
    for (name, user) in named {
        environment[name] = json!(user.token);
        environment[format!("{name}Id")] = json!(user.id);
    }
    let printed = tokio::task::block_in_place(|| node("collection.mjs", &environment));

    let summary: Value =
        serde_json::from_str(printed.lines().last().unwrap_or("")).expect("the last line is a summary");
    let collection = std::fs::read_to_string(workspace().join("tests/api/rolecall.postman_collection.json")).unwrap();
    let collection: Value = serde_json::from_str(&collection).unwrap();
    let folders = collection["item"].as_array().unwrap();
    let requests: usize = folders.iter().map(|folder| folder["item"].as_array().unwrap().len()).sum();
    assert_eq!(summary["requests"], requests, "{printed}");
    assert_eq!(summary["failed"], 0, "{printed}");
    assert_eq!(observer.answers(), requests);
    println!("{summary}");
}
