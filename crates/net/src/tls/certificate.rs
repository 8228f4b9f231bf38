//! What a certificate says of itself, trusted or not.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

/// A certificate as a server sent it.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The subject, all of it: `CN=mx.example.org, O=Example`.
    pub subject: String,
    /// What to call it: the common name, else the first name it is for, else the subject.
    pub title: String,
    /// Who signed it: common name, organisation, or all of the issuer.
    pub issuer: String,
    /// Names and addresses it is for (subject alternative names).
    pub names: Vec<String>,
    /// Start of validity, seconds of Unix time.
    pub not_before: i64,
    /// End of validity, seconds of Unix time.
    pub not_after: i64,
    /// Its public key.
    pub key: Key,
    /// How it is signed: `SHA-256 with RSA`.
    pub signature: String,
    /// Serial number, hexadecimal with colons.
    pub serial: String,
    /// Subject and issuer are the same.
    pub self_issued: bool,
    der: CertificateDer<'static>,
    key_der: Vec<u8>,
}

/// How a moment stands to a certificate's dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Before the first second.
    NotYet,
    /// Within.
    Now,
    /// After the last second.
    Over,
}

/// Kind and size of a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// `RSA`, `ECDSA`, `Ed25519` …
    pub kind: &'static str,
    /// Size in bits; 0 if it is not known.
    pub bits: u32,
}

/// The bytes are no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate cannot be read")]
pub struct Unreadable;

impl Certificate {
    /// Reads one.
    pub fn read(der: &CertificateDer<'_>) -> Result<Certificate, Unreadable> {
        let (_, parsed) = X509Certificate::from_der(der).map_err(|_| Unreadable)?;
        let subject = plain(&parsed.subject().to_string());
        let names = alternative_names(&parsed);
        let title = first_attribute(parsed.subject().iter_common_name())
            .or_else(|| names.first().cloned())
            .unwrap_or_else(|| subject.clone());
        Ok(Certificate {
            title,
            issuer: short(parsed.issuer()),
            not_before: parsed.validity().not_before.timestamp(),
            not_after: parsed.validity().not_after.timestamp(),
            key: Key::of(parsed.public_key()),
            signature: signature_name(&parsed.signature_algorithm.algorithm.to_id_string()),
            serial: parsed.raw_serial_as_string(),
            self_issued: parsed.subject().as_raw() == parsed.issuer().as_raw(),
            subject,
            names,
            der: der.clone().into_owned(),
            key_der: parsed.public_key().raw.to_vec(),
        })
    }

    /// As it came.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// Its public key as it came (SubjectPublicKeyInfo).
    pub fn key_der(&self) -> &[u8] {
        &self.key_der
    }

    /// Is it valid at `now` (Unix time)? Its first and its last second count.
    pub fn validity(&self, now: i64) -> Validity {
        if now > self.not_after {
            Validity::Over
        } else if now < self.not_before {
            Validity::NotYet
        } else {
            Validity::Now
        }
    }

    /// Whole days from `now` (Unix time) to its end, negative when it has ended.
    pub fn days_left(&self, now: i64) -> i64 {
        self.not_after.saturating_sub(now).div_euclid(86_400)
    }

    /// The end of its validity for people: `2026-12-19 10:00 UTC`.
    pub fn ends(&self) -> String {
        to_the_minute(self.not_after)
    }

    /// The names it is for, at most eight of them: `a.example, b.example`.
    pub fn listed_names(&self) -> String {
        listed(&self.names)
    }

    /// Is it signed with an algorithm that can be forged (MD5, SHA-1)?
    pub fn has_weak_signature(&self) -> bool {
        ["MD2", "MD5", "SHA-1"].iter().any(|weak| self.signature.starts_with(&format!("{weak} ")))
    }
}

impl Key {
    fn of(info: &SubjectPublicKeyInfo<'_>) -> Key {
        let algorithm = info.algorithm.algorithm.to_id_string();
        let fixed = match algorithm.as_str() {
            "1.3.101.112" => Some(("Ed25519", 256)),
            "1.3.101.113" => Some(("Ed448", 456)),
            "1.2.840.10045.2.1" => {
                let curve = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
                match curve.map(|oid| oid.to_id_string()).as_deref() {
                    Some("1.2.840.10045.3.1.7") => Some(("ECDSA", 256)),
                    Some("1.3.132.0.34") => Some(("ECDSA", 384)),
                    Some("1.3.132.0.35") => Some(("ECDSA", 521)),
                    _ => None,
                }
            }
            _ => None,
        };
        let (kind, bits) = fixed.unwrap_or_else(|| match info.parsed() {
            Ok(PublicKey::RSA(key)) => ("RSA", key.key_size()),
            Ok(PublicKey::EC(point)) => ("ECDSA", point.key_size()),
            Ok(PublicKey::DSA(y)) => ("DSA", y.len().saturating_mul(8)),
            _ => ("unknown", 0),
        });
        Key { kind, bits: u32::try_from(bits).unwrap_or(u32::MAX) }
    }

