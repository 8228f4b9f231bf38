//! Whether a chain is to be trusted, as data: every reason against it, not the first.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use check::CheckError;
use rustls::CertificateError;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;

use super::certificate::{Certificate, Validity, listed, to_the_minute};
use super::client::Peer;
use super::roots::{self, Roots};

/// Whom to trust. Reading it for the first time costs milliseconds: do it when there is a chain to judge.
pub struct Anchors {
    roots: Arc<Roots>,
    /// Did the administrator name the file? Then each certificate in it is trusted wherever it stands.
    named: bool,
}

/// One reason not to trust a server's certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// None of its names is the one that was asked for.
    #[error("is not for {wanted} (it is for {})", listed(names))]
    Name {
        /// The name asked for.
        wanted: String,
        /// Those it has.
        names: Vec<String>,
    },
    /// It, or one above it, has ended.
    #[error("{title} expired on {when}")]
    Expired {
        /// What it is called.
        title: String,
        /// The end.
        when: String,
    },
    /// It, or one above it, has not begun.
    #[error("{title} is not valid before {when}")]
    NotYetValid {
        /// What it is called.
        title: String,
        /// The start.
        when: String,
    },
    /// It is signed by itself.
    #[error("is self-signed")]
    SelfSigned,
    /// The chain ends at somebody unknown.
    #[error("is signed by {issuer}, which is not trusted{}", if *incomplete { ", or whose certificate the server should have sent along" } else { "" })]
    UnknownIssuer {
        /// The last issuer of the chain.
        issuer: String,
        /// The server sent nothing above its own certificate.
        incomplete: bool,
    },
    /// The server did not prove that it has the key, or in a way that cannot be verified.
    #[error("the server's proof of its key cannot be verified ({0})")]
    Proof(String),
    /// Anything else that the verification found.
    #[error("{0}")]
    Other(String),
}

impl Anchors {
    /// Those of a PEM file, or else the system's (`SSL_CERT_FILE`, or where distributions put them);
    /// `option` is what names such a file, for messages.
    pub fn load(file: Option<&Path>, option: &str) -> Result<Anchors, CheckError> {
        Ok(Anchors { roots: roots::load(file, option)?, named: file.is_some() })
    }

    /// The first reason not to trust a chain, for a handshake that is to end there.
    pub fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(leaf)?;
        if !self.names(leaf) {
            self.verify_chain(&parsed, above, now)?;
            return verify_server_name(&parsed, name);
        }
        verify_server_name(&parsed, name)?;
        let read = Certificate::read(leaf).map_err(|_| CertificateError::BadEncoding)?;
        match read.validity(i64::try_from(now.as_secs()).unwrap_or(i64::MAX)) {
            Validity::NotYet => Err(CertificateError::NotValidYet.into()),
            Validity::Now => Ok(()),
            Validity::Over => Err(CertificateError::Expired.into()),
        }
    }

    /// Every reason not to trust `peer` as `name` at `now` (Unix time); none means trust.
    pub fn doubts(&self, peer: &Peer, name: &str, now: i64) -> Vec<Doubt> {
        let Some((leaf, above)) = peer.chain.split_first() else {
            return vec![Doubt::Other("the server sent no certificate".to_owned())];
        };
        let mut doubts = match ParsedCertificate::try_from(leaf.der()) {
            Err(error) => vec![Doubt::Other(reason(&error))],
            Ok(parsed) => {
                let mut doubts = self.chain_doubts(&parsed, leaf, above, now);
                doubts.extend(name_doubt(&parsed, leaf, name));
                doubts
            }
        };
        doubts.extend(peer.proof.as_ref().err().map(|error| {
            // the library has no name for a key that it finds too small
            Doubt::Proof(if leaf.key.is_weak() { leaf.key.to_string() } else { error.clone() })
        }));
        doubts
    }

    /// A path that is valid now is enough, whatever else the server sent. Without one, dates are
    /// told apart from signatures: these are looked at as of a moment when all the chain is valid.
    fn chain_doubts(
        &self,
        parsed: &ParsedCertificate<'_>,
        leaf: &Certificate,
        above: &[Certificate],
        now: i64,
    ) -> Vec<Doubt> {
        if self.names(leaf.der()) {
            return date_doubt(leaf, now).into_iter().collect();
        }
        let ders: Vec<CertificateDer<'_>> =
            above.iter().map(|certificate| certificate.der().clone()).collect();
        let verify = |now: i64| {
            let now = Duration::from_secs(u64::try_from(now).unwrap_or_default());
            self.verify_chain(parsed, &ders, UnixTime::since_unix_epoch(now))
        };
        let Err(error) = verify(now) else { return Vec::new() };
        let chain = || std::iter::once(leaf).chain(above);
        let mut doubts: Vec<Doubt> = chain().filter_map(|certificate| date_doubt(certificate, now)).collect();
        let error = if doubts.is_empty() {
            error
        } else {
            let from = chain().map(|certificate| certificate.not_before).max().unwrap_or_default();
            let to = chain().map(|certificate| certificate.not_after).min().unwrap_or_default();
            match verify(from.max(to.saturating_sub(1))) {
                Ok(()) => return doubts,
                Err(error) => error,
            }
        };
        let weak = chain().find(|certificate| certificate.has_weak_signature() && !certificate.self_issued);
        doubts.push(match error {
            _ if weak.is_some() => {
                let (title, signature) =
                    weak.map(|weak| (&*weak.title, &*weak.signature)).unwrap_or_default();
                Doubt::Other(format!("{title} is signed with {signature}"))
            }
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) if leaf.self_issued => {
                Doubt::SelfSigned
            }
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => Doubt::UnknownIssuer {
                issuer: above.last().unwrap_or(leaf).issuer.clone(),
                incomplete: above.is_empty(),
            },
            // webpki's word for a certificate authority's own certificate used by a server
            other if leaf.self_issued && reason(&other).contains("CaUsedAsEndEntity") => Doubt::SelfSigned,
            other => Doubt::Other(reason(&other)),
        });
        doubts
    }

    /// Is this certificate itself one that the administrator trusts? Chains cannot prove one that is no
    /// authority, or one that may not be a server; its name and dates still count.
    fn names(&self, leaf: &CertificateDer<'_>) -> bool {
        self.named && self.roots.certificates.iter().any(|trusted| trusted == leaf)
    }

    fn verify_chain(
        &self,
        leaf: &ParsedCertificate<'_>,
        above: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(leaf, &self.roots.store, above, now, algorithms)
    }
}

