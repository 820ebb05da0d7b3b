//! Which database it is: from the environment or `.env`, said at the start, and nobody signed in to one of somebody's.

use super::support::{Server, start};
use rolecall_kit::runner::{Runner, Start};

/// Everything that a runner has printed, when it has greeted.
fn said(runner: &Runner) -> String {
    let greeted = || runner.errors().contains("/api/health");
    for _ in 0..3000 {
        if greeted() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(greeted(), "no greeting: {}", runner.errors());
    format!("{}\n{}", runner.lines().join("\n"), runner.errors())
}

/// The roles in all tokens of a text.
fn roles(text: &str) -> Vec<String> {
    use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Decoder};
    let tokens = text.split(|c: char| !c.is_ascii_alphanumeric() && !".-_".contains(c));
    tokens
        .filter(|token| token.starts_with("eyJ") && token.split('.').count() == 3)
        .map(|token| {
            let payload = token.split('.').nth(1).unwrap();
            let payload = Base64UrlSafeNoPadding::decode_to_vec(payload, None).unwrap();
            let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            claims["role"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn password(url: &str) -> &str {
    url.split(':').nth(2).unwrap().split('@').next().unwrap()
}

#[tokio::test]
async fn the_database_of_the_env_file_is_used_and_named_without_its_password() {
    let server = Server::start().await;
    let url = server.admin_url();
    let file = format!("# mine\nDATABASE_URL={url}\nSPIN_VARIABLE_GROUP_COMMIT=1\n");
    let runner = start(Start::new().env_file(&file)).await.unwrap();
    let line = runner.line("which database it is", |line| line["event"] == "database");
    assert_eq!((line["host"].as_str(), line["port"].as_u64()), (Some("127.0.0.1"), Some(server.cluster.port().into())));
    assert_eq!((line["database"].as_str(), line["user"].as_str()), (Some("app"), Some("rolecall_edge")));
    assert_eq!(line["embedded"], false);
    let text = said(&runner);
    assert!(runner.errors().contains(&format!("rolecall_edge@127.0.0.1:{}/app", server.cluster.port())), "{text}");
    assert!(!text.contains(password(&url)), "{text}");
    // Its login is not the runner's either.
    let edge_password = std::fs::read_to_string(runner.state_dir().join("edge_password")).unwrap();
    assert!(!text.contains(edge_password.trim()), "{text}");
}

#[tokio::test]
async fn the_environment_beats_the_env_file() {
    let (server, other) = (Server::start().await, Server::start().await);
    let file = format!("DATABASE_URL={}\nEDGE_DATABASE_URL=postgres://nobody@127.0.0.1:1/x\n", other.admin_url());
    rolecall_database::apply(&server.admin_url()).await.unwrap();
    let edge = server.cluster.edge_url("app").await.unwrap();
    let wanted = Start::new().env_file(&file).environment("DATABASE_URL", &server.admin_url());
    let runner = start(wanted.environment("EDGE_DATABASE_URL", &edge)).await.unwrap();
    let line = runner.line("which database it is", |line| line["event"] == "database");
    assert_eq!(line["port"].as_u64(), Some(server.cluster.port().into()));
    // Nothing has been done to the other.
    assert!(rolecall_database::status(&other.admin_url()).await.unwrap().iter().all(|step| step.applied_at.is_none()));
}

#[tokio::test]
async fn no_token_is_printed_for_a_database_of_somebodys_with_the_demo_data_or_without() {
    let server = Server::start().await;
    for demo_data in ["false", "true"] {
        let wanted = Start::new().environment("DATABASE_URL", &server.admin_url()).flag("--demo-data", demo_data);
        let runner = start(wanted).await.unwrap();
        let text = said(&runner);
        assert_eq!(roles(&text), [""; 0], "{text}");
    }
}

#[tokio::test]
async fn the_demo_database_has_tokens_of_its_users_and_none_of_the_operator() {
    let runner = start(Start::new()).await.unwrap();
    let text = said(&runner);
    let roles = roles(&text);
    assert!(roles.len() > 5 && roles.iter().all(|role| role == "authenticated"), "{roles:?}: {text}");
    let line = runner.line("which database it is", |line| line["event"] == "database");
    assert_eq!(line["embedded"], true);
}
