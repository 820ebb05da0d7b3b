//! A request that computes without end.

use crate::app::App;
use std::time::{Duration, Instant};

#[test]
fn an_endless_loop_is_stopped_and_other_components_go_on() {
    let manifest = format!(
        "{}{}[[trigger.http]]\nroute = \"/echo\"\ncomponent = \"other\"\n{}",
        crate::app::trigger("/..."),
        crate::app::component(""),
        crate::app::component("").replace("component.fixture", "component.other"),
    );
    let app = App::with(&manifest).arguments(&["--cpu-limit", "1s"]).start();
    let mut looping = app.client();
    let begun = Instant::now();
    looping.send_request("GET", "/loop", &[], b"");
    let mut neighbour = app.client();
    let mut served = 0;
    while begun.elapsed() < Duration::from_millis(800) {
        let request = Instant::now();
        assert_eq!(neighbour.get("/echo").status, 200);
        assert!(request.elapsed() < Duration::from_millis(500), "held up for {:?}", request.elapsed());
        served += 1;
    }
    assert!(served > 5, "only {served} requests were served beside the loop");
    looping.answer().expect_problem(504, "timeout");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    app.log.wait_for("instance_out_of_cpu_time");
    assert_eq!(app.get("/sleep/0").status, 200);
}

#[test]
fn work_below_the_limit_is_left_alone() {
    let app = App::new().arguments(&["--cpu-limit", "2s"]).start();
    assert_eq!(app.get("/busy/300").status, 200);
    assert_eq!(app.log.count("instance_out_of_cpu_time"), 0);
}

#[test]
fn time_is_counted_from_when_a_request_last_yielded() {
    let app = App::new().arguments(&["--cpu-limit", "500ms"]).start();
    assert_eq!(app.get("/steps/1500").status, 200);
    assert_eq!(app.log.count("instance_out_of_cpu_time"), 0);
}

#[test]
fn requests_that_wait_behind_the_loop_are_served_by_the_next_instance() {
    let app = App::new().arguments(&["--cpu-limit", "300ms"]).start();
    let mut looping = app.client();
    looping.send_request("GET", "/loop", &[], b"");
    std::thread::sleep(Duration::from_millis(50));
    let mut waiting: Vec<_> = (0..10).map(|_| app.client()).collect();
    for client in &mut waiting {
        client.send_request("GET", "/echo", &[], b"");
    }
    for client in &mut waiting {
        assert_eq!(client.answer().status, 200);
    }
    looping.answer().expect_problem(504, "timeout");
}
