//! What keeps an application from being served is said in a sentence.

use crate::app::{App, component, trigger};

#[track_caller]
fn refuses(app: App, expected: &str) {
    let said = app.refuses();
    assert!(said.starts_with("rolecall: ") && said.contains(expected), "{said}");
}

#[test]
fn a_missing_variable_is_named() {
    let manifest = format!("[variables]\none = {{ required = true }}\n{}{}", trigger("/..."), component(""));
    refuses(App::with(&manifest), "variable one is required and has no value");
}

#[test]
fn an_unknown_variable_is_named() {
    refuses(
        App::new().arguments(&["--variable", "nobody=1"]),
        "--variable nobody: the manifest declares no such variable",
    );
}

#[test]
fn a_missing_component_is_named() {
    let manifest = format!("{}[component.fixture]\nsource = \"nothing.wasm\"\n", trigger("/..."));
    refuses(App::with(&manifest), "nothing.wasm");
}

#[test]
fn a_file_that_is_no_component_is_named() {
    let manifest = format!("{}[component.fixture]\nsource = \"not.wasm\"\n", trigger("/..."));
    refuses(App::with(&manifest).file("not.wasm", "hello"), "is not a component that can be served");
}

#[test]
fn an_unknown_template_is_named() {
    let manifest = format!("{}{}", trigger("/..."), component("[component.fixture.variables]\na = \"{{ nobody }}\""));
    refuses(App::with(&manifest), "component fixture: variable a: the template names \"nobody\"");
}

#[test]
fn a_wrong_schedule_is_named() {
    let manifest = format!(
        "[[application.tool.rolecall.schedule]]\ncron = \"often\"\npath = \"/\"\n{}{}",
        trigger("/..."),
        component("")
    );
    refuses(App::with(&manifest), "\"often\" is not a cron expression");
}

#[test]
fn a_wrong_list_of_origins_or_headers_is_named() {
    for (variable, value, expected) in [
        ("cors_allowed_origins", "app.example", "cors_allowed_origins: \"app.example\" is not an origin"),
        ("cors_allowed_headers", "x tenant", "cors_allowed_headers: \"x tenant\" is not the name of a header"),
    ] {
        let manifest =
            format!("[variables]\n{variable} = {{ default = \"{value}\" }}\n{}{}", trigger("/..."), component(""));
        refuses(App::with(&manifest), expected);
    }
}

#[test]
fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refuses(App::new().listen(&address), &format!("listening on {address}"));
}

#[test]
fn a_broken_manifest_is_located() {
    refuses(App::with("[[trigger.http]\n"), "is not a valid manifest");
}
