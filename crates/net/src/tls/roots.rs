//! The authorities that are trusted: the system's, or those of one file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use check::CheckError;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Largest file of certificates read; the system's has 220 kB.
const MAX_LEN: u64 = 16 * 1024 * 1024;

/// Files kept in memory.
const MAX_KEPT: usize = 16;

/// Where systems have all their authorities in one file; `SSL_CERT_FILE` comes before.
const SYSTEM_FILES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A file of authorities, read.
#[derive(Debug)]
pub(super) struct Roots {
    /// For chains.
    pub store: RootCertStore,
    /// The certificates themselves, for a server whose own certificate is the one that is trusted.
    pub certificates: Vec<CertificateDer<'static>>,
}

/// One file as it was at some time.
#[derive(Clone, PartialEq, Eq)]
struct Version {
    path: PathBuf,
    changed: Option<SystemTime>,
    length: u64,
}

/// Read once by a worker that runs thousands of checks, not once by each: the system's store costs
/// milliseconds and a quarter of a megabyte. Nothing but what the file says is kept, and a file that
/// has changed is read again.
static KEPT: Mutex<Vec<(Version, Arc<Roots>)>> = Mutex::new(Vec::new());

/// The authorities of a file, or the system's; `option` is what names a file, for messages.
pub(super) fn load(path: Option<&Path>, option: &str) -> Result<Arc<Roots>, CheckError> {
    let path = match path {
        Some(path) => path.to_owned(),
        None => system_file(option)?,
    };
    let cannot = |error: std::io::Error| {
        CheckError::internal(format!("cannot read the CA certificates in {}: {error}", path.display()))
    };
    let file = File::open(&path).map_err(cannot)?;
    let meta = file.metadata().map_err(cannot)?;
    let version = Version { path: path.clone(), changed: meta.modified().ok(), length: meta.len() };
    let kept = |all: &Vec<(Version, Arc<Roots>)>| {
        all.iter().find(|(of, _)| *of == version).map(|(_, roots)| roots.clone())
    };
    if let Some(roots) = kept(&KEPT.lock().unwrap_or_else(PoisonError::into_inner)) {
        return Ok(roots);
    }
    let mut pem = Vec::new();
    file.take(MAX_LEN).read_to_end(&mut pem).map_err(cannot)?;
    let roots = Arc::new(read(&pem, &path)?);
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|(of, _)| of.path != path);
    if all.len() >= MAX_KEPT {
        all.remove(0);
    }
    all.push((version, roots.clone()));
    Ok(roots)
}

fn read(pem: &[u8], path: &Path) -> Result<Roots, CheckError> {
    let mut store = RootCertStore::empty();
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| {
            CheckError::internal(format!("{} holds a broken certificate: {error}", path.display()))
        })?;
        // one that cannot be an anchor (version 1, say) must not take all others with it, and is still
        // known by its bytes
        let _ = store.add(certificate.clone());
        certificates.push(certificate);
    }
    if certificates.is_empty() {
        return Err(CheckError::internal(format!("{} holds no certificate in PEM", path.display())));
    }
    Ok(Roots { store, certificates })
}

fn system_file(option: &str) -> Result<PathBuf, CheckError> {
    let named = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from);
    let found = || SYSTEM_FILES.iter().map(PathBuf::from).find(|path| path.is_file());
    named.or_else(found).ok_or_else(|| {
        CheckError::internal(format!(
            "found no CA certificates of the system: install ca-certificates, or name a file by {option}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_once_until_it_changes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        let pem = || {
            let key = rcgen::KeyPair::generate().unwrap();
            let params = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap();
            params.self_signed(&key).unwrap().pem()
        };
        std::fs::write(&path, pem()).unwrap();
        let first = load(Some(&path), "--ca-file").unwrap();
        assert_eq!(first.certificates.len(), 1);
        assert!(Arc::ptr_eq(&first, &load(Some(&path), "--ca-file").unwrap()));
        std::fs::write(&path, pem() + &pem()).unwrap();
        assert_eq!(load(Some(&path), "--ca-file").unwrap().certificates.len(), 2);
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        let said = || load(Some(&path), "--ca-file").unwrap_err().to_string();
        assert!(said().contains("No such file"), "{}", said());
        std::fs::write(&path, "nothing\n").unwrap();
        assert!(said().contains("holds no certificate"), "{}", said());
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").unwrap();
        assert!(said().contains("broken"), "{}", said());
    }
}
