//! A proxy, as an option.

use std::str::FromStr;

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SOCKS5 (RFC 1928), on port 1080 unless another is given.
    Socks5,
    /// HTTP: CONNECT for any connection; who fetches `http://` may ask in absolute form.
    Http,
}

/// `socks5h://[user[:password]@]host[:port]` or `http://[user[:password]@]host:port`. The `h` says that
/// the proxy resolves names, which is the only way offered: a name resolved here would tell the local
/// resolver what is visited. HTTP proxies do so anyway.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// What it speaks.
    pub kind: Kind,
    /// Name or address of the proxy.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User name, if it wants one; Tor isolates streams by it.
    pub user: Option<String>,
    /// Password from the URL; better given by file or environment.
    pub password: Option<String>,
}

/// Why a text is no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseProxyError {
    /// `socks5://` would resolve names here.
    #[error("socks5:// would resolve names locally: write socks5h:// to let the proxy resolve them")]
    ResolvesLocally,
    /// Another scheme, or none.
    #[error("a proxy is given as socks5h://[user@]host:port or http://[user@]host:port")]
    Form,
    /// The port is no number from 1 to 65535, or lacks. What stands there may be a password.
    #[error("its port is no number from 1 to 65535")]
    Port,
}

impl FromStr for Proxy {
    type Err = ParseProxyError;

    fn from_str(text: &str) -> Result<Proxy, ParseProxyError> {
        let (kind, rest) = match text.split_once("://") {
            Some(("socks5h", rest)) => (Kind::Socks5, rest),
            Some(("http", rest)) => (Kind::Http, rest),
            Some(("socks5", _)) => return Err(ParseProxyError::ResolvesLocally),
            _ => return Err(ParseProxyError::Form),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (account, address) = match rest.rsplit_once('@') {
            Some((account, address)) => (Some(account), address),
            None => (None, rest),
        };
        let (user, password) = match account.map(|account| account.split_once(':').unwrap_or((account, ""))) {
            Some((user, "")) => (Some(decode(user)), None),
            Some((user, password)) => (Some(decode(user)), Some(decode(password))),
            None => (None, None),
        };
        let (host, port) = split_address(address)?;
        let usual = (kind == Kind::Socks5).then_some(1080);
        let port = port.or(usual).ok_or(ParseProxyError::Port)?;
        Ok(Proxy { kind, host: host.to_owned(), port, user, password })
    }
}

fn split_address(address: &str) -> Result<(&str, Option<u16>), ParseProxyError> {
    let (host, port) = if let Some(rest) = address.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(ParseProxyError::Form)?;
        (host, after.strip_prefix(':').or(after.is_empty().then_some("")).ok_or(ParseProxyError::Form)?)
    } else {
        address.rsplit_once(':').unwrap_or((address, ""))
    };
    if host.is_empty() || host.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(ParseProxyError::Form);
    }
    match port {
        "" => Ok((host, None)),
        port => match port.parse() {
            Ok(0) | Err(_) => Err(ParseProxyError::Port),
            Ok(port) => Ok((host, Some(port))),
        },
    }
}

/// `%40` and the like, so that a password can hold `@` and `:`. What is no escape stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escape = text.get(i + 1..i + 3).filter(|_| bytes[i] == b'%');
        if let Some(byte) = escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            decoded.push(byte);
            i += 3;
        } else {
            decoded.push(bytes[i]);
            i += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Without the password.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// Host and port, never the account.
impl std::fmt::Display for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        let parse = |text: &str| text.parse::<Proxy>().unwrap();
        assert_eq!(
            (parse("socks5h://127.0.0.1:9050").host.as_str(), parse("socks5h://tor").port),
            ("127.0.0.1", 1080)
        );
        let full = parse("socks5h://al%40ice:p:w@[::1]:9050/");
        assert_eq!((full.host.as_str(), full.port), ("::1", 9050));
        assert_eq!((full.user.as_deref(), full.password.as_deref()), (Some("al@ice"), Some("p:w")));
        assert!(!format!("{full:?}").contains("p:w"));
        let http = parse("http://bob@squid:3128");
        assert_eq!((http.kind, http.port, http.user.as_deref()), (Kind::Http, 3128, Some("bob")));
    }

    #[test]
    fn refuses_what_would_leak_or_makes_no_sense() {
        for text in [
            "",
            "tor:9050",
            "https://x:1",
            "http://x",
            "socks5h://",
            "socks5h://x:0",
            "socks5h://x:70000",
            "socks5h://[::1",
            "socks5h://x:y",
            "socks5h://a b:1",
            "socks5h://x\u{0}:1",
        ] {
            assert!(text.parse::<Proxy>().is_err(), "{text}");
        }
        let error = "socks5://tor:9050".parse::<Proxy>().unwrap_err().to_string();
        assert!(error.contains("socks5h://"), "{error}");
    }
}
