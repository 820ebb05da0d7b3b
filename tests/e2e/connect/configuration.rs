//! The configuration is checked at the start: all that is wrong with it, a sentence a fault.

use super::support::{Server, get, start};
use rolecall_kit::runner::Start;

const SECRET: &str = "a secret of at least thirty-two bytes";

#[track_caller]
fn refuses(start: Start, sentence: &str) {
    let said = start.refused();
    assert!(said.contains("the configuration is not valid") && said.contains(sentence), "{said}");
}

fn with(name: &str, value: &str) -> Start {
    // Nothing may be started or asked before the check: nobody listens there.
    let nowhere = "postgres://rolecall_edge:hunter2@127.0.0.1:1/app?sslmode=disable";
    Start::new().variable("database_url", nowhere).variable("jwt_secret", SECRET).variable(name, value)
}

#[test]
fn each_variable_that_the_functions_would_refuse_ends_the_start() {
    let jwks = "the JWK set has no ES256, RS256 or EdDSA signature key";
    for (name, value, sentence) in [
        ("jwt_secret", "short", "jwt_secret must have at least 32 bytes"),
        ("jwt_jwks", "{", "the JWK set is not of the form"),
        ("jwt_jwks", r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}"#, jwks),
        ("jwt_jwks_url", "auth.example/jwks", "jwt_jwks_url must be an address"),
        ("jwt_jwks_url", "https://auth.example/jwks", "set SPIN_VARIABLE_JWKS_HOST to auth.example"),
        ("rollouts", "send-dm=some", "`some` is not a rollout"),
        ("group_commit", "0", "group_commit must be a number from 1 to 1000"),
        (
            "database_url",
            "postgres://u@h/d?sslmode=allow",
            "database_url: sslmode=allow is not supported: write disable",
        ),
        ("database_ca", "/no/such/ca.pem", "sslmode=disable does not use the CA"),
        ("database_host", "db.example", "database_host is not the host of database_url: write 127.0.0.1"),
    ] {
        let start = match name {
            "database_url" => Start::new().variable(name, value).variable("jwt_secret", SECRET),
            "jwt_secret" => Start::new().variable(name, value).variable("database_url", "postgres://u@127.0.0.1:1/d"),
            _ => with(name, value),
        };
        refuses(start, sentence);
    }
    let url = "postgres://u@h/d?sslmode=verify-full";
    let start = Start::new().variable("database_url", url).variable("database_ca", "/no/such/ca.pem");
    refuses(start, "database_url: the CA's file /no/such/ca.pem cannot be read");
}

#[test]
fn all_faults_are_said_at_once_and_no_secret_with_them() {
    let said = Start::new()
        .variable("database_url", "postgres://u:hunter2@h/d?sslmode=allow&hostaddr=10.0.0.1")
        .variable("jwt_secret", "hunter2")
        .variable("group_commit", "many")
        .variable("rollouts", "nothing=enabled")
        .variable("nobody", "x")
        .refused();
    for sentence in
        ["sslmode=allow", "hostaddr", "jwt_secret must", "group_commit must", "no feature `nothing`", "nobody"]
    {
        assert_eq!(said.lines().filter(|line| line.contains(sentence)).count(), 1, "{sentence}: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_login_of_the_functions_without_an_administrators_is_refused() {
    let start = Start::new().environment("EDGE_DATABASE_URL", "postgres://rolecall_edge:x@h/d");
    refuses(start, "EDGE_DATABASE_URL is given without DATABASE_URL");
    let start = Start::new().environment("SPIN_VARIABLE_DATABASE_CA", "ca.pem");
    refuses(start, "database_ca is given without a database: set DATABASE_URL");
}

#[tokio::test]
async fn a_key_set_whose_host_is_allowed_may_be_out_of_reach_at_the_start() {
    let server = Server::start().await;
    let wanted = Start::new().environment("DATABASE_URL", &server.admin_url());
    let wanted = wanted.variable("jwt_jwks_url", "http://127.0.0.1:1/jwks").variable("jwks_host", "127.0.0.1");
    let runner = start(wanted).await.unwrap();
    let health = get(&runner, "/api/health").await;
    assert_eq!((health.status, health["database"].as_str()), (503, Some("ok")));
}
