//! The way that mails go, as it is written in the configuration.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::ConfigError;

/// How mails leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// `smtp://host[:port][?tls=required|opportunistic|none]`, `smtps://host[:port]`.
    Smtp {
        /// Name or address.
        host: String,
        /// Port: 25, for `smtps` 465, unless another is given.
        port: u16,
        /// What protects it.
        security: Security,
    },
    /// `sendmail:[/path]`: a program, `/usr/sbin/sendmail` unless another is given.
    Sendmail(PathBuf),
    /// `files:/directory`: one `.eml` file for each mail.
    Files(PathBuf),
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (`smtps://`).
    Tls,
    /// STARTTLS or nothing, certificate checked: what `smtp://` means unless the server is this
    /// machine.
    StartTls,
    /// STARTTLS if the server has it, and with `ca_file` its certificate is checked; without, any
    /// will do, since none at all would do too. What `smtp://localhost` means: the local relay's
    /// certificate is seldom one that anybody trusts.
    Opportunistic,
    /// Never TLS.
    None,
}

impl FromStr for Via {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Via, ConfigError> {
        let wrong = || ConfigError::Via(text.to_owned());
        match text.split_once(':') {
            Some(("smtp", rest)) => server(rest.strip_prefix("//").ok_or_else(wrong)?, 25, text),
            Some(("smtps", rest)) => server(rest.strip_prefix("//").ok_or_else(wrong)?, 465, text),
            Some(("sendmail", "")) => Ok(Via::Sendmail(PathBuf::from("/usr/sbin/sendmail"))),
            Some(("sendmail", path)) if path.starts_with('/') => Ok(Via::Sendmail(PathBuf::from(path))),
            Some(("files", path)) if !path.is_empty() => Ok(Via::Files(PathBuf::from(path))),
            _ => Err(wrong()),
        }
    }
}

/// `host[:port][?tls=…]`.
fn server(rest: &str, default_port: u16, text: &str) -> Result<Via, ConfigError> {
    if rest.contains('@') {
        // the text is not repeated: it holds a secret
        return Err(ConfigError::SecretInUrl);
    }
    let wrong = || ConfigError::Via(text.to_owned());
    let (authority, query) = rest.split_once('?').map_or((rest, None), |(host, query)| (host, Some(query)));
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or_else(wrong)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?;
            (host, port.strip_prefix(':'))
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(is_name) {
        return Err(wrong());
    }
    let port = port.map_or(Some(default_port), |port| port.parse().ok()).filter(|port| *port != 0);
    let security = match (default_port, query) {
        (465, None) => Security::Tls,
        (465, Some(_)) => return Err(wrong()),
        (_, None) if is_this_machine(host) => Security::Opportunistic,
        (_, None) => Security::StartTls,
        (_, Some(query)) => match query.strip_prefix("tls=").ok_or_else(wrong)? {
            "required" => Security::StartTls,
            "opportunistic" => Security::Opportunistic,
            "none" => Security::None,
            other => return Err(ConfigError::Tls(other.to_owned())),
        },
    };
    Ok(Via::Smtp { host: host.to_owned(), port: port.ok_or_else(wrong)?, security })
}

/// Does a connection to this host stay on this machine?
pub(crate) fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(host: &str, port: u16, security: Security) -> Via {
        Via::Smtp { host: host.to_owned(), port, security }
    }

    #[test]
    fn ways_are_read() {
        for (text, via) in [
            ("smtp://localhost", smtp("localhost", 25, Security::Opportunistic)),
            ("smtp://127.0.5.8:2525/", smtp("127.0.5.8", 2525, Security::Opportunistic)),
            ("smtp://[::1]:25", smtp("::1", 25, Security::Opportunistic)),
            ("smtp://mail.example.org", smtp("mail.example.org", 25, Security::StartTls)),
            ("smtp://mail.example.org:587?tls=none", smtp("mail.example.org", 587, Security::None)),
            ("smtp://localhost?tls=required", smtp("localhost", 25, Security::StartTls)),
            ("smtp://mx?tls=opportunistic", smtp("mx", 25, Security::Opportunistic)),
            ("smtps://mail.example.org", smtp("mail.example.org", 465, Security::Tls)),
            ("sendmail:", Via::Sendmail("/usr/sbin/sendmail".into())),
            ("sendmail:/usr/bin/msmtp", Via::Sendmail("/usr/bin/msmtp".into())),
            ("files:mails", Via::Files("mails".into())),
        ] {
            assert_eq!(text.parse::<Via>().unwrap(), via, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_the_way_out() {
        for (text, wanted) in [
            ("", "smtp://host"),
            ("mail.example.org", "smtp://host"),
            ("smtp:mail", "smtp://host"),
            ("smtp://", "smtp://host"),
            ("smtp://a b", "smtp://host"),
            ("smtp://mail:0", "smtp://host"),
            ("smtp://mail:70000", "smtp://host"),
            ("smtp://[::1", "smtp://host"),
            ("smtp://[mail]", "smtp://host"),
            ("smtps://mail?tls=none", "smtp://host"),
            ("smtp://mail?tls=maybe", "none of required"),
            ("sendmail:msmtp -t", "sendmail:[/path]"),
            ("files:", "files:/directory"),
        ] {
            let message = text.parse::<Via>().unwrap_err().to_string();
            assert!(message.contains(wanted), "{text}: {message}");
        }
        let message = "smtp://alice:s3cret@mail.example.org".parse::<Via>().unwrap_err().to_string();
        assert!(message.contains("password_file") && !message.contains("s3cret"), "{message}");
    }
}
