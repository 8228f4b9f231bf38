//! TLS: whom to trust, found out in the handshake and not before.

use std::path::PathBuf;
use std::sync::Arc;

use check::CheckError;
use net::tls::{Anchors, Certificate};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, NamedGroup, SignatureScheme,
    SupportedProtocolVersion,
};

use crate::Pin;
use crate::watch::Watch;

/// Whom to trust.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    /// Who has a chain to one of the authorities of this file, or of the system, and the right name.
    Authorities(Option<PathBuf>),
    /// Who holds the pinned certificate or key, whatever it says of itself.
    Pinned { certificates: Vec<Pin>, keys: Vec<Pin> },
    /// Anybody: asked for by `--insecure`.
    Anybody,
}

/// What goes into a connection besides the trust.
pub(crate) struct Session {
    pub versions: &'static [&'static SupportedProtocolVersion],
    /// Protocols to offer by ALPN.
    pub protocols: Vec<Vec<u8>>,
    /// The name to find in the certificate, if it is not the one of the URL.
    pub name: Option<ServerName<'static>>,
    /// Our own certificate and key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// The configuration for rustls. Nothing of the system's trust is read here.
pub(crate) fn configure(
    trust: Trust,
    session: Session,
    watch: Arc<Watch>,
) -> Result<ClientConfig, CheckError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier { provider: provider.clone(), trust, name: session.name, watch: watch.clone() };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(session.versions)
        .map_err(|error| CheckError::internal(format!("TLS: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match session.identity {
        Some((certificate, key)) => {
            let unusable = |what: &PathBuf, error: &dyn std::fmt::Display| {
                CheckError::usage(format!("cannot use {}: {error}", what.display()))
            };
            let chain = CertificateDer::pem_file_iter(&certificate)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|error| unusable(&certificate, &error))?;
            let secret = PrivateKeyDer::from_pem_file(&key).map_err(|error| unusable(&key, &error))?;
            builder.with_client_auth_cert(chain, secret).map_err(|error| unusable(&key, &error))?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = session.protocols;
    config.resumption = Resumption::store(Arc::new(NoSessions(watch)));
    Ok(config)
}

/// Judges the server's certificate.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    trust: Trust,
    name: Option<ServerName<'static>>,
    watch: Arc<Watch>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = Certificate::read(end_entity).ok();
        self.watch.note_certificate(certificate.clone());
        match &self.trust {
            Trust::Anybody => {}
            Trust::Pinned { certificates, keys } => {
                let found = certificate.is_some_and(|found| {
                    certificates.contains(&Pin::of(&found)) || keys.contains(&Pin::of_key(&found))
                });
                if !found {
                    return Err(refused());
                }
            }
            Trust::Authorities(file) => {
                let anchors = Anchors::load(file.as_deref(), "--ca-cert").map_err(|error| {
                    self.watch.note_failure(error);
                    refused()
                })?;
                let name = self.name.as_ref().unwrap_or(name);
                anchors.verify(end_entity, intermediates, name, now)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proof(|algorithms| verify_tls12_signature(message, certificate, signed, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proof(|algorithms| verify_tls13_signature(message, certificate, signed, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl Verifier {
    /// If anybody will do, nobody has to prove that the key is theirs.
    fn proof(
        &self,
        verify: impl FnOnce(&WebPkiSupportedAlgorithms) -> Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.trust {
            Trust::Anybody => Ok(HandshakeSignatureValid::assertion()),
            Trust::Pinned { .. } | Trust::Authorities(_) => {
                verify(&self.provider.signature_verification_algorithms)
            }
        }
    }
}

fn refused() -> Error {
    Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
}

/// Resumes nothing: every check is to see the certificate. That it is asked tells when TLS begins.
#[derive(Debug)]
struct NoSessions(Arc<Watch>);

impl ClientSessionStore for NoSessions {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.0.note_hello();
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.note_hello();
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.note_hello();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plain HTTP goes through the same configuration: a CA file that does not exist is no trouble
    /// until there is a certificate to judge.
    #[test]
    fn the_trust_is_read_in_the_handshake_and_not_before() {
        let watch = Arc::new(Watch::default());
        let trust = Trust::Authorities(Some("/nonexistent/ca.pem".into()));
        let session =
            Session { versions: rustls::DEFAULT_VERSIONS, protocols: Vec::new(), name: None, identity: None };
        configure(trust.clone(), session, watch.clone()).unwrap();
        assert_eq!(watch.seen().failure, None);

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier { provider, trust, name: None, watch: watch.clone() };
        assert!(!verifier.supported_verify_schemes().is_empty());
        assert_eq!(watch.seen().failure, None);
        let name = ServerName::try_from("a.example").unwrap();
        let judged =
            verifier.verify_server_cert(&CertificateDer::from(vec![0]), &[], &name, &[], UnixTime::now());
        assert!(judged.is_err());
        let failure = watch.seen().failure.unwrap().to_string();
        assert!(failure.contains("/nonexistent/ca.pem"), "{failure}");
    }
}