fn date_doubt(certificate: &Certificate, now: i64) -> Option<Doubt> {
    let title = certificate.title.clone();
    match certificate.validity(now) {
        Validity::NotYet => Some(Doubt::NotYetValid { title, when: to_the_minute(certificate.not_before) }),
        Validity::Now => None,
        Validity::Over => Some(Doubt::Expired { title, when: certificate.ends() }),
    }
}

fn name_doubt(parsed: &ParsedCertificate<'_>, leaf: &Certificate, name: &str) -> Option<Doubt> {
    let Ok(server) = ServerName::try_from(name) else {
        return Some(Doubt::Other(format!("`{name}` is no name that a certificate can have")));
    };
    let doubt = Doubt::Name { wanted: name.to_owned(), names: leaf.names.clone() };
    verify_server_name(parsed, &server).is_err().then_some(doubt)
}

impl Certificate {
    /// Is it for this name or address, by its subject alternative names?
    pub fn is_for(&self, name: &str) -> bool {
        ParsedCertificate::try_from(self.der()).is_ok_and(|parsed| name_doubt(&parsed, self, name).is_none())
    }
}

/// The library's words without its prefix.
fn reason(error: &rustls::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("invalid peer certificate: ").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    use std::path::PathBuf;

    struct World {
        file: tempfile::NamedTempFile,
        issuer: Issuer<'static, KeyPair>,
    }

    fn authority() -> World {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test root");
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), own.pem()).unwrap();
        World { file, issuer: Issuer::new(params, key) }
    }

    fn leaf(names: &[&str]) -> CertificateParams {
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "leaf");
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 3, 1);
        params
    }

    const IN_FEBRUARY: i64 = 1_770_000_000;
    const IN_APRIL: i64 = 1_775_000_000;

    fn peer(certificate: &rcgen::Certificate) -> Peer {
        Peer::with_chain(vec![Certificate::read(certificate.der()).unwrap()])
    }

    #[test]
    fn every_reason_is_told() {
        let world = authority();
        let anchors = Anchors::load(Some(world.file.path()), "--ca-file").unwrap();
        let key = KeyPair::generate().unwrap();
        let signed = peer(&leaf(&["mx.test", "127.0.0.1"]).signed_by(&key, &world.issuer).unwrap());
        assert_eq!(anchors.doubts(&signed, "mx.test", IN_FEBRUARY), []);
        assert_eq!(anchors.doubts(&signed, "127.0.0.1", IN_FEBRUARY), []);
        let both: Vec<String> =
            anchors.doubts(&signed, "www.test", IN_APRIL).iter().map(ToString::to_string).collect();
        assert_eq!(
            both,
            ["leaf expired on 2026-03-01 00:00 UTC", "is not for www.test (it is for mx.test, 127.0.0.1)"]
        );
        assert!(matches!(anchors.doubts(&signed, "mx.test", 0)[..], [Doubt::NotYetValid { .. }]));
    }

    #[test]
    fn strangers_are_not_trusted_unless_named() {
        let world = authority();
        let anchors = Anchors::load(Some(world.file.path()), "--ca-file").unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = leaf(&["mx.test"]);
        for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
            params.is_ca = is_ca;
            let own = params.self_signed(&key).unwrap();
            assert_eq!(anchors.doubts(&peer(&own), "mx.test", IN_FEBRUARY), [Doubt::SelfSigned]);
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), own.pem()).unwrap();
            let named = Anchors::load(Some(file.path()), "--ca-file").unwrap();
            assert_eq!(named.doubts(&peer(&own), "mx.test", IN_FEBRUARY), []);
            assert_eq!(named.doubts(&peer(&own), "other.test", IN_FEBRUARY).len(), 1);
        }
        let foreign = peer(&leaf(&["mx.test"]).signed_by(&key, &authority().issuer).unwrap());
        // the same name, another key: webpki reports the signature, not the issuer
        assert_eq!(anchors.doubts(&foreign, "mx.test", IN_FEBRUARY).len(), 1);
    }

    #[test]
    fn a_file_without_certificates_is_an_error_that_names_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let empty = Anchors::load(Some(file.path()), "--ca-file").err().unwrap().to_string();
        assert!(empty.contains(&*file.path().to_string_lossy()) && empty.contains("PEM"), "{empty}");
        let missing = PathBuf::from("/nonexistent.pem");
        assert!(
            Anchors::load(Some(&missing), "--ca-file")
                .err()
                .unwrap()
                .to_string()
                .contains("/nonexistent.pem")
        );
    }
}
