//! reqwest's errors in an operator's words.

use std::error::Error;
use std::io;

use check::CheckError;
use net::Proxy;
use net::tls::to_the_second;
use rustls::{AlertDescription, CertificateError};

use crate::watch::Seen;
use crate::{Pin, Target};

/// What to say of a request that failed; `place` is host and port.
pub(crate) fn explain(error: &reqwest::Error, place: &str, target: &Target, seen: &Seen) -> CheckError {
    if let Some(failure) = &seen.failure {
        return failure.clone();
    }
    let causes = chain(error);

    if let Some(error) = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return CheckError::target(tls_words(error, place, seen));
    }
    if let Some(error) = causes.iter().find_map(|cause| cause.downcast_ref::<net::Error>()) {
        return CheckError::target(error);
    }
    if let Some(proxy) = target.dial.proxy().filter(|_| error.is_connect()) {
        return CheckError::target(proxy_words(error, &causes, place, proxy));
    }
    // which of its errors comes first is chance
    if target.wants_http2() && error.is_request() && !error.is_connect() {
        return CheckError::target(format!("{place} does not answer in HTTP/2"));
    }
    // one of hyper's may wrap another: which of them says what was wrong is chance
    let mut of_http = causes.iter().filter_map(|cause| cause.downcast_ref::<hyper::Error>());
    if let Some(words) = of_http.find_map(http_words) {
        return CheckError::target(format!("{place} {words}"));
    }
    if let Some(words) = causes.iter().find_map(|cause| cause.downcast_ref::<io::Error>()) {
        let act = if error.is_connect() && !seen.is_shaking_hands() { "connect to " } else { "" };
        return CheckError::target(format!("{act}{place}: {words}"));
    }
    let last = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
    CheckError::target(format!("{place}: {last}"))
}

/// The error and what caused it. An [`io::Error`] hides the error it was made of; here it does not.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        causes.push(cause);
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => cause.source(),
        };
    }
    causes
}

fn http_words(error: &hyper::Error) -> Option<&'static str> {
    if error.is_parse() && error.to_string().contains("too large") {
        Some("sends more headers than are read")
    // "unexpected": it talks before it is asked, as a mail or SSH server does
    } else if error.is_parse() || error.to_string().contains("unexpected message") {
        Some("does not answer in HTTP")
    } else if error.is_incomplete_message() {
        Some("closed the connection before its answer was complete: no data received")
    } else {
        None
    }
}

fn tls_words(error: &rustls::Error, place: &str, seen: &Seen) -> String {
    let certificate = seen.certificate.as_ref();
    let whose = certificate.map_or_else(String::new, |found| format!(" '{}'", found.title));
    match error {
        rustls::Error::InvalidCertificate(why) => {
            let of = format!("{place}: certificate{whose}");
            match (why, certificate) {
                (CertificateError::Expired | CertificateError::ExpiredContext { .. }, Some(found)) => {
                    format!("{of} expired on {}", to_the_second(found.not_after))
                }
                (
                    CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
                    Some(found),
                ) => {
                    format!("{of} is not valid before {}", to_the_second(found.not_before))
                }
                (
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                    Some(found),
                ) if found.names.is_empty() => {
                    format!("{of} has no subjectAltName, so it is for no host")
                }
                (
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                    Some(found),
                ) => format!("{of} is for {}, not for this host", found.listed_names()),
                (CertificateError::ApplicationVerificationFailure, Some(found)) => {
                    format!("{of} is not the pinned one: its key is {}", Pin::of_key(found))
                }
                (CertificateError::UnknownIssuer | CertificateError::BadSignature, Some(found)) => format!(
                    "{of} is signed by '{}', which is not trusted (give its CA by --ca-cert, or pin it)",
                    found.issuer
                ),
                (why, _) => format!("{of}: {why}"),
            }
        }
        rustls::Error::InvalidMessage(_) => format!("{place} does not speak TLS"),
        rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            format!("{place} does not offer this version of HTTP (TLS alert: no application protocol)")
        }
        rustls::Error::AlertReceived(alert) => format!("{place} refuses the TLS handshake: {alert:?}"),
        other => format!("{place}: TLS: {other}"),
    }
}

/// The SOCKS client below reqwest keeps its cause to itself, but for what it prints for developers.
fn proxy_words(
    error: &reqwest::Error,
    causes: &[&(dyn Error + 'static)],
    place: &str,
    proxy: &Proxy,
) -> String {
    let said = causes.last().map(ToString::to_string).unwrap_or_default();
    let said =
        ["SOCKS error: ", "tunnel error: "].iter().find_map(|kind| said.strip_prefix(kind)).unwrap_or(&said);
    if said == "failed to create underlying connection" {
        let why = match system_error(&format!("{error:?}")) {
            Some(cause) => cause.to_string(),
            None => "it cannot be reached".to_owned(),
        };
        return format!("connect to the proxy {proxy}: {why}");
    }
    // an HTTP proxy is connected to as any server is
    if causes.iter().any(|cause| cause.to_string() == "tcp connect error") {
        return format!("connect to the proxy {proxy}: {said}");
    }
    let said = match said {
        "proxy authorization required" if proxy.user.is_some() => {
            "the proxy refuses the user or the password"
        }
        "proxy authorization required" => "the proxy wants a user and a password",
        "unsuccessful" => "the proxy makes no tunnel to it",
        "credentials not accepted" => "the proxy refuses the user or the password",
        "server does not support user/pass authentication" => "the proxy wants no user and password",
        "io error during SOCKS handshake" | "failed parsing server response" => {
            "the proxy did not complete the SOCKS handshake (does it want a user and a password?)"
        }
        other => other,
    };
    format!("{place} through the proxy {proxy}: {said}")
}

/// The number of the system's error in `Os { code: 111, … }`.
fn system_error(debug: &str) -> Option<io::Error> {
    let (_, rest) = debug.split_once("Os { code: ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().map(io::Error::from_raw_os_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_systems_error_in_what_is_printed_for_developers() {
        let refused = io::Error::from_raw_os_error(111);
        let found =
            system_error(&format!("Error(ConnectError(\"tcp connect error\", {refused:?}))")).unwrap();
        assert_eq!(found.kind(), io::ErrorKind::ConnectionRefused);
        assert!(system_error("no such thing").is_none());
        assert!(system_error("Os { code: 99999999999 }").is_none());
    }

    #[test]
    fn an_io_error_does_not_hide_what_it_was_made_of() {
        let inner = rustls::Error::DecryptError;
        let outer = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, inner));
        assert!(chain(&outer).iter().any(|cause| cause.is::<rustls::Error>()));
    }
}
