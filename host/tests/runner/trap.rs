//! A request that takes its instance with it.

use crate::app::App;

#[test]
fn only_what_was_in_the_instance_fails() {
    let app = App::new().start();
    let mut client = app.client();
    assert_eq!(client.get("/echo").json()["served"], 1);
    let mut beside = app.client();
    beside.send_request("GET", "/sleep/5000", &[], b"");
    std::thread::sleep(std::time::Duration::from_millis(100));
    client.get("/trap").expect_problem(500, "internal");
    beside.answer().expect_problem(500, "internal");
    // A new instance counts from the beginning, on the same connection.
    assert_eq!(client.get("/echo").json()["served"], 1);
    let line = app.log.wait_for("instance_trapped");
    assert_eq!((line["level"].as_str(), line["component"].as_str()), (Some("error"), Some("fixture")));
}

#[test]
fn a_trap_tells_the_client_nothing() {
    let app = App::new().start();
    let answer = app.get("/trap");
    answer.expect_problem(500, "internal");
    assert!(!String::from_utf8_lossy(&answer.body).contains("demand"));
}

#[test]
fn an_error_instead_of_an_answer_fails_alone() {
    let app = App::new().start();
    let mut client = app.client();
    client.get("/fail").expect_problem(500, "internal");
    assert_eq!(client.get("/echo").json()["served"], 2);
    app.log.wait_for("handler_error");
}

#[test]
fn traps_one_after_the_other_are_survived() {
    let app = App::new().start();
    let mut client = app.client();
    for _ in 0..50 {
        client.get("/trap").expect_problem(500, "internal");
    }
    assert_eq!(client.get("/echo").status, 200);
    app.stop();
}
