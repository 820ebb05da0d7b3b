//! Where a component's variables come from.

use crate::app::{App, component, trigger};

fn app(declarations: &str) -> App {
    let variables = "[component.fixture.variables]\nseen = \"<{{ one }}|{{two}}>\"\n";
    App::with(&format!("[variables]\n{declarations}\n{}{}", trigger("/..."), component(variables)))
}

#[test]
fn the_command_line_beats_the_environment_beats_the_file_beats_the_default() {
    let declarations = "one = { default = \"default\" }\ntwo = { required = true }";
    let file = "SPIN_VARIABLE_TWO=\"from file\"\n";
    let seen = |app: App| app.start().get("/variable/seen").json()["value"].as_str().unwrap().to_owned();
    assert_eq!(seen(app(declarations).file(".env", file)), "<default|from file>");
    assert_eq!(seen(app(declarations).file(".env", file).environment("SPIN_VARIABLE_TWO", "env")), "<default|env>");
    let all = app(declarations).file(".env", file).environment("SPIN_VARIABLE_TWO", "env");
    assert_eq!(seen(all.arguments(&["--variable", "two=a=b", "--variable", "one="])), "<|a=b>");
}

#[test]
fn a_component_sees_nothing_but_what_is_mapped() {
    let app = app("one = { default = \"1\" }\ntwo = { default = \"2\" }").start();
    assert!(app.get("/variable/one").json()["error"].as_str().unwrap().contains("one"));
    assert!(app.get("/variable/No-Name").json()["error"].is_string());
}

#[test]
fn secrets_are_not_printed() {
    let declarations = "one = { default = \"visible\" }\ntwo = { required = true, secret = true }";
    let app = app(declarations).arguments(&["--variable", "two=hunter2"]).start();
    assert_eq!(app.get("/variable/seen").json()["value"], "<visible|hunter2>");
    let configured = app.log.wait_for("configured");
    assert_eq!(configured["variables"]["one"], "visible");
    assert_eq!(configured["variables"]["two"], "(secret)");
    assert!(!format!("{:?}", app.log.lines()).contains("hunter2"));
}
