//! One connection to any PostgreSQL: plain on this machine, TLS to a hosted one.

use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::Client;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Connects to `url` and drives the connection on a task of the current runtime until the client is dropped.
///
/// `sslmode` means what it means to libpq: `disable`; `prefer` (when absent) and `require` encrypt without asking who
/// answers; `verify-full` also checks the certificate and its name, against `sslrootcert=<file>` or else the system's roots.
/// `verify-ca` is taken as `verify-full`.
///
/// # Errors
/// When the URL cannot be read, no root certificate is usable, or the server refuses the connection. Messages never
/// repeat the URL, which holds a password.
pub async fn connect(url: &str) -> Result<Client> {
    let (url, trust) = read_trust(url);
    let config: tokio_postgres::Config = url.parse().context("the database URL cannot be read")?;
    let tls = MakeRustlsConnect::new(client_config(&trust)?);
    let (client, connection) = config.connect(tls).await.context("cannot connect to the database")?;
    // The task ends with the client; an error of the connection reaches the caller through the call it breaks.
    tokio::spawn(async move { connection.await.ok() });
    Ok(client)
}

/// How far a server's certificate is believed.
#[derive(Debug, PartialEq)]
enum Trust {
    Anyone,
    Roots { file: Option<String> },
}

/// Takes the two libpq parameters that `tokio_postgres` does not know out of the URL's query.
fn read_trust(url: &str) -> (String, Trust) {
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), Trust::Anyone);
    };
    let mut verify = false;
    let mut file = None;
    let mut kept = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", "verify-full" | "verify-ca")) => {
                verify = true;
                kept.push("sslmode=require");
            }
            Some(("sslrootcert", value)) => file = Some(percent_decoded(value)),
            _ => kept.push(pair),
        }
    }
    let trust = if verify { Trust::Roots { file } } else { Trust::Anyone };
    (format!("{base}?{}", kept.join("&")), trust)
}

/// A file name as it stands in a URL; anything that is not a correct escape stays as it is.
fn percent_decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escape = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escape {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn client_config(trust: &Trust) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?;
    Ok(match trust {
        Trust::Anyone => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(BelieveAnyone(provider)))
            .with_no_client_auth(),
        Trust::Roots { file } => builder.with_root_certificates(roots(file.as_deref())?).with_no_client_auth(),
    })
}

fn roots(file: Option<&str>) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    match file {
        Some(file) => {
            for certificate in
                CertificateDer::pem_file_iter(file).with_context(|| format!("sslrootcert {file} cannot be read"))?
            {
                store
                    .add(certificate.with_context(|| format!("sslrootcert {file} is not PEM"))?)
                    .with_context(|| format!("sslrootcert {file} holds an unusable certificate"))?;
            }
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    anyhow::ensure!(!store.is_empty(), "no root certificate to check the server against; give one with sslrootcert");
    Ok(store)
}

/// `sslmode=require` of libpq: encrypted, whoever answers. Hosted databases sign with roots of their own, and their
/// users expect this mode to work without them; `verify-full` is the one that checks.
#[derive(Debug)]
struct BelieveAnyone(Arc<CryptoProvider>);

impl ServerCertVerifier for BelieveAnyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libpq_parameters_are_taken_out_of_the_url() {
        assert_eq!(
            read_trust("postgres://a@b/c?sslmode=verify-full&sslrootcert=%2Fetc%2Fca%20a.pem&application_name=x"),
            (
                "postgres://a@b/c?sslmode=require&application_name=x".to_owned(),
                Trust::Roots { file: Some("/etc/ca a.pem".to_owned()) }
            )
        );
        assert_eq!(
            read_trust("postgres://a@b/c?sslmode=require"),
            ("postgres://a@b/c?sslmode=require".to_owned(), Trust::Anyone)
        );
        assert_eq!(read_trust("postgres://a@b/c"), ("postgres://a@b/c".to_owned(), Trust::Anyone));
    }

    #[test]
    fn both_kinds_of_trust_can_be_set_up() {
        client_config(&Trust::Anyone).expect("no certificate is needed");
        let missing = Trust::Roots { file: Some("/no/such/file".to_owned()) };
        let error = client_config(&missing).expect_err("the file does not exist");
        assert!(error.to_string().contains("/no/such/file"), "{error}");
    }
}
