//! Outbound HTTP of the components: what wasmtime-wasi-http does, behind `allowed_outbound_hosts`.

use crate::guest::context::ComponentContext;
use http::uri::Scheme;
use std::sync::Arc;
use std::time::Duration;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

/// How long connecting may take when the guest does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the other side may be silent when the guest does not say.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);

/// The outbound requests of one instance.
pub struct OutboundHttp {
    component: Arc<ComponentContext>,
}

impl OutboundHttp {
    /// Outbound requests to where the component may connect to.
    pub fn new(component: Arc<ComponentContext>) -> OutboundHttp {
        OutboundHttp { component }
    }

    fn is_allowed(&self, uri: &http::Uri) -> bool {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return false;
        };
        let port = authority.port_u16().unwrap_or(if *scheme == Scheme::HTTPS { 443 } else { 80 });
        self.component.allowed_hosts.allow(scheme.as_str(), authority.host(), port)
    }
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = Result<(http::Response<WasiBody>, Io), Error>;

impl WasiHttpHooks for OutboundHttp {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _response_processed: Io,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        if !self.is_allowed(request.uri()) {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        }
        let options = options.unwrap_or_default();
        let options = RequestOptions {
            connect_timeout: Some(options.connect_timeout.unwrap_or(CONNECT_TIMEOUT)),
            first_byte_timeout: Some(options.first_byte_timeout.unwrap_or(SILENCE_TIMEOUT)),
            between_bytes_timeout: Some(options.between_bytes_timeout.unwrap_or(SILENCE_TIMEOUT)),
        };
        Box::new(async move {
            use http_body_util::BodyExt;
            let (response, io) = default_send_request(request, Some(options)).await?;
            Ok((response.map(BodyExt::boxed_unsync), Box::new(io) as Io))
        })
    }
}
