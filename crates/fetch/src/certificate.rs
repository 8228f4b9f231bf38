//! What a server's certificate says of itself.

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

use crate::{Pin, clipped};

/// Names shown of one certificate; some have hundreds.
const MAX_NAMES: usize = 8;

/// The first certificate of a server's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Common name, or the whole subject if there is none.
    pub subject: String,
    /// Common name of who signed it, or the whole name.
    pub issuer: String,
    /// Host names and addresses it is for, at most eight.
    pub names: Vec<String>,
    /// First second of its validity, seconds since 1970.
    pub not_before: i64,
    /// Last second of its validity.
    pub not_after: i64,
    /// SHA-256 of its public key (SubjectPublicKeyInfo).
    pub key_pin: Pin,
    /// SHA-256 of itself, its fingerprint.
    pub pin: Pin,
}

impl Certificate {
    /// Reads a certificate in DER; none if it is no certificate.
    pub fn from_der(der: &[u8]) -> Option<Certificate> {
        let (_, read) = X509Certificate::from_der(der).ok()?;
        let alternatives = read.subject_alternative_name().ok().flatten();
        let names = alternatives
            .iter()
            .flat_map(|names| &names.value.general_names)
            .filter_map(|name| match name {
                GeneralName::DNSName(name) => Some((*name).to_owned()),
                GeneralName::IPAddress(bytes) => address(bytes),
                _ => None,
            })
            .take(MAX_NAMES)
            .map(|name| clipped(&name))
            .collect();
        Some(Certificate {
            subject: name_of(read.subject()),
            issuer: name_of(read.issuer()),
            names,
            not_before: read.validity().not_before.timestamp(),
            not_after: read.validity().not_after.timestamp(),
            key_pin: sha256(read.public_key().raw),
            pin: sha256(der),
        })
    }

    /// Days left, rounded down; negative when it has expired.
    pub fn days_left(&self, now: i64) -> i64 {
        self.not_after.saturating_sub(now).div_euclid(86_400)
    }

    /// The end of its validity: `2027-01-02 03:04:05 UTC`.
    pub fn expiry(&self) -> String {
        date(self.not_after)
    }
}

/// Seconds since 1970 as a date in UTC.
pub(crate) fn date(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("{seconds} seconds after 1970"),
    }
}

fn name_of(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next().and_then(|name| name.as_str().ok());
    common.map_or_else(|| clipped(&name.to_string()), clipped)
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(|four| std::net::IpAddr::from(four).to_string());
    let sixteen = || <[u8; 16]>::try_from(bytes).map(|all| std::net::IpAddr::from(all).to_string());
    four.or_else(|_| sixteen()).ok()
}

fn sha256(bytes: &[u8]) -> Pin {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Pin::from(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_dates_and_sums() {
        let mut params =
            rcgen::CertificateParams::new(vec!["a.example".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "a.example");
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 1, 31);
        let key = rcgen::KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        let read = Certificate::from_der(made.der()).unwrap();
        assert_eq!((read.subject.as_str(), read.issuer.as_str()), ("a.example", "a.example"));
        assert_eq!(read.names, ["a.example", "127.0.0.1"]);
        assert_eq!(read.expiry(), "2026-01-31 00:00:00 UTC");
        assert_eq!(read.days_left(read.not_after - 86_400), 1);
        assert_eq!(read.days_left(read.not_after - 86_399), 0);
        assert_eq!(read.days_left(read.not_after + 1), -1);
        let again = params.self_signed(&key).unwrap();
        assert_eq!(Certificate::from_der(again.der()).unwrap().key_pin, read.key_pin);
        assert_eq!(read.pin, sha256(made.der()));
        for cut in [0, 1, 100, made.der().len() - 1] {
            assert_eq!(Certificate::from_der(&made.der()[..cut]), None);
        }
    }
}
