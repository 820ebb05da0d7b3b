//! What the runner decides for the page: it has the demo users sign in, and on a database of one's own nobody.

use crate::home::page::{get, offered, send, sign_in};
use http::Method;
use rolecall_e2e::{Runner, Setup, Stand};
use serde_json::{Value, json};

/// A runner with the embedded demo database.
async fn demo() -> Runner {
    tokio::task::spawn_blocking(|| Runner::start(&[], &[])).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_database_of_ones_own_has_no_sign_in_whatever_is_given() {
    let user = json!([{"id": "1", "name": "Mallory", "role": "admin", "token": "a-token"}]).to_string();
    let stand = Stand::own(Setup::new().variable("demo_users", &user)).await;
    let address = stand.runner().address();
    let page = get(address, "/", &[]).await;
    assert!(!page.text().contains("data-user") && !page.text().contains("Mallory"), "{}", page.text());
    assert!(page.text().contains("a database of yours"), "{}", page.text());
    let answer = sign_in(address, "1", &[]).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (404, &json!("not_found")));
}

#[tokio::test]
async fn the_demo_signs_in_its_users_for_the_page_on_this_machine_and_for_nobody_else() {
    let runner = demo().await;
    let address = runner.address();
    let port = address.rsplit(':').next().unwrap();
    let page = get(address, "/", &[]).await;
    let users = offered(page.text());
    assert_eq!(users.len(), 11, "{}", page.text());
    let ada = users[0];

    // Each of them gets a token of their own, which is a user's and works.
    for user in &users {
        let answer = sign_in(address, user, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        assert!(!page.text().contains(&token), "no token stands in the page");
        let claims = claims(&token);
        assert_eq!((&claims["sub"], &claims["role"]), (&json!(user), &json!("authenticated")));
        let client = rolecall_e2e::client::Client::new(address);
        client.call(Method::GET, "conversations").token(&token).expect(200).await;
    }
    let localhost = format!("http://localhost:{port}");
    let (host, origin) = (format!("localhost:{port}"), localhost.as_str());
    assert_eq!(sign_in(address, ada, &[("host", &host), ("origin", origin)]).await.status, 200);

    // DNS rebinding: a name of the attacker's that leads here.
    let (host, origin) = (format!("rolecall.example:{port}"), format!("http://rolecall.example:{port}"));
    assert_eq!(sign_in(address, ada, &[("host", &host), ("origin", &origin)]).await.status, 403);
    let elsewhere = get(address, "/", &[("host", &host)]).await;
    assert!(offered(elsewhere.text()).is_empty() && elsewhere.text().contains("do not leave that machine"));
    // Another origin, another port of this machine, a sandboxed frame, none at all.
    for origin in ["https://rolecall.example", "http://127.0.0.1:1", localhost.as_str(), "null", ""] {
        assert_eq!(sign_in(address, ada, &[("origin", origin)]).await.status, 403, "{origin}");
    }
    for site in ["cross-site", "same-site", "none"] {
        assert_eq!(sign_in(address, ada, &[("sec-fetch-site", site)]).await.status, 403, "{site}");
    }
    // A proxy in front of it, which the network reaches.
    for name in ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"] {
        assert_eq!(sign_in(address, ada, &[(name, "127.0.0.1")]).await.status, 403, "{name}");
    }
    // A form, which no preflight stops; and a preflight, which allows nothing.
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        assert_eq!(sign_in(address, ada, &[("content-type", kind)]).await.status, 415, "{kind}");
    }
    let asked = [("origin", "https://rolecall.example"), ("access-control-request-method", "POST")];
    let preflight = send(address, Method::OPTIONS, "/home/sign-in", &asked, "").await;
    assert!(
        preflight.headers.keys().all(|name| !name.as_str().starts_with("access-control-")),
        "{:?}",
        preflight.headers
    );

    // Nobody but the demo's users.
    assert_eq!(sign_in(address, "00000000-0000-4000-8000-0000000000ff", &[]).await.status, 404);
    assert_eq!(sign_in(address, "operator", &[]).await.status, 404);
    let long = "x".repeat(2000);
    assert_eq!(sign_in(address, &long, &[]).await.status, 413);

    // The log has no token.
    let token = sign_in(address, ada, &[]).await.json()["token"].as_str().unwrap().to_owned();
    let signature = token.rsplit('.').next().unwrap();
    runner.line("the line of the page", |line| line["service"] == "home");
    assert!(runner.lines().iter().filter(|line| line.starts_with('{')).all(|line| !line.contains(signature)));
    assert!(runner.lines().iter().any(|line| line.contains("\"demo_users\":\"(secret)\"")));
}

/// The claims of a token, unchecked.
fn claims(token: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}
