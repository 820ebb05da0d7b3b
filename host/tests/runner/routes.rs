//! Which requests reach a component.

use crate::app::{App, component, trigger};

#[test]
fn a_path_without_a_route_is_not_found() {
    let manifest = [trigger("/echo"), trigger("/items/:id"), trigger("/rest/..."), component("")].concat();
    let app = App::with(&manifest).start();
    for path in ["/echo", "/echo/", "/items/1", "/rest", "/rest/", "/rest/a/b"] {
        assert_eq!(app.get(path).status, 200, "{path}");
    }
    for path in ["/", "/echo/1", "/items", "/items/1/2", "/Echo", "/restored"] {
        app.get(path).expect_problem(404, "not_found");
    }
    assert_eq!(app.log.wait_for("no_route")["level"], "warn");
}

#[test]
fn a_rejection_has_the_request_id_and_the_cors_headers() {
    let manifest = format!(
        "[variables]\ncors_allowed_origins = {{ default = \"https://a.example\" }}\n{}{}",
        trigger("/echo"),
        component("")
    );
    let app = App::with(&manifest).start();
    let headers = [("x-request-id", "r-1"), ("origin", "https://a.example")];
    let answer = app.client().request("GET", "/nowhere", &headers, b"");
    assert_eq!(answer.headers["access-control-allow-origin"], "https://a.example");
    assert_eq!(answer.headers["x-request-id"], "r-1");
    let answer = app.client().request("GET", "/nowhere", &[("origin", "https://b.example")], b"");
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[test]
fn spins_own_health_path_answers() {
    let app = App::with(&format!("{}{}", trigger("/echo"), component(""))).start();
    let answer = app.get("/.well-known/spin/health");
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"OK".as_slice()));
}
