//! Checks the head of a request before hyper sees it.
//!
//! hyper answers a head that it does not understand by itself, without a body, an id or CORS headers, and offers no hook
//! for that; and of what it understands it takes more than a server behind a proxy should. So a head is checked here, with
//! hyper's own parser, more strictly: what passes is understood by hyper in the one way it is understood here.

use http::header::{CONTENT_LENGTH, HOST, ORIGIN, TRANSFER_ENCODING};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use rolecall_shared::wire::request_id::REQUEST_ID_HEADER;

/// The longest head of a request, in bytes.
pub const MAX_HEAD_BYTES: usize = 64 << 10;

/// The longest target of a request, in bytes; RFC 9110 section 4.1 asks for at least 8000.
pub const MAX_TARGET_BYTES: usize = 8 << 10;

/// The most headers of a request: as many as hyper takes.
pub const MAX_HEADERS: usize = 100;

/// The longest method that a head is searched for, in bytes.
const MAX_METHOD_BYTES: usize = 64;

/// A head that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its length in bytes, with the empty line.
    pub length: usize,
    /// How its body ends.
    pub framing: Framing,
}

/// How the body of a request ends (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After this many bytes; there is none at 0.
    Length(u64),
    /// With the last chunk.
    Chunked,
}

/// What is wrong with a head. The connection ends with the answer, because where the next request begins is not certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFault {
    /// It is not a head of HTTP/1; the text says why.
    Malformed(&'static str),
    /// It arrives too slowly.
    TooSlow,
    /// The target is longer than [`MAX_TARGET_BYTES`].
    TargetTooLong,
    /// The head is longer than [`MAX_HEAD_BYTES`], or has more than [`MAX_HEADERS`] headers.
    TooLarge,
    /// The body is longer than a number can say.
    BodyTooLarge,
    /// The version of HTTP is neither 1.0 nor 1.1.
    Version,
    /// The body is encoded for the transfer in another way than chunked.
    TransferEncoding,
    /// The method is CONNECT.
    Connect,
}

/// A head that may not pass, with as much of it as its answer needs.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What is wrong.
    pub fault: HeadFault,
    /// The method, if it was understood.
    pub method: Option<Method>,
    /// The request's id and origin, if it was understood so far.
    pub headers: HeaderMap,
}

impl Fault {
    /// A fault of a head of which nothing is known.
    pub fn new(fault: HeadFault) -> Fault {
        Fault { fault, method: None, headers: HeaderMap::new() }
    }
}

/// Checks the head at the beginning of `bytes`; nothing while it is not complete.
///
/// # Errors
/// What is wrong with the head, as soon as it can be said.
pub fn examine(bytes: &[u8]) -> Result<Option<Head>, Fault> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(bytes);
    let fault = |fault| Fault {
        fault,
        method: request.method.and_then(|method| Method::from_bytes(method.as_bytes()).ok()),
        headers: HeaderMap::new(),
    };
    match parsed {
        Ok(httparse::Status::Complete(length)) => {
            let checked =
                if length > MAX_HEAD_BYTES { Err(HeadFault::TooLarge) } else { check(&request, &bytes[..length]) };
            match checked {
                Ok(framing) => Ok(Some(Head { length, framing })),
                Err(what) => Err(Fault { headers: answer_headers(request.headers), ..fault(what) }),
            }
        }
        Ok(httparse::Status::Partial) => match too_long(bytes) {
            Some(what) => Err(fault(what)),
            None => Ok(None),
        },
        Err(httparse::Error::TooManyHeaders) => Err(fault(HeadFault::TooLarge)),
        Err(httparse::Error::Version) if names_a_version(bytes) => Err(fault(HeadFault::Version)),
        Err(_) => Err(fault(HeadFault::Malformed("it cannot be parsed"))),
    }
}

/// Whether a head that is not complete is too long already.
fn too_long(bytes: &[u8]) -> Option<HeadFault> {
    if bytes.len() > MAX_TARGET_BYTES + MAX_METHOD_BYTES && !bytes.contains(&b'\n') {
        return Some(HeadFault::TargetTooLong);
    }
    (bytes.len() > MAX_HEAD_BYTES).then_some(HeadFault::TooLarge)
}

