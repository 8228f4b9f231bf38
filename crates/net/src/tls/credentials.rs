//! A certificate of our own, for servers that want to see one.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use check::CheckError;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Largest file read: a chain of certificates and a key have a few kilobytes.
const MAX_LEN: u64 = 1024 * 1024;

/// `--client-certificate` and `--client-key`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CredentialOptions {
    /// Show this certificate to the server: PEM, with those above it behind it
    #[arg(help_heading = "TLS", long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,
    /// Its private key, PEM without a password [default: in the certificate's file]
    #[arg(help_heading = "TLS", long, value_name = "FILE", requires = "client_certificate")]
    client_key: Option<PathBuf>,
}

impl CredentialOptions {
    /// Reads the files, if any are named.
    pub fn load(&self) -> Result<Option<Credentials>, CheckError> {
        let Some(certificate) = &self.client_certificate else { return Ok(None) };
        Credentials::load(certificate, self.client_key.as_deref().unwrap_or(certificate)).map(Some)
    }
}

/// A chain of certificates and the key of the first.
pub struct Credentials {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    /// For messages.
    file: PathBuf,
}

impl Credentials {
    /// Reads both from files, which may be the same.
    pub fn load(certificate: &Path, key: &Path) -> Result<Credentials, CheckError> {
        let pem = read(certificate, "client certificate")?;
        let mut chain = Vec::new();
        for certificate_der in CertificateDer::pem_slice_iter(&pem) {
            chain.push(certificate_der.map_err(|error| {
                CheckError::internal(format!("{} holds a broken certificate: {error}", certificate.display()))
            })?);
        }
        if chain.is_empty() {
            return Err(CheckError::internal(format!(
                "{} holds no certificate in PEM",
                certificate.display()
            )));
        }
        let pem = read(key, "client certificate's key")?;
        let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
            // a library's words about a key may hold some of it
            let locked = pem.windows(9).any(|part| part == b"ENCRYPTED");
            let why = if locked {
                "a key behind a password, which this check cannot open"
            } else {
                "no private key in PEM"
            };
            CheckError::internal(format!("{} holds {why}", key.display()))
        })?;
        Ok(Credentials { chain, key, file: certificate.to_owned() })
    }

    /// Why they are of no use to the TLS library.
    pub(super) fn unfit(&self, error: &rustls::Error) -> String {
        format!("the client certificate in {} cannot be used: {error}", self.file.display())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.file.display())
    }
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, CheckError> {
    let mut pem = Vec::new();
    let done = File::open(path).and_then(|file| file.take(MAX_LEN).read_to_end(&mut pem));
    done.map_err(|error| {
        CheckError::internal(format!("cannot read the {what} in {}: {error}", path.display()))
    })?;
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_and_its_key_may_share_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let (both, none) = (dir.path().join("both.pem"), dir.path().join("none.pem"));
        let key = rcgen::KeyPair::generate().unwrap();
        let own = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(&both, own.pem() + &key.serialize_pem()).unwrap();
        assert_eq!(Credentials::load(&both, &both).unwrap().chain.len(), 1);
        let said = |path: &Path, key: &Path| Credentials::load(path, key).unwrap_err().to_string();
        assert!(said(&none, &none).contains("cannot read the client certificate in"));
        std::fs::write(&none, "nothing").unwrap();
        assert!(said(&none, &both).ends_with("none.pem holds no certificate in PEM"));
        assert!(said(&both, &none).ends_with("none.pem holds no private key in PEM"));
        std::fs::write(
            &none,
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n",
        )
        .unwrap();
        assert!(said(&both, &none).contains("behind a password"));
    }
}
