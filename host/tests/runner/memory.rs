//! A request that wants more memory than there is.

use crate::app::App;

#[test]
fn the_request_fails_and_the_next_instance_serves() {
    let app = App::new().arguments(&["--max-memory", "32MiB"]).start();
    let mut client = app.client();
    assert_eq!(client.get("/allocate/10").status, 200);
    client.get("/allocate/100").expect_problem(500, "internal");
    app.log.wait_for("instance_out_of_memory");
    assert_eq!(client.get("/allocate/10").status, 200);
    assert_eq!(client.get("/echo").json()["served"], 2);
}

#[test]
fn other_components_do_not_notice() {
    let manifest = format!(
        "{}{}[[trigger.http]]\nroute = \"/echo\"\ncomponent = \"other\"\n{}",
        crate::app::trigger("/..."),
        crate::app::component(""),
        crate::app::component("").replace("component.fixture", "component.other"),
    );
    let app = App::with(&manifest).arguments(&["--max-memory", "32MiB"]).start();
    for expected in 1..=5 {
        app.get("/allocate/100").expect_problem(500, "internal");
        assert_eq!(app.get("/echo").json()["served"], expected);
    }
}