/// Whether the request line ends with a version of HTTP, if not with ours.
fn names_a_version(bytes: &[u8]) -> bool {
    let line = bytes.split(|&byte| byte == b'\n').find(|line| !matches!(line, [] | [b'\r'])).unwrap_or_default();
    let last = line.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
    let digits = last.strip_prefix(b"HTTP/").map(|digits| digits.strip_suffix(b"\r").unwrap_or(digits));
    digits.is_some_and(|digits| !digits.is_empty() && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.'))
}

fn check(request: &httparse::Request<'_, '_>, head: &[u8]) -> Result<Framing, HeadFault> {
    use HeadFault::Malformed;
    // A proxy may read a lone LF as part of a value where we would read the end of a line.
    let mut last = 0;
    for &byte in head {
        if byte == b'\n' && last != b'\r' {
            return Err(Malformed("a line ends without CR"));
        }
        last = byte;
    }
    let is_http_11 = request.version == Some(1);
    let method = request.method.unwrap_or_default();
    check_target(method, request.path.unwrap_or_default())?;

    let (mut host, mut length, mut encoding) = (None, None, None);
    for header in request.headers.iter() {
        let place = match header.name.len() {
            4 if header.name.eq_ignore_ascii_case(HOST.as_str()) => &mut host,
            14 if header.name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str()) => &mut length,
            17 if header.name.eq_ignore_ascii_case(TRANSFER_ENCODING.as_str()) => &mut encoding,
            _ => continue,
        };
        if place.replace(header.value).is_some() {
            return Err(Malformed("Host, Content-Length or Transfer-Encoding stands twice"));
        }
    }
    match host {
        Some(host) if !is_host(host) => return Err(Malformed("Host is not a host")),
        None if is_http_11 => return Err(Malformed("Host is missing")),
        _ => {}
    }
    match (length, encoding) {
        (None, None) => Ok(Framing::Length(0)),
        (Some(length), None) => content_length(length),
        (Some(_), Some(_)) => Err(Malformed("Content-Length and Transfer-Encoding contradict each other")),
        (None, Some(_)) if !is_http_11 => Err(Malformed("HTTP/1.0 has no Transfer-Encoding")),
        (None, Some(encoding)) => transfer_encoding(encoding),
    }
}

/// Checks the target of a request (RFC 9112 section 3.2).
fn check_target(method: &str, target: &str) -> Result<(), HeadFault> {
    use HeadFault::Malformed;
    if target.len() > MAX_TARGET_BYTES {
        return Err(HeadFault::TargetTooLong);
    }
    if Method::from_bytes(method.as_bytes()).is_err() {
        return Err(Malformed("the method is no token"));
    }
    if method == "CONNECT" {
        return Err(HeadFault::Connect);
    }
    let Ok(uri) = target.parse::<Uri>() else { return Err(Malformed("the target is no URI")) };
    match target.as_bytes().first() {
        Some(b'/') => Ok(()),
        Some(b'*') if method == "OPTIONS" && target.len() == 1 => Ok(()),
        Some(b'*') => Err(Malformed("only OPTIONS takes *")),
        _ => {
            let is_http = uri.scheme().is_some_and(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
            let is_host = uri.authority().is_some_and(|authority| is_host(authority.as_str().as_bytes()));
            if is_http && is_host { Ok(()) } else { Err(Malformed("the target is neither a path nor a URL")) }
        }
    }
}

/// Whether `text` is a host with or without a port (RFC 9110 section 7.2).
fn is_host(text: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(text) else { return false };
    let port = authority.as_str().strip_prefix(authority.host());
    let is_port = match port {
        Some("" | ":") => true,
        Some(port) => port.starts_with(':') && authority.port_u16().is_some(),
        None => false,
    };
    is_port && !authority.host().is_empty()
}

fn content_length(value: &[u8]) -> Result<Framing, HeadFault> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(HeadFault::Malformed("Content-Length is no number"));
    }
    let number = std::str::from_utf8(value).ok().and_then(|digits| digits.parse::<u64>().ok());
    // hyper needs some of the largest numbers for itself.
    match number {
        Some(number) if number <= u64::from(u32::MAX) << 16 => Ok(Framing::Length(number)),
        _ => Err(HeadFault::BodyTooLarge),
    }
}

