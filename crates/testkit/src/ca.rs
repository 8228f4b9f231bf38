//! A certificate authority that nobody but the test trusts.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// A throw-away certificate authority, its certificate in a file.
pub struct Authority {
    directory: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    certificate: PathBuf,
    /// What a server has to send along: its authority's certificate, unless that is a root.
    above: String,
}

/// Where a server's certificate and key are.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

impl Authority {
    /// Makes one in a directory, which must exist: `ca.pem`.
    ///
    /// # Panics
    /// If it cannot be written.
    #[track_caller]
    pub fn new(directory: &Path) -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "hlidka test authority");
        let key = KeyPair::generate().expect("a key can be made");
        let own = params.self_signed(&key).expect("a certificate can be signed");
        let certificate = directory.join("ca.pem");
        write(&certificate, &own.pem());
        let issuer = Issuer::new(params, key);
        Authority { directory: directory.to_owned(), issuer, certificate, above: String::new() }
    }

    /// An authority below this one, valid until the first of January of a year; the certificates
    /// that it makes have its own behind them.
    ///
    /// # Panics
    /// If a certificate cannot be signed.
    #[track_caller]
    pub fn subordinate(&self, name: &str, year: i32) -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().expect("a key can be made");
        let own = params.signed_by(&key, &self.issuer).expect("a certificate can be signed");
        Authority {
            directory: self.directory.clone(),
            issuer: Issuer::new(params, key),
            certificate: self.certificate.clone(),
            above: own.pem(),
        }
    }

    /// The certificate of its root, PEM, for those who trust it.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// A server certificate for names and addresses, in files called `NAME.pem` and `NAME.key`
    /// after the first.
    ///
    /// # Panics
    /// If a name cannot stand in a certificate, or a file cannot be written.
    #[track_caller]
    pub fn server(&self, names: &[&str]) -> Identity {
        self.server_until(2200, names)
    }

    /// The same, valid until the first of January of a year.
    ///
    /// # Panics
    /// As [`Authority::server`].
    #[track_caller]
    pub fn server_until(&self, year: i32, names: &[&str]) -> Identity {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let first = names.first().expect("a certificate has a name").clone();
        let mut params = CertificateParams::new(names).expect("names of hosts");
        params.distinguished_name.push(DnType::CommonName, first.as_str());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_after = date_time_ymd(year, 1, 1);
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate can be signed");
        let file = |ending: &str| self.directory.join(format!("{first}.{ending}"));
        let identity = Identity { certificate: file("pem"), key: file("key") };
        write(&identity.certificate, &(certificate.pem() + &self.above));
        write(&identity.key, &key.serialize_pem());
        identity
    }
}

#[track_caller]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
