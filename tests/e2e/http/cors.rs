//! Cross-origin requests: answered before authentication, with headers on every answer.

use http::Method;
use rolecall_e2e::{Setup, Stand, endpoints::paths};
use rolecall_shared::wire::cors::DEFAULT_ALLOWED_HEADERS;
use serde_json::json;

#[tokio::test]
async fn a_preflight_is_answered_without_a_token() {
    let stand = Stand::shared().await;
    for path in &paths() {
        let preflight = stand
            .call(Method::OPTIONS, path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, content-type, idempotency-key")
            .expect(204)
            .await;
        assert_eq!(preflight.header("access-control-allow-origin"), "*", "{path}");
        let methods = preflight.header("access-control-allow-methods");
        assert!(methods.contains("OPTIONS") && methods.contains("GET"), "{path}: {methods}");
        let headers = preflight.header("access-control-allow-headers");
        assert_eq!(headers, DEFAULT_ALLOWED_HEADERS, "{path}");
        assert_eq!(preflight.header("access-control-max-age"), "86400");
    }
}

#[tokio::test]
async fn what_supabase_js_sentry_and_tracing_send_is_allowed_by_default() {
    let stand = Stand::shared().await;
    let sent = [
        ["authorization", "content-type", "idempotency-key", "x-request-id"].as_slice(),
        &["authorization", "apikey", "x-client-info", "x-region", "content-type"],
        &["traceparent", "tracestate", "baggage"],
        &["sentry-trace", "baggage"],
    ];
    let preflight = stand
        .call(Method::OPTIONS, "send-dm")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .expect(204)
        .await;
    let allowed: Vec<&str> = preflight.header("access-control-allow-headers").split(", ").collect();
    for name in sent.concat() {
        assert!(allowed.contains(&name), "{name}: {allowed:?}");
    }
    assert!(!allowed.contains(&"x-tenant"));
}

#[tokio::test]
async fn the_allowed_request_headers_are_a_variable() {
    let stand = Stand::own(Setup::new().variable("cors_allowed_headers", "Authorization,Content-Type, X-Tenant")).await;
    let preflight = stand
        .call(Method::OPTIONS, "send-dm")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-tenant")
        .expect(204)
        .await;
    assert_eq!(preflight.header("access-control-allow-headers"), "authorization, content-type, x-tenant");
}

#[tokio::test]
async fn options_without_an_origin_names_the_methods() {
    let stand = Stand::shared().await;
    let options = stand.call(Method::OPTIONS, "send-dm").expect(204).await;
    assert_eq!(options.header("allow"), "GET, HEAD, POST, OPTIONS");
    let options = stand.call(Method::OPTIONS, "diagnostics").expect(204).await;
    assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
}

#[tokio::test]
async fn a_script_may_read_the_headers_of_errors_too() {
    let stand = Stand::shared().await;
    let refusal = stand.post("send-dm", &json!({})).header("origin", "https://app.example").expect(401).await;
    assert_eq!(refusal.header("access-control-allow-origin"), "*");
    for name in [
        "x-request-id",
        "idempotency-replayed",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "www-authenticate",
        "allow",
        "accept-encoding",
    ] {
        assert!(refusal.header("access-control-expose-headers").contains(name), "{name}");
    }
}

#[tokio::test]
async fn a_list_of_origins_lets_its_members_in_and_nobody_else() {
    let stand = Stand::own(Setup::new().variable("cors_allowed_origins", "https://a.example, https://b.example")).await;
    for (path, status) in [("send-dm", 401), ("/no/such/path", 404)] {
        let call = |origin: &str| stand.post(path, &json!({})).header("origin", origin).expect(status);
        assert_eq!(call("https://b.example").await.header("access-control-allow-origin"), "https://b.example");
        for origin in ["https://evil.example", "null", "https://a.example.evil.example"] {
            let answer = call(origin).await;
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
            assert_eq!(answer.header("vary"), "origin");
        }
    }
}
