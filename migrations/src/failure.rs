//! Why a database cannot be connected to, in a sentence that says what to do.

use std::error::Error;

use rolecall_shared::postgres::{Address, Ca, Host, SslMode};
use rustls::CertificateError;
use tokio_postgres::error::SqlState;

/// The variable that the sentences name.
const DATABASE_CA: &str = "SPIN_VARIABLE_DATABASE_CA";

/// The sentence about an error of connecting to an address. It never repeats the password.
pub fn failure(error: &tokio_postgres::Error, address: &Address) -> String {
    format!("cannot connect to the database {address}: {}", cause(error, address))
}

fn cause(error: &tokio_postgres::Error, address: &Address) -> String {
    if let Some(database) = error.as_db_error() {
        let said = format!("{} (SQLSTATE {})", database.message(), database.code().code());
        let advice = match *database.code() {
            SqlState::INVALID_PASSWORD => "the password is wrong, or the login does not exist",
            // What pg_hba.conf refuses; a server may be told there to take nobody without TLS.
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION if address.ssl_mode == SslMode::Disable => {
                "the server takes this login from other places or with encryption alone: write sslmode=verify-full \
                 instead of disable"
            }
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => "the server's pg_hba.conf does not let this login in",
            SqlState::INVALID_CATALOG_NAME => "there is no such database",
            SqlState::TOO_MANY_CONNECTIONS => "the server has no place for another connection",
            SqlState::CANNOT_CONNECT_NOW => "the server is starting or stopping",
            _ => return said,
        };
        return format!("{advice}; the server says: {said}");
    }
    if let Some(certificate) = sources(error).find_map(certificate_error) {
        return about_certificate(certificate, address);
    }
    // The driver has no kind for it.
    if sources(error).any(|source| source.to_string() == "server does not support TLS") {
        return "the server does not speak TLS: switch ssl on there, or write sslmode=disable if everybody between you \
                and it may read along"
            .to_owned();
    }
    if let Some(io) = sources(error).find_map(|source| source.downcast_ref::<std::io::Error>()) {
        return match (io.kind(), &address.host) {
            (std::io::ErrorKind::ConnectionRefused, _) => "nobody listens there".to_owned(),
            (std::io::ErrorKind::TimedOut, _) => "nobody answers there".to_owned(),
            (std::io::ErrorKind::NotFound, Host::Socket(_)) => "there is no such socket".to_owned(),
            _ => chain(error),
        };
    }
    chain(error)
}

fn about_certificate(error: &CertificateError, address: &Address) -> String {
    let host = address.network_host().unwrap_or_default();
    match error {
        // An issuer of the same name with another key, as a CA that was made anew, is another issuer.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => match &address.ca {
            Some(Ca::File(_) | Ca::Text(_)) => {
                format!("the certificate of {host} is not signed by the CA that is given")
            }
            _ => format!(
                "the certificate of {host} is not signed by a CA that this system trusts: give the CA's certificate in \
                 {DATABASE_CA}, as PEM text or as the name of a file"
            ),
        },
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the certificate of {host} has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("the certificate of {host} is not valid yet; look at this machine's clock")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!(
            "the certificate is not one of {host}: write a host that it names, or sslmode=verify-ca to accept any \
             certificate of its CA"
        ),
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => format!(
            "the certificate of {host} is that of a CA; give the server one that a CA has signed, and the CA's in \
             {DATABASE_CA}"
        ),
        other => format!("the certificate of {host} is refused: {other}"),
    }
}

fn certificate_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CertificateError> {
    // An I/O error has what it wraps inside, not as its source.
    let error = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => inner.downcast_ref::<rustls::Error>(),
        None => error.downcast_ref::<rustls::Error>(),
    };
    match error {
        Some(rustls::Error::InvalidCertificate(certificate)) => Some(certificate),
        _ => None,
    }
}

/// An error and what caused it.
fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn chain(error: &tokio_postgres::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    for source in sources(error) {
        let text = source.to_string();
        // Some errors repeat their source.
        if !texts.iter().any(|known| known.ends_with(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}
