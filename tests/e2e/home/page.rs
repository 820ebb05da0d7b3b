//! The page at `/` over HTTP: its files, the OpenAPI document, and to whom a demo user's token is handed.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use rolecall_e2e::{Role, Setup, Stand, openapi::document, runner::workspace};
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
pub struct Raw {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Bytes,
}

impl Raw {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Sends a request with these headers and checks what every answer of the page has.
pub async fn send(address: &str, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Raw {
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

pub async fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> Raw {
    send(address, Method::GET, path, headers, "").await
}

/// What the page refers to.
fn links(page: &str) -> BTreeSet<String> {
    let after = |mark: &'static str| page.split(mark).skip(1).filter_map(|rest| rest.split('"').next());
    ["href=\"", "src=\"", "data-script=\"", "data-style=\""].into_iter().flat_map(after).map(str::to_owned).collect()
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
    let runtime = if stand.runs_on_spin() { "Spin" } else { "Rolecall's runner" };
    assert!(page.text().replace("&#39;", "'").contains(&format!("<dd>{runtime}")), "{runtime}");
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

/// Signs in as the page does, with these headers instead.
pub async fn sign_in(address: &str, user: &str, instead: &[(&str, &str)]) -> Raw {
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
pub fn offered(page: &str) -> Vec<&str> {
    page.split("data-user=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
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
