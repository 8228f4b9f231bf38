//! Who we are to the node: the cookie or a user, and whether the way there is safe for it.

use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use check::{CheckError, Secret};
use fetch::header::HeaderValue;
use net::Proxy;

use crate::Args;

/// Environment variable with the password of `--user`.
const PASSWORD_VARIABLE: &str = "HLIDKA_BITCOIND_PASSWORD";

/// Longest cookie read; bitcoind writes 75 characters.
const MAX_COOKIE: u64 = 4096;

/// The Authorization header for the node, which is asked through this proxy.
pub(crate) fn header(args: &Args, proxy: Option<&Proxy>) -> Result<HeaderValue, CheckError> {
    let account = account(args)?;
    if !args.ssl && !args.unencrypted && !is_safe(&args.hostname, proxy.map(|proxy| proxy.host.as_str())) {
        let way = proxy.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
        return Err(CheckError::usage(format!(
            "the password would be sent to {}{way} unencrypted: add -S, or --unencrypted to send it anyway",
            args.hostname
        )));
    }
    let text = format!("Basic {}", STANDARD.encode(account.expose()));
    let mut header = HeaderValue::from_str(&text).map_err(CheckError::internal)?;
    header.set_sensitive(true);
    Ok(header)
}

fn account(args: &Args) -> Result<Secret, CheckError> {
    match (&args.cookie_file, &args.user) {
        (Some(file), _) => cookie(file),
        (None, Some(user)) => {
            let password = Secret::from_file_or_env(args.password_file.as_deref(), PASSWORD_VARIABLE)?;
            let password = password.ok_or_else(|| {
                CheckError::usage(format!(
                    "--user {user} needs a password: give --password-file FILE, or set {PASSWORD_VARIABLE}"
                ))
            })?;
            Ok(Secret::from(format!("{user}:{}", password.expose())))
        }
        (None, None) => Err(CheckError::usage(
            "how to log in? Give --cookie-file (the .cookie in bitcoind's directory), or --user and --password-file",
        )),
    }
}

/// `__cookie__:` and a password, new at every start of the node.
fn cookie(file: &Path) -> Result<Secret, CheckError> {
    let name = file.display();
    let mut text = String::new();
    std::fs::File::open(file).and_then(|open| open.take(MAX_COOKIE).read_to_string(&mut text)).map_err(
        |error| match error.kind() {
            std::io::ErrorKind::NotFound => CheckError::target(format!(
                "no cookie in {name}: bitcoind is not running, or keeps it elsewhere"
            )),
            _ => CheckError::internal(format!("cannot read the cookie in {name}: {error}")),
        },
    )?;
    let line = text.lines().next().unwrap_or_default();
    if line.split_once(':').is_none_or(|(user, password)| user.is_empty() || password.is_empty()) {
        return Err(CheckError::internal(format!("{name} holds no cookie, which is `user:password`")));
    }
    Ok(Secret::from(line.to_owned()))
}

/// Does what is sent there stay on this machine, or within Tor? Loopback behind a proxy is the proxy's,
/// and an onion address is one for a proxy only: either is safe by a proxy on this machine.
fn is_safe(host: &str, proxy: Option<&str>) -> bool {
    let is_onion = host.to_ascii_lowercase().ends_with(".onion");
    match proxy {
        None => is_loopback(host),
        Some(proxy) => is_loopback(proxy) && (is_onion || is_loopback(host)),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_user_and_password() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(".cookie");
        std::fs::write(&file, "__cookie__:abc\n").unwrap();
        assert_eq!(cookie(&file).unwrap().expose(), "__cookie__:abc");
        for bad in ["", "\n", "abc", ":x", "x:"] {
            std::fs::write(&file, bad).unwrap();
            assert!(matches!(cookie(&file), Err(CheckError::Internal(_))), "{bad}");
        }
        assert!(matches!(cookie(&dir.path().join("none")), Err(CheckError::Target(_))));
    }

    #[test]
    fn only_loopback_and_tor_are_safe_without_tls() {
        let onion = "expyuzz4wqqyqhjn.ONION";
        for safe in ["127.0.0.1", "::1", "[::1]", "localhost", "127.9.9.9"] {
            assert!(is_safe(safe, None), "{safe}");
            assert!(is_safe(onion, Some(safe)) && is_safe("127.0.0.1", Some(safe)), "{safe}");
            assert!(!is_safe(safe, Some("10.0.0.1")), "the loopback of another machine: {safe}");
        }
        for not in ["10.0.0.1", "node.example", "localhost.example", "onion", "0.0.0.0", ""] {
            assert!(!is_safe(not, None) && !is_safe(not, Some("127.0.0.1")), "{not}");
            assert!(!is_safe(onion, Some(not)), "{not}");
        }
        assert!(!is_safe(onion, None), "without a proxy it is a name like any other");
    }
}
