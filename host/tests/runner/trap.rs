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

#[test]
fn what_waits_for_the_instance_is_not_lost_with_it() {
    let app = App::new().arguments(&["--instance-concurrency", "2"]).start();
    let mut inside: Vec<_> = ["/sleep-and-trap/600", "/sleep/5000"]
        .iter()
        .map(|path| {
            let mut client = app.client();
            client.send_request("GET", path, &[], b"");
            client
        })
        .collect();
    std::thread::sleep(std::time::Duration::from_millis(200));
    let mut waiting: Vec<_> = (0..20).map(|_| app.client()).collect();
    for client in &mut waiting {
        client.send_request("GET", "/echo", &[], b"");
    }
    for client in &mut inside {
        client.answer().expect_problem(500, "internal");
    }
    let mut served: Vec<_> = waiting.iter_mut().map(|client| client.answer().json()["served"].as_u64()).collect();
    served.sort();
    // All of them by the next instance.
    assert_eq!(served, (1..=20).map(Some).collect::<Vec<_>>());
}

#[test]
fn other_instances_do_not_notice() {
    let app = App::new().arguments(&["--instances", "2", "--instance-concurrency", "1"]).start();
    let mut beside = app.client();
    beside.send_request("GET", "/sleep/1500", &[], b"");
    std::thread::sleep(std::time::Duration::from_millis(100));
    // One instance is taken, so that these are in the other.
    for _ in 0..5 {
        app.get("/trap").expect_problem(500, "internal");
    }
    assert_eq!(beside.answer().status, 200);
}
