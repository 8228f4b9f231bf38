//! The certificates of a small eduroam: an authority of the home institution, a stranger's, and what
//! each of them signs, on RSA keys as institutions have them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, SanType,
};
use testkit::Identity;

/// Server of the home institution, as its certificates call it.
pub const SERVER_NAME: &str = "radius.example-home.cz";

/// RSA keys are slow to make, and no test looks at them: they are made once for all test runs.
static KEYS: LazyLock<[String; 4]> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(folder).unwrap();
    let lock = File::create(folder.join("radius-keys.lock")).unwrap();
    // other test processes may be at it
    lock.lock().unwrap();
    ["authority", "stranger", "server", "other"].map(|name| {
        let path = folder.join(format!("radius-{name}.key"));
        if !path.is_file() {
            let part = path.with_extension("part");
            let mut openssl = Command::new("/usr/bin/openssl");
            openssl.args([
                "genpkey",
                "-quiet",
                "-algorithm",
                "RSA",
                "-pkeyopt",
                "rsa_keygen_bits:2048",
                "-out",
            ]);
            let done = openssl.arg(&part).stderr(std::process::Stdio::null()).status().unwrap();
            assert!(done.success(), "openssl makes no key");
            fs::rename(part, &path).unwrap();
        }
        fs::read_to_string(path).unwrap()
    })
});

fn key(index: usize) -> KeyPair {
    KeyPair::from_pem_and_sign_algo(&KEYS[index], &PKCS_RSA_SHA256).unwrap()
}

/// What a certificate is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A server's.
    Server,
    /// A client's.
    Client,
    /// RadSec: both.
    Both,
}

/// Days from today to the first and to the last day of a certificate.
#[derive(Clone, Copy)]
pub struct Days(pub i64, pub i64);

/// The usual: since yesterday, for some two years.
pub const VALID: Days = Days(-1, 825);
/// Over since yesterday.
pub const EXPIRED: Days = Days(-30, -1);

/// A certificate to be made.
pub struct Leaf<'a> {
    /// Files are called so.
    pub file: &'a str,
    /// Common name.
    pub name: &'a str,
    /// Alternative names: of hosts, addresses, mail addresses.
    pub names: &'a [&'a str],
    /// What it is for.
    pub purpose: Use,
    /// When it is valid.
    pub days: Days,
    /// On the key of most servers, or on another.
    pub other_key: bool,
}

impl Default for Leaf<'_> {
    fn default() -> Self {
        Leaf {
            file: "leaf",
            name: SERVER_NAME,
            names: &[SERVER_NAME],
            purpose: Use::Server,
            days: VALID,
            other_key: false,
        }
    }
}

/// An authority with its certificate in a file.
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, PEM.
    pub certificate: PathBuf,
}

impl Authority {
    fn new(folder: &Path, file: &str, organisation: &str, key_index: usize) -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CountryName, "CZ");
        params.distinguished_name.push(DnType::OrganizationName, organisation);
        params.distinguished_name.push(DnType::CommonName, format!("{organisation} Root CA"));
        let key = key(key_index);
        let certificate = folder.join(format!("{file}.pem"));
        fs::write(&certificate, params.self_signed(&key).unwrap().pem()).unwrap();
        Authority { folder: folder.to_owned(), issuer: Issuer::new(params, key), certificate }
    }

    /// Makes a certificate; the files are its own.
    pub fn sign(&self, leaf: &Leaf<'_>) -> Identity {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CountryName, "CZ");
        params.distinguished_name.push(DnType::OrganizationName, "Example Home");
        params.distinguished_name.push(DnType::CommonName, leaf.name);
        params.subject_alt_names = leaf.names.iter().map(|name| alternative(name)).collect();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        let (server, client) = (ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth);
        params.extended_key_usages = match leaf.purpose {
            Use::Server => vec![server],
            Use::Client => vec![client],
            Use::Both => vec![server, client],
        };
        params.use_authority_key_identifier_extension = true;
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let midnight = |days: i64| {
            let date = today.checked_add(jiff::Span::new().days(days)).unwrap();
            rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
        };
        params.not_before = midnight(leaf.days.0);
        params.not_after = midnight(leaf.days.1);
        let key = key(if leaf.other_key { 3 } else { 2 });
        let file = |ending: &str| self.folder.join(format!("{}.{ending}", leaf.file));
        let identity = Identity { certificate: file("pem"), key: file("key") };
        fs::write(&identity.certificate, params.signed_by(&key, &self.issuer).unwrap().pem()).unwrap();
        fs::write(&identity.key, key.serialize_pem()).unwrap();
        identity
    }
}

fn alternative(name: &str) -> SanType {
    match name.parse::<std::net::IpAddr>() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) if name.contains('@') => SanType::Rfc822Name(name.try_into().unwrap()),
        Err(_) => SanType::DnsName(name.try_into().unwrap()),
    }
}

/// All of them.
pub struct Pki {
    /// Signs all below.
    pub authority: Authority,
    /// Nobody trusts it.
    pub stranger: Authority,
    /// The home server's.
    pub server: Identity,
    /// The same for five days only.
    pub expiring: Identity,
    /// Another name.
    pub wrong_name: Identity,
    /// Of a user of EAP-TLS, `user@example-home.cz`.
    pub user: Identity,
    /// For both ends of RadSec.
    pub radsec: Identity,
    /// The monitor's, as a RadSec client.
    pub monitor: Identity,
}

impl Pki {
    /// Makes them in a folder. RadSec servers are known by this address.
    pub fn new(folder: &Path, address: &str) -> Pki {
        let authority = Authority::new(folder, "ca", "Example Home", 0);
        let sign = |leaf: Leaf<'_>| authority.sign(&leaf);
        let user = "user@example-home.cz";
        Pki {
            server: sign(Leaf { file: "server", ..Leaf::default() }),
            expiring: sign(Leaf {
                file: "expiring",
                days: Days(-360, 5),
                other_key: true,
                ..Leaf::default()
            }),
            wrong_name: sign(Leaf {
                file: "wrongname",
                name: "radius.wrong.cz",
                names: &["radius.wrong.cz"],
                ..Leaf::default()
            }),
            user: sign(Leaf {
                file: "client",
                name: user,
                names: &[user],
                purpose: Use::Client,
                other_key: true,
                ..Leaf::default()
            }),
            radsec: sign(Leaf {
                file: "radsec",
                name: "radsec.example.cz",
                names: &["radsec.example.cz", address],
                purpose: Use::Both,
                ..Leaf::default()
            }),
            monitor: sign(Leaf {
                file: "monitor",
                name: "monitor.example.cz",
                names: &["monitor.example.cz"],
                purpose: Use::Client,
                other_key: true,
                ..Leaf::default()
            }),
            stranger: Authority::new(folder, "otherca", "Unrelated", 1),
            authority,
        }
    }
}