fn transfer_encoding(value: &[u8]) -> Result<Framing, HeadFault> {
    let mut codings = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(Framing::Chunked);
    }
    if codings.all(|coding| coding.is_empty() || is_chunked(coding)) {
        return Err(HeadFault::Malformed("Transfer-Encoding is chunked, once"));
    }
    Err(HeadFault::TransferEncoding)
}

/// What the answer to a head needs of it.
fn answer_headers(headers: &[httparse::Header<'_>]) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in [ORIGIN, HeaderName::from_static(REQUEST_ID_HEADER)] {
        let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name.as_str()));
        if let Some(Ok(value)) = header.map(|header| HeaderValue::from_bytes(header.value)) {
            kept.insert(name, value);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n";

    fn framing(head: &str) -> Result<Framing, HeadFault> {
        let head = head.as_bytes();
        let examined = examine(head).map_err(|fault| fault.fault)?.expect("the head is complete");
        assert_eq!(examined.length, head.len());
        Ok(examined.framing)
    }

    fn is_malformed(head: &str) -> bool {
        matches!(framing(head), Err(HeadFault::Malformed(_)))
    }

    #[test]
    fn a_head_is_complete_with_its_empty_line_and_says_how_the_body_ends() {
        assert_eq!(framing(&format!("{GET}\r\n")), Ok(Framing::Length(0)));
        assert_eq!(framing(&format!("{GET}Content-Length: 12\r\n\r\n")), Ok(Framing::Length(12)));
        assert_eq!(framing(&format!("{GET}transfer-encoding: Chunked\r\n\r\n")), Ok(Framing::Chunked));
        let whole = format!("{GET}content-length: 3\r\n\r\n");
        for end in 0..whole.len() {
            assert_eq!(examine(&whole.as_bytes()[..end]).unwrap(), None, "{end} bytes");
        }
        let more = format!("{whole}abcGET");
        assert_eq!(examine(more.as_bytes()).unwrap().unwrap().length, whole.len());
    }

    #[test]
    fn framing_that_two_servers_could_read_differently_is_malformed() {
        for header in [
            "content-length: 1\r\ncontent-length: 2\r\n",
            "content-length: 1\r\ncontent-length: 1\r\n",
            "content-length: 1, 1\r\n",
            "content-length: +1\r\n",
            "content-length: -1\r\n",
            "content-length: 0x1\r\n",
            "content-length: 1 1\r\n",
            "content-length:\r\n",
            "content-length: 1\r\ntransfer-encoding: chunked\r\n",
            "transfer-encoding: chunked\r\ncontent-length: 1\r\n",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
            "transfer-encoding: chunked, chunked\r\n",
            "transfer-encoding:\r\n",
            "transfer-encoding : chunked\r\n",
            "content-length : 1\r\n",
            "x: 1\r\n content-length: 1\r\n",
            "x: 1\n",
            "x: 1\ncontent-length: 1\r\n",
            "x: \r1\r\n",
            "x: \0\r\n",
        ] {
            assert!(is_malformed(&format!("{GET}{header}\r\n")), "{header:?}");
        }
        assert!(is_malformed("GET / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n"));
        for encoding in ["gzip, chunked", "gzip", "identity", "chunked, gzip", "xchunked", "chunked;q=1"] {
            let head = format!("{GET}transfer-encoding: {encoding}\r\n\r\n");
            assert_eq!(framing(&head), Err(HeadFault::TransferEncoding), "{encoding}");
        }
        for length in ["18446744073709551615", "99999999999999999999999"] {
            assert_eq!(framing(&format!("{GET}content-length: {length}\r\n\r\n")), Err(HeadFault::BodyTooLarge));
        }
    }

    #[test]
    fn http_11_has_one_host_and_http_10_at_most_one() {
        let head = |version: &str, hosts: &[&str]| {
            let hosts: String = hosts.iter().map(|host| format!("host: {host}\r\n")).collect();
            format!("GET / HTTP/{version}\r\n{hosts}\r\n")
        };
        for host in ["x", "X.example:3000", "127.0.0.1:1", "[::1]:3000", "[::1]", "x:", "a_b", "x-y.z."] {
            assert!(framing(&head("1.1", &[host])).is_ok(), "{host}");
        }
        for host in ["", "a b", "a@b", "a/b", "a?b", "a:b", "a:65536", "a:1:2", "[::1", "\u{fc}", "a,b", "http://a"] {
            let malformed = is_malformed(&head("1.1", &[host]));
            assert!(malformed || host == "a,b", "{host:?}");
        }
        assert!(is_malformed(&head("1.1", &[])));
        assert!(is_malformed(&head("1.1", &["x", "x"])));
        assert!(is_malformed(&head("1.0", &["x", "y"])));
        assert!(framing(&head("1.0", &[])).is_ok());
        assert!(framing(&head("1.0", &["x"])).is_ok());
    }

    #[test]
    fn a_target_is_a_path_a_url_or_the_asterisk_of_options() {
        let head = |method: &str, target: &str| format!("{method} {target} HTTP/1.1\r\nhost: x\r\n\r\n");
        for (method, target) in [
            ("GET", "/"),
            ("GET", "/a?b=c&d=%20"),
            ("GET", "//a"),
            ("PROPFIND", "/a"),
            ("GET", "http://y.example/a"),
            ("GET", "https://y.example:443"),
            ("OPTIONS", "*"),
            ("OPTIONS", "http://y"),
        ] {
            assert!(framing(&head(method, target)).is_ok(), "{method} {target}");
        }
        for (method, target) in [
            ("GET", "*"),
            ("OPTIONS", "*/"),
            ("GET", "a"),
            ("GET", "y.example:80"),
            ("GET", "ftp://y.example/"),
            ("GET", "http:///a"),
            ("GET", "http://u@y.example/"),
            ("GET", "http://"),
            ("GET", "?a"),
            ("GET", "/a\u{7f}"),
        ] {
            assert!(is_malformed(&head(method, target)), "{method} {target}");
        }
        assert_eq!(framing(&head("CONNECT", "y.example:443")), Err(HeadFault::Connect));
    }

    #[test]
    fn another_version_is_told_from_what_is_no_http() {
        for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/3", "HTTP/1.2"] {
            assert_eq!(framing(&format!("GET / {version}\r\nhost: x\r\n\r\n")), Err(HeadFault::Version), "{version}");
        }
        let preface = examine(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap_err();
        assert_eq!(preface.fault, HeadFault::Version);
        for text in
            ["hello\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP\r\n\r\n", "GET / FTP/1.1\r\n\r\n", "\x16\x03\x01\x02"]
        {
            assert!(is_malformed(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_said_before_it_has_an_end() {
        let path = "/".repeat(MAX_TARGET_BYTES);
        assert!(framing(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).is_ok());
        assert_eq!(framing(&format!("GET {path}/ HTTP/1.1\r\nhost: x\r\n\r\n")), Err(HeadFault::TargetTooLong));
        let endless = format!("GET {path}{path}");
        assert_eq!(examine(endless.as_bytes()).unwrap_err().fault, HeadFault::TargetTooLong);

        let value = "x".repeat(MAX_HEAD_BYTES - GET.len() - "a: \r\n\r\n".len());
        assert!(framing(&format!("{GET}a: {value}\r\n\r\n")).is_ok());
        assert_eq!(framing(&format!("{GET}a: {value}x\r\n\r\n")), Err(HeadFault::TooLarge));
        let endless = format!("{GET}a: {value}{value}");
        assert_eq!(examine(endless.as_bytes()).unwrap_err().fault, HeadFault::TooLarge);
        assert!(framing(&format!("{GET}{}\r\n", "a: b\r\n".repeat(99))).is_ok());
        assert_eq!(framing(&format!("{GET}{}\r\n", "a: b\r\n".repeat(100))), Err(HeadFault::TooLarge));
    }

    #[test]
    fn a_fault_has_what_its_answer_needs() {
        let head = "HEAD / HTTP/1.1\r\nX-Request-Id: r-1\r\nOrigin: https://a.example\r\nauthorization: secret\r\n\r\n";
        let fault = examine(head.as_bytes()).unwrap_err();
        assert_eq!(fault.method, Some(Method::HEAD));
        assert_eq!(fault.headers["x-request-id"], "r-1");
        assert_eq!(fault.headers["origin"], "https://a.example");
        assert_eq!(fault.headers.len(), 2);
    }
}
