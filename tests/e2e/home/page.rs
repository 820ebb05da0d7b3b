//! The page at `/` over HTTP: its files, the OpenAPI document, and to whom a demo user's token is handed.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use rolecall_e2e::{Role, Runner, Setup, Stand, openapi::document, runner::workspace};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Headers that every answer of the page has.
const ALWAYS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// An answer as it came.
struct Raw {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Raw {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Sends a request with these headers and checks what every answer of the page has.
async fn send(address: &str, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Raw {
    let mut request = Request::builder().method(method).uri(format!("{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
    let (parts, body) = client.request(request).await.unwrap().into_parts();
    let answer = Raw { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes() };
    for (name, value) in ALWAYS {
        assert_eq!(answer.header(name), value, "{path}");
    }
    assert!(!answer.header("x-request-id").is_empty(), "{path}");
    let policy = answer.header("content-security-policy");
    for rule in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
    {
        assert!(policy.contains(rule), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'), "{path}: {policy}");
    answer
}

async fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> Raw {
    send(address, Method::GET, path, headers, "").await
}

/// What the page refers to.
fn links(page: &str) -> BTreeSet<String> {
    let after = |mark: &'static str| page.split(mark).skip(1).filter_map(|rest| rest.split('"').next());
    ["href=\"", "src=\"", "data-script=\"", "data-style=\""].into_iter().flat_map(after).map(str::to_owned).collect()
}

/// A runner with the embedded demo database.
async fn demo() -> Runner {
    tokio::task::spawn_blocking(|| Runner::start(&[], &[])).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_page_and_everything_it_loads_comes_from_the_component() {
    let stand = Stand::shared().await;
    let address = stand.runner().address();
    let page = get(address, "/", &[]).await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), "private, no-cache");
    assert!(!page.text().contains("<style") && !page.text().contains(" style=") && !page.text().contains(" onclick="));
    assert!(page.text().contains(env!("CARGO_PKG_VERSION")), "the version");
    assert!(page.text().contains("Rolecall's runner") || page.text().contains("Rolecall&#39;s runner"), "the runtime");
    let links = links(page.text());
    let mut files = 0;
    for link in links.iter().filter(|link| !link.starts_with('#')) {
        assert!(link.starts_with('/') && !link.starts_with("//"), "{link} leads elsewhere");
        let file = get(address, link, &[]).await;
        assert_eq!(file.status, StatusCode::OK, "{link}");
        if link.starts_with("/home/") {
            assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable", "{link}");
            files += 1;
        }
    }
    assert_eq!(files, 5, "{links:?}");
}

#[tokio::test]
async fn a_file_is_compressed_for_who_takes_it_and_not_sent_to_who_has_it() {
    let stand = Stand::shared().await;
    let address = stand.runner().address();
    let mut paths = links(get(address, "/", &[]).await.text());
    paths.retain(|path| path.starts_with('/'));
    for path in &paths {
        let plain = get(address, path, &[("accept-encoding", "identity")]).await;
        let packed = get(address, path, &[("accept-encoding", "br, gzip")]).await;
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        assert!(!plain.header("etag").is_empty(), "{path}");
        if path != "/" {
            assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
            assert!(packed.header("vary").contains("accept-encoding"), "{path}");
            assert!(packed.body.starts_with(&[0x1f, 0x8b]) && packed.body.len() < plain.body.len(), "{path}");
            assert_ne!(packed.header("etag"), plain.header("etag"), "{path}");
        }
        for (answer, coding) in [(&plain, "identity"), (&packed, "gzip")] {
            let (tag, length) = (answer.header("etag"), answer.body.len().to_string());
            let again = get(address, path, &[("accept-encoding", coding), ("if-none-match", tag)]).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
            assert_eq!((again.header("etag"), again.header("content-length")), (tag, ""), "{path}");
            let other = get(address, path, &[("accept-encoding", coding), ("if-none-match", "\"other\"")]).await;
            assert_eq!((other.status, &other.body), (StatusCode::OK, &answer.body), "{path}");
            let head = send(address, Method::HEAD, path, &[("accept-encoding", coding)], "").await;
            assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0), "{path}");
            assert_eq!((head.header("etag"), head.header("content-length")), (tag, &*length), "{path}");
            assert_eq!(head.header("content-type"), answer.header("content-type"), "{path}");
        }
    }
}

#[tokio::test]
async fn an_unknown_file_is_404_and_another_method_405() {
    let stand = Stand::shared().await;
    let address = stand.runner().address();
    for path in
        ["/home", "/home/", "/home/page.css", "/home/page.0000000000000000.js", "/home/../spin.toml", "/home/sign-in/x"]
    {
        let answer = get(address, path, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.json()["code"], "not_found", "{path}");
    }
    for (path, allow) in
        [("/", "GET, HEAD, OPTIONS"), ("/openapi.json", "GET, HEAD, OPTIONS"), ("/home/sign-in", "POST, OPTIONS")]
    {
        for method in [Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = send(address, method, path, &[], "").await;
            assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, allow), "{path}");
            assert_eq!(answer.json()["code"], "method_not_allowed");
        }
        let answer = send(address, Method::OPTIONS, path, &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (204, allow), "{path}");
    }
    assert_eq!(get(address, "/home/sign-in", &[]).await.status, 405);
    assert_eq!(send(address, Method::POST, "/", &[], "").await.status, 405);
}

#[tokio::test]
async fn the_openapi_document_is_served_as_it_is_and_as_json_to_every_origin_that_may_call() {
    let stand = Stand::own(Setup::new().variable("cors_allowed_origins", "https://app.example")).await;
    let address = stand.runner().address();
    let yaml = get(address, "/openapi.yaml", &[("origin", "https://app.example")]).await;
    assert_eq!(yaml.header("content-type"), "application/yaml");
    assert_eq!(yaml.text(), std::fs::read_to_string(workspace().join("docs/openapi.yaml")).unwrap());
    let json = get(address, "/openapi.json", &[("origin", "https://app.example")]).await;
    assert_eq!(json.header("content-type"), "application/json");
    assert_eq!(&json.json(), document().root());
    for answer in [&yaml, &json] {
        assert_eq!(answer.header("access-control-allow-origin"), "https://app.example");
        assert_eq!(answer.header("cache-control"), "public, no-cache");
    }
    let other = get(address, "/openapi.json", &[("origin", "https://other.example")]).await;
    assert_eq!(other.header("access-control-allow-origin"), "");
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

/// Signs in as the page does, with these headers instead.
async fn sign_in(address: &str, user: &str, instead: &[(&str, &str)]) -> Raw {
    let mut headers =
        vec![("origin", address), ("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
    headers.retain(|(name, _)| instead.iter().all(|(other, _)| other != name));
    headers.extend(instead.iter().filter(|(_, value)| !value.is_empty()));
    let answer = send(address, Method::POST, "/home/sign-in", &headers, &json!({"user_id": user}).to_string()).await;
    assert_eq!(answer.header("access-control-allow-origin"), "", "no other origin may read it");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(answer.header("cache-control"), "no-store");
    answer
}

/// The users that the page offers.
fn offered(page: &str) -> Vec<&str> {
    page.split("data-user=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
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

#[tokio::test]
async fn a_demo_data_set_in_a_database_of_ones_own_is_no_demo() {
    let stand = Stand::own(Setup::new()).await;
    rolecall_database::load_demo(stand.admin_url()).await.unwrap();
    let user = stand.user(Role::Attendee).await;
    let address = stand.runner().address();
    assert!(offered(get(address, "/", &[]).await.text()).is_empty());
    assert_eq!(sign_in(address, &user.id.to_string(), &[]).await.status, 404);
    assert_eq!(sign_in(address, "00000000-0000-4000-8000-000000000001", &[]).await.status, 404);
}
