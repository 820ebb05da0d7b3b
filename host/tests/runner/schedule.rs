//! Requests the runner makes at given times.

use crate::app::{App, component, trigger};
use std::time::{Duration, Instant};

fn schedule(path: &str, role: &str) -> App {
    schedule_at("* * * * * *", path, role)
}

fn schedule_at(cron: &str, path: &str, role: &str) -> App {
    App::with(&format!(
        "[[application.tool.rolecall.schedule]]\ncron = \"{cron}\"\npath = \"{path}\"\n{role}\n\
         [variables]\njwt_secret = {{ default = \"a secret of at least thirty-two bytes\" }}\n{}{}",
        trigger("/..."),
        component("")
    ))
}

#[test]
fn they_are_made_with_a_token_and_reported() {
    let app = schedule("/headers", "role = \"service_role\"").start();
    let line = app.log.wait_for("scheduled_request");
    assert_eq!((line["status"].as_u64(), line["path"].as_str()), (Some(200), Some("/headers")));
    assert_eq!(line["method"], "POST");
    let seen = app.log.lines().into_iter().find(|line| line["headers"].is_object()).unwrap();
    assert_eq!(seen["headers"]["content-type"], "application/json");
    let token = seen["headers"]["authorization"].as_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned();
    assert_eq!(token.split('.').count(), 3);
    let begun = Instant::now();
    while app.log.lines().iter().filter(|line| line["headers"].is_object()).count() < 3 {
        assert!(begun.elapsed() < Duration::from_secs(10), "it comes only once");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(app.log.count("scheduled_request"), 1, "each second would flood the log");
    app.stop();
}

/// Each occurrence of a frequent entry is on time: it waits neither for the one before it nor for the pause before that
/// one is tried again, of which the second lasts half a minute.
#[test]
fn what_comes_each_second_is_held_up_neither_by_a_slow_request_nor_by_a_failing_one() {
    for path in ["/say-and-sleep/60000", "/say-and-fail"] {
        let app = schedule(path, "").start();
        let begun = app.log.wait_for("begun");
        let first = Instant::now();
        while app.log.count("begun") < 4 {
            assert!(first.elapsed() < Duration::from_secs(60), "{path}: {begun}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The nightly run does one step a request, and says whether there is another.
#[test]
fn an_answer_that_says_more_is_followed_by_the_next_request() {
    // Once in the year, when the application is surely up.
    let once = chrono::Utc::now() + Duration::from_secs(10);
    let app = schedule_at(&once.format("%S %M %H %d %m *").to_string(), "/job/3", "").start();
    let begun = Instant::now();
    while app.log.count("scheduled_request") < 3 {
        assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", app.log.lines());
        std::thread::sleep(Duration::from_millis(20));
    }
    let lines = app.log.lines();
    let steps = lines.iter().filter(|line| line["event"] == "scheduled_request");
    assert_eq!(steps.map(|line| line["more"] == true).collect::<Vec<_>>(), [true, true, false]);
    app.stop();
}

#[test]
fn a_failure_is_an_error_in_the_log() {
    let app = schedule("/fail", "").start();
    let line = app.log.wait_for("scheduled_request");
    assert_eq!((line["status"].as_u64(), line["level"].as_str()), (Some(500), Some("error")));
}

#[test]
fn without_anything_to_make_a_token_of_they_are_left_out_and_the_rest_is_served() {
    let app = App::with(&format!(
        "[[application.tool.rolecall.schedule]]\ncron = \"* * * * * *\"\npath = \"/headers\"\nrole = \"service_role\"\n{}{}",
        trigger("/..."),
        component("")
    ))
    .start();
    let line = app.log.wait_for("not_scheduled");
    assert_eq!(line["level"], "warn");
    assert!(line["cause"].as_str().unwrap().contains("operator_token"), "{line}");
    assert_eq!(app.get("/headers").status, 200);
    app.stop();
}
