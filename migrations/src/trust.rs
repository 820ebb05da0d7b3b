//! Whom a TLS connection to a database believes.

use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, ensure};
use rolecall_shared::postgres::{Address, Ca, SslMode};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// TLS that believes whom the mode says.
///
/// # Errors
/// The certificates cannot be read, or are none.
pub fn client_config(mode: SslMode, ca: Option<&Ca>) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?;
    let roots = match mode {
        SslMode::Disable | SslMode::Prefer | SslMode::Require => None,
        SslMode::VerifyCa => Some(roots(ca)?),
        SslMode::VerifyFull => return Ok(builder.with_root_certificates(roots(ca)?).with_no_client_auth()),
    };
    let verifier = Arc::new(WithoutName { roots, provider });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// The address with its CA as text, which a file's name is replaced by.
///
/// # Errors
/// The file cannot be read or has no certificate.
pub fn with_ca_text(mut address: Address) -> Result<Address> {
    if let Some(Ca::File(file)) = &address.ca {
        let text = std::fs::read_to_string(file).with_context(|| format!("the CA's file {file} cannot be read"))?;
        certificates(&text).with_context(|| format!("the CA's file {file}"))?;
        address.ca = Some(Ca::Text(text));
    }
    Ok(address)
}

fn roots(ca: Option<&Ca>) -> Result<Arc<RootCertStore>> {
    static SYSTEM: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    match ca {
        None | Some(Ca::System) => {
            let system = SYSTEM.get_or_init(|| {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                Arc::new(roots)
            });
            ensure!(!system.is_empty(), "this system trusts no CA: give the server's with SPIN_VARIABLE_DATABASE_CA");
            Ok(system.clone())
        }
        Some(Ca::Text(text)) => Ok(Arc::new(certificates(text)?)),
        Some(Ca::File(file)) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("the CA's file {file} cannot be read"))?;
            Ok(Arc::new(certificates(&text).with_context(|| format!("the CA's file {file}"))?))
        }
    }
}

/// The certificates of a text in PEM form.
fn certificates(text: &str) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let certificate = certificate.context("the CA's certificate is not PEM")?;
        roots.add(certificate).context("the CA's certificate is not usable")?;
    }
    ensure!(!roots.is_empty(), "there is no certificate in it");
    Ok(roots)
}

/// Checks that the certificate is signed by one of the roots, whatever name it has; without roots, nothing.
#[derive(Debug)]
struct WithoutName {
    roots: Option<Arc<RootCertStore>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for WithoutName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_to_believe_is_settled_before_anybody_is_asked() {
        for mode in [SslMode::Prefer, SslMode::Require] {
            client_config(mode, None).expect("no certificate is needed");
        }
        for mode in [SslMode::VerifyCa, SslMode::VerifyFull] {
            let refused = |ca: Ca| format!("{:#}", client_config(mode, Some(&ca)).expect_err("it is not usable"));
            assert!(refused(Ca::File("/no/such/file".to_owned())).contains("/no/such/file"));
            assert!(refused(Ca::Text("nothing".to_owned())).contains("no certificate"));
            let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
            assert!(refused(Ca::Text(broken.to_owned())).contains("not usable"));
        }
    }
}
