//! The server's certificates: for people, for a file, and their dates.

use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use check::{CheckError, State};
use net::tls::{Certificate, Validity};
use rustls::pki_types::CertificateDer;

use crate::measure::{Login, Sample};

/// Those that were sent and can be read, the server's own first.
pub(crate) fn chain(login: &Login) -> Vec<Certificate> {
    let chain = login.trace.facts.tls.as_ref().map(|tls| tls.chain.as_slice()).unwrap_or_default();
    chain.iter().filter_map(|der| Certificate::read(&CertificateDer::from(der.clone())).ok()).collect()
}

/// `-X`: what the dates of the server's own certificate are worth, and what is to be said of them.
pub(crate) fn dates(chain: &[Certificate], days: u16, now: i64) -> (State, Option<String>) {
    let Some(own) = chain.first() else { return (State::Ok, None) };
    let title = &own.title;
    match own.validity(now) {
        Validity::Over => {
            (State::Critical, Some(format!("the certificate {title} has expired on {}", own.ends())))
        }
        Validity::NotYet => (State::Critical, Some(format!("the certificate {title} is not valid yet"))),
        Validity::Now if own.days_left(now) < i64::from(days) => {
            let left = own.days_left(now);
            (State::Warning, Some(format!("the certificate {title} ends in {left} days ({})", own.ends())))
        }
        Validity::Now => (State::Ok, None),
    }
}

/// One line for each.
pub(crate) fn lines(chain: &[Certificate], now: i64) -> Vec<String> {
    let line = |(i, certificate): (usize, &Certificate)| {
        format!(
            "certificate {i}: {}, from {}, for {}, {}, {}, ends {} (in {} days), serial {}",
            certificate.subject,
            certificate.issuer,
            certificate.listed_names(),
            certificate.key,
            certificate.signature,
            certificate.ends(),
            certificate.days_left(now),
            certificate.serial
        )
    };
    chain.iter().enumerate().map(line).collect()
}

/// `-B`: the last chain that was seen, PEM. A file that is there is replaced at once, never half.
pub(crate) fn save(sample: &Sample, path: &Path) -> Result<(), CheckError> {
    let chains = sample.logins.iter().rev().filter_map(|login| login.trace.facts.tls.as_ref());
    let Some(chain) = chains.map(|tls| &tls.chain).find(|chain| !chain.is_empty()) else { return Ok(()) };
    let failed = |error: std::io::Error| {
        let hint = match error.kind() {
            std::io::ErrorKind::PermissionDenied => {
                "; a check that hlidka runs in its workers writes no files: leave -B out there"
            }
            _ => "",
        };
        CheckError::internal(format!("cannot write {}: {error}{hint}", path.display()))
    };
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let fresh = Path::new(&name);
    let write = || {
        let mut file = std::fs::File::create_new(fresh)?;
        file.write_all(pem(chain).as_bytes())?;
        std::fs::rename(fresh, path)
    };
    write().inspect_err(|_| drop(std::fs::remove_file(fresh))).map_err(failed)
}

fn pem(chain: &[Vec<u8>]) -> String {
    let mut text = String::new();
    for der in chain {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = STANDARD.encode(der);
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(64));
            text.push_str(line);
            text.push('\n');
            rest = after;
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}
