//! A request to a server outside that must not be made twice: what is known of it afterwards.

/// The largest answer that is read, in bytes.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// What is known of a request that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// The server answered. The body may be cut off.
    Answered {
        /// The status.
        status: u16,
        /// The header `Retry-After`, as it came.
        retry_after: Option<String>,
        /// The body as far as it came, at most [`MAX_ANSWER_BYTES`].
        body: Vec<u8>,
    },
    /// The request surely did not reach the server; why, for the log.
    NotSent(String),
    /// The server may have taken the request; why nobody knows, for the log.
    Unknown(String),
}

/// A form that is posted.
#[derive(Clone, Copy)]
pub struct Form<'a> {
    /// The address.
    pub url: &'a str,
    /// The value of the header `Authorization`.
    pub authorization: &'a str,
    /// The form, encoded.
    pub body: &'a str,
}

#[cfg(target_family = "wasm")]
pub use send::post_form;

#[cfg(target_family = "wasm")]
mod send {
    use super::{Form, MAX_ANSWER_BYTES, Posted};
    use crate::spin::keys::within;
    use bytes::Bytes;
    use http::{HeaderValue, header};
    use http_body_util::BodyExt;
    use spin_sdk::{
        http::FullBody,
        wasip3::{
            http::types::{ErrorCode, RequestOptions},
            http_compat::RequestOptionsExtension,
        },
    };
    use std::time::Duration;

    /// How long connecting may take. It is shorter than the whole request's time, so that it ends with an error that says
    /// that nothing was sent.
    const CONNECT_TIME: Duration = Duration::from_secs(4);

    /// Posts a form, once. What has not been answered within `time` is given up.
    pub async fn post_form(form: Form<'_>, time: Duration) -> Posted {
        let send = async {
            let Some(request) = request(form) else { return Ok(Posted::NotSent("no such address".to_owned())) };
            let response = match spin_sdk::http::send(request).await {
                Ok(response) => response,
                Err(error) if reached_nobody(&error) => return Ok(Posted::NotSent(error.to_string())),
                Err(error) => return Ok(Posted::Unknown(error.to_string())),
            };
            let status = response.status().as_u16();
            let retry_after = response.headers().get(header::RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
            let mut rest = response.into_body();
            let mut body = Vec::new();
            let read = async {
                while body.len() < MAX_ANSWER_BYTES
                    && let Some(Ok(frame)) = rest.frame().await
                {
                    if let Some(data) = frame.data_ref() {
                        body.extend_from_slice(data);
                    }
                }
                Ok(())
            };
            // The status has said what became of the request, whether the rest comes or not.
            let _ = within(CONNECT_TIME, read).await;
            body.truncate(MAX_ANSWER_BYTES);
            Ok(Posted::Answered { status, retry_after, body })
        };
        within(time, send).await.unwrap_or_else(Posted::Unknown)
    }

    fn request(form: Form<'_>) -> Option<http::Request<FullBody<Bytes>>> {
        let options = RequestOptions::new();
        // A host without the option takes its own time.
        let _ = options.set_connect_timeout(Some(u64::try_from(CONNECT_TIME.as_nanos()).ok()?));
        let mut authorization = HeaderValue::from_str(form.authorization).ok()?;
        authorization.set_sensitive(true);
        http::Request::post(form.url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::CONTENT_LENGTH, form.body.len())
            .header(header::AUTHORIZATION, authorization)
            .extension(RequestOptionsExtension(options))
            .body(FullBody::new(Bytes::copy_from_slice(form.body.as_bytes())))
            .ok()
    }

    /// Whether an error says that not a byte of the request reached a server. Both hosts give these while they look the
    /// name up, connect or shake hands, or before: the runner by wasmtime's `default_send_request`, Spin by its connector.
    /// What breaks later is `http-protocol-error`, `connection-terminated` or a time-out of reading, on either host; what
    /// is not listed here may have reached it.
    fn reached_nobody(error: &ErrorCode) -> bool {
        match error {
            ErrorCode::DnsTimeout
            | ErrorCode::DnsError(_)
            | ErrorCode::DestinationNotFound
            | ErrorCode::DestinationUnavailable
            | ErrorCode::DestinationIpProhibited
            | ErrorCode::DestinationIpUnroutable
            | ErrorCode::ConnectionRefused
            | ErrorCode::ConnectionTimeout
            | ErrorCode::ConnectionLimitReached
            | ErrorCode::TlsProtocolError
            | ErrorCode::TlsCertificateError
            | ErrorCode::HttpRequestDenied
            | ErrorCode::HttpRequestMethodInvalid
            | ErrorCode::HttpRequestUriInvalid
            | ErrorCode::HttpRequestUriTooLong => true,
            ErrorCode::ConnectionTerminated
            | ErrorCode::ConnectionReadTimeout
            | ErrorCode::ConnectionWriteTimeout
            | ErrorCode::TlsAlertReceived(_)
            | ErrorCode::HttpRequestLengthRequired
            | ErrorCode::HttpRequestBodySize(_)
            | ErrorCode::HttpRequestHeaderSectionSize(_)
            | ErrorCode::HttpRequestHeaderSize(_)
            | ErrorCode::HttpRequestTrailerSectionSize(_)
            | ErrorCode::HttpRequestTrailerSize(_)
            | ErrorCode::HttpResponseIncomplete
            | ErrorCode::HttpResponseHeaderSectionSize(_)
            | ErrorCode::HttpResponseHeaderSize(_)
            | ErrorCode::HttpResponseBodySize(_)
            | ErrorCode::HttpResponseTrailerSectionSize(_)
            | ErrorCode::HttpResponseTrailerSize(_)
            | ErrorCode::HttpResponseTransferCoding(_)
            | ErrorCode::HttpResponseContentCoding(_)
            | ErrorCode::HttpResponseTimeout
            | ErrorCode::HttpUpgradeFailed
            | ErrorCode::HttpProtocolError
            | ErrorCode::LoopDetected
            | ErrorCode::ConfigurationError
            | ErrorCode::InternalError(_) => false,
        }
    }
}
