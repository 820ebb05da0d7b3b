//! The Postman collection and the OpenAPI document, with the tools their users have. `make test` installs them
//! (`make api-tools`).

use rolecall_e2e::{
    observer::Observer,
    runner::{Runner, workspace},
    stand::Db,
};
use serde_json::Value;
use std::process::Command;

/// Runs a program of `tests/api` with this in its environment and gives what it printed.
fn node(program: &str, environment: &[(&str, &str)]) -> String {
    let directory = workspace().join("tests/api");
    assert!(directory.join("node_modules").exists(), "newman is not installed: run `make api-tools`");
    let output = Command::new("node")
        .arg(directory.join(program))
        .envs(environment.iter().copied())
        .output()
        .expect("node is installed");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {printed}{}", String::from_utf8_lossy(&output.stderr));
    printed
}

#[test]
fn the_document_is_openapi_3_1() {
    assert_eq!(node("document.mjs", &[]).trim(), "it is OpenAPI 3.1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postman_collection_passes_with_the_environment_that_make_run_writes_as_often_as_one_likes() {
    // Without a database the runner starts its own, with the demo data: what `make run` does.
    let runner = tokio::task::block_in_place(|| Runner::start(&[], &[])).expect("the demo starts");
    let environment = runner.state_dir().join("postman_environment.json");
    let run = std::fs::read_to_string(runner.state_dir().join("run.json")).unwrap();
    let run: Value = serde_json::from_str(&run).unwrap();
    let db = Db::connect(run["admin_url"].as_str().unwrap()).await;
    let observer = Observer::start(runner.address()).await;

    let collection = std::fs::read_to_string(workspace().join("tests/api/rolecall.postman_collection.json")).unwrap();
    let collection: Value = serde_json::from_str(&collection).unwrap();
    let folders = collection["item"].as_array().unwrap();
    let requests: usize = folders.iter().map(|folder| folder["item"].as_array().unwrap().len()).sum();
    for time in 1..=2 {
        let variables = [
            ("ROLECALL_POSTMAN_ENVIRONMENT", environment.to_str().unwrap()),
            ("ROLECALL_BASE_URL", observer.address()),
        ];
        let printed = tokio::task::block_in_place(|| node("collection.mjs", &variables));
        let summary: Value =
            serde_json::from_str(printed.lines().last().unwrap_or("")).expect("the last line is a summary");
        assert_eq!(summary["requests"], requests, "{printed}");
        assert_eq!(summary["failed"], 0, "{printed}");
        assert_eq!(observer.answers(), time * requests);
        assert_eq!(db.count("rolecall.broadcasts", &[]).await, 2, "two a day, however often the collection runs");
        println!("{summary}");
    }

    runner.terminate();
    assert!(tokio::task::block_in_place(|| runner.wait()).success(), "{}", runner.errors());
    assert!(!environment.exists(), "the tokens go with the runner");
    let said = runner.errors();
    assert!(said.contains("newman run tests/api/rolecall.postman_collection.json -e "), "{said}");
    assert!(said.contains("mode 0600"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_no_postman_environment_for_a_database_that_is_given() {
    let url = rolecall_e2e::Stand::database().await;
    let runner = tokio::task::block_in_place(|| {
        let variables =
            [("database_url".to_owned(), url), ("jwt_secret".to_owned(), rolecall_e2e::token::SECRET.to_owned())];
        Runner::start(&variables, &[])
    });
    let runner = runner.expect("it starts");
    assert!(runner.state_dir().join("run.json").exists());
    assert!(!runner.state_dir().join("postman_environment.json").exists());
    assert!(!runner.errors().contains("postman"), "{}", runner.errors());
}
