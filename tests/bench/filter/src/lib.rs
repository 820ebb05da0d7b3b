//! A component that times the anti-poaching filter on the text of a request, for `make bench`.

/// How a call is timed, in a component as natively.
#[path = "../../src/filter/least.rs"]
#[cfg(target_family = "wasm")]
mod least;

/// Answers the nanoseconds of the fastest call for the text that is the body.
#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> anyhow::Result<impl spin_sdk::http::IntoResponse> {
    use http_body_util::BodyExt;
    use spin_sdk::http::FullBody;
    let body = request.into_body().collect().await?.to_bytes();
    let nanoseconds = least::least(std::str::from_utf8(&body)?).as_nanos().to_string();
    let answer = http::Response::builder().header("content-length", nanoseconds.len());
    Ok(answer.body(FullBody::new(bytes::Bytes::from(nanoseconds)))?)
}