    /// Fewer bits than NIST SP 800-57 and browsers accept: RSA and DSA under 2048, others under 224.
    pub fn is_weak(&self) -> bool {
        match self.kind {
            "RSA" | "DSA" => self.bits < 2048,
            "unknown" => false,
            _ => self.bits < 224,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bits {
            0 => write!(f, "{} key", self.kind),
            bits => write!(f, "{} {bits} bits", self.kind),
        }
    }
}

/// A moment (Unix time) for people: `2026-12-19 10:00 UTC`.
pub(super) fn to_the_minute(unix: i64) -> String {
    written(unix, "%Y-%m-%d %H:%M UTC")
}

/// The same with seconds: `2026-12-19 10:00:00 UTC`.
pub fn to_the_second(unix: i64) -> String {
    written(unix, "%Y-%m-%d %H:%M:%S UTC")
}

fn written(unix: i64, form: &str) -> String {
    match Timestamp::from_second(unix) {
        Ok(moment) => moment.strftime(form).to_string(),
        Err(_) => "beyond the calendar".to_owned(),
    }
}

/// A certificate may have hundreds of names: as many as a message can hold.
pub(super) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    match names.get(..SHOWN) {
        Some(first) if names.len() > SHOWN => {
            format!("{} and {} more", first.join(", "), names.len() - SHOWN)
        }
        _ if names.is_empty() => "no name".to_owned(),
        _ => names.join(", "),
    }
}

fn short(name: &X509Name<'_>) -> String {
    first_attribute(name.iter_common_name())
        .or_else(|| first_attribute(name.iter_organization()))
        .unwrap_or_else(|| plain(&name.to_string()))
}

fn first_attribute<'a, 'n: 'a>(
    mut attributes: impl Iterator<Item = &'a x509_parser::x509::AttributeTypeAndValue<'n>>,
) -> Option<String> {
    let text = plain(attributes.next()?.as_str().ok()?);
    (!text.is_empty()).then_some(text)
}

fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(plain(name)),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).into());
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).into())).ok()
}

/// Text from a stranger, on one line and of a length that a message can hold.
fn plain(text: &str) -> String {
    const LONGEST: usize = 255;
    text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn signature_name(oid: &str) -> String {
    let name = match oid {
        "1.2.840.113549.1.1.2" => "MD2 with RSA",
        "1.2.840.113549.1.1.4" => "MD5 with RSA",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "SHA-1 with RSA",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.1.11" => "SHA-256 with RSA",
        "1.2.840.113549.1.1.12" => "SHA-384 with RSA",
        "1.2.840.113549.1.1.13" => "SHA-512 with RSA",
        "1.2.840.10045.4.1" => "SHA-1 with ECDSA",
        "1.2.840.10045.4.3.1" => "SHA-224 with ECDSA",
        "1.2.840.10045.4.3.2" => "SHA-256 with ECDSA",
        "1.2.840.10045.4.3.3" => "SHA-384 with ECDSA",
        "1.2.840.10045.4.3.4" => "SHA-512 with ECDSA",
        "1.2.840.10040.4.3" => "SHA-1 with DSA",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        other => return format!("algorithm {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    fn sample() -> Certificate {
        let mut params =
            CertificateParams::new(vec!["mx.example.org".to_owned(), "192.0.2.1".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "mx\n|evil");
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 3, 2);
        let key = KeyPair::generate().unwrap();
        Certificate::read(params.self_signed(&key).unwrap().der()).unwrap()
    }

    #[test]
    fn reads_what_people_ask_for() {
        let certificate = sample();
        assert_eq!(certificate.title, "mx |evil");
        assert_eq!(certificate.names, ["mx.example.org", "192.0.2.1"]);
        assert_eq!(certificate.key, Key { kind: "ECDSA", bits: 256 });
        assert_eq!(certificate.signature, "SHA-256 with ECDSA");
        assert!(certificate.self_issued && !certificate.has_weak_signature() && !certificate.key.is_weak());
        assert_eq!(certificate.ends(), "2026-03-02 00:00 UTC");
        assert_eq!(to_the_second(certificate.not_after), "2026-03-02 00:00:00 UTC");
        assert_eq!(certificate.days_left(certificate.not_before), 60);
        let end = certificate.not_after;
        let left = [end - 86_400, end - 86_399, end, end + 1, end + 86_400];
        assert_eq!(left.map(|now| certificate.days_left(now)), [1, 0, 0, -1, -1]);
        let moments = [certificate.not_before - 1, certificate.not_before, end, end + 1];
        assert_eq!(
            moments.map(|now| certificate.validity(now)),
            [Validity::NotYet, Validity::Now, Validity::Now, Validity::Over]
        );
        for cut in [0, 1, 100, certificate.der().len() - 1] {
            let cut = CertificateDer::from(&certificate.der()[..cut]);
            assert_eq!(Certificate::read(&cut).unwrap_err(), Unreadable);
        }
    }

    #[test]
    fn a_page_of_names_is_cut() {
        let names = |count: usize| (0..count).map(|i| format!("n{i}")).collect::<Vec<_>>();
        assert_eq!(listed(&names(0)), "no name");
        assert_eq!(listed(&names(2)), "n0, n1");
        assert_eq!(listed(&names(8)), "n0, n1, n2, n3, n4, n5, n6, n7");
        assert_eq!(listed(&names(10)), "n0, n1, n2, n3, n4, n5, n6, n7 and 2 more");
    }

    #[test]
    fn weak_is_what_can_be_forged() {
        assert!(Key { kind: "RSA", bits: 1024 }.is_weak());
        assert!(!Key { kind: "RSA", bits: 2048 }.is_weak());
        assert!(!Key { kind: "ECDSA", bits: 256 }.is_weak());
        assert_eq!(signature_name("1.2.840.113549.1.1.5"), "SHA-1 with RSA");
        assert_eq!(signature_name("1.2.3"), "algorithm 1.2.3");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..600, with: u8) {
            let _ = Certificate::read(&CertificateDer::from(noise));
            let mut bent = sample().der().to_vec();
            let at = at % bent.len();
            bent[at] = with;
            if let Ok(read) = Certificate::read(&CertificateDer::from(bent)) {
                let _ = (read.ends(), read.days_left(0), read.key.to_string());
            }
        }
    }
}
