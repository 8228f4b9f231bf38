//! From the options to one URL, and to where its host's name really leads.

use std::net::IpAddr;

use check::{CheckError, without_account};
use reqwest::Url;
use reqwest::header::HeaderValue;
use rustls::pki_types::ServerName;

use crate::Target;

/// Where the first request goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aim {
    /// Scheme, host and port; the path is `/`.
    pub base: Url,
    /// What the URL's host is resolved as.
    pub dial: String,
    /// The Host header, if it is not what the URL says.
    pub host_header: Option<HeaderValue>,
    /// The name to find in the certificate, if it is not the URL's.
    pub certificate_name: Option<ServerName<'static>>,
}

impl Aim {
    /// The host in the URL is the name for TLS; the address, the Host header and the port may differ.
    pub(crate) fn of(target: &Target, tls: bool) -> Result<Aim, CheckError> {
        let mut positional = target.positional.iter().map(String::as_str);
        // as the peer has it: the first bare word is the address, the second the host
        let address = target.address.as_deref().or_else(|| positional.next());
        let named = target.hostname.as_deref().or_else(|| positional.next());
        if positional.next().is_some() {
            return Err(CheckError::usage("more words than an address and a host: see --help"));
        }
        let Some(host) = named.or(address) else {
            return Err(CheckError::usage("give the host by -H, its address by -I, or both"));
        };
        let (host, own_port) = split_port(host)?;
        let dial = address.map_or(host, without_brackets);
        let default_port = if tls { 443 } else { 80 };
        let port = target.port.or(own_port).unwrap_or(default_port);
        let sni = target.sni.as_deref().filter(|name| tls && !name.is_empty());
        let name = sni.unwrap_or(host);

        // through a proxy, the name in the URL is what the proxy connects to
        let proxied = target.dial.proxy().is_some();
        if proxied && tls && dial != name {
            return Err(CheckError::usage(format!(
                "through a proxy over TLS, the proxy connects to the name in the certificate: give either {dial} or {name}"
            )));
        }
        let (in_url, certificate_name) = if dial != name && (proxied || is_literal(name)) {
            let name = ServerName::try_from(name.to_owned()).map_err(|_| no_host(name))?;
            (dial, Some(name))
        } else {
            (name, None)
        };
        let scheme = if tls { "https" } else { "http" };
        let base = parse(scheme, in_url, port)?;
        let shown_port = own_port.unwrap_or(port);
        let host_header = if in_url == host && shown_port == port {
            None
        } else if shown_port == default_port {
            Some(bracketed(host))
        } else {
            Some(format!("{}:{shown_port}", bracketed(host)))
        };
        let host_header =
            host_header.map(|text| HeaderValue::from_str(&text)).transpose().map_err(|_| no_host(host))?;
        Ok(Aim { base, dial: dial.to_owned(), host_header, certificate_name })
    }
}

fn parse(scheme: &str, host: &str, port: u16) -> Result<Url, CheckError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || "/@?#\\%<>".contains(c);
    if host.is_empty() || host.contains(bad) {
        return Err(no_host(host));
    }
    Url::parse(&format!("{scheme}://{}:{port}/", bracketed(host))).map_err(|_| no_host(host))
}

fn no_host(host: &str) -> CheckError {
    let host = without_account(host);
    CheckError::usage(format!("`{host}` is no host name and no address; the path is given by -u"))
}

/// `host`, `host:port`, `::1`, `[::1]`, `[::1]:port`.
fn split_port(text: &str) -> Result<(&str, Option<u16>), CheckError> {
    let number = |port: &str| {
        let port = port.parse().ok().filter(|port| *port != 0);
        port.map(Some).ok_or_else(|| {
            CheckError::usage(format!("`{}` has no port from 1 to 65535", without_account(text)))
        })
    };
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(|| no_host(text))?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, number(port)?)),
            None if after.is_empty() => Ok((host, None)),
            None => Err(no_host(text)),
        };
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => Ok((host, number(port)?)),
        _ => Ok((text, None)),
    }
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// Is it an address? Then nothing resolves it, and reqwest connects to it as it stands.
pub(crate) fn is_literal(host: &str) -> bool {
    without_brackets(host).parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, FromArgMatches};

    fn aim(line: &str) -> Result<Aim, CheckError> {
        let command = Target::augment_args(clap::Command::new("x").no_binary_name(true));
        let matches = command.try_get_matches_from(line.split_whitespace()).expect("options");
        let target = Target::from_arg_matches(&matches).expect("options");
        Aim::of(&target, target.ssl.is_some())
    }

    /// URL, dialled name, Host header, name in the certificate.
    #[test]
    fn names_addresses_and_ports_go_where_they_belong() {
        let cases = [
            ("-H a", "http://a/", "a", None, None),
            ("a", "http://a/", "a", None, None),
            ("10.0.0.1 a", "http://a/", "10.0.0.1", None, None),
            ("-H a -S", "https://a/", "a", None, None),
            ("-H a -p 8080", "http://a:8080/", "a", None, None),
            ("-H a:8080", "http://a:8080/", "a", None, None),
            ("-H a:8080 -p 80", "http://a/", "a", Some("a:8080"), None),
            ("-H a:80 -p 8080", "http://a:8080/", "a", Some("a"), None),
            ("-I 10.0.0.1", "http://10.0.0.1/", "10.0.0.1", None, None),
            ("-H a -I 10.0.0.1", "http://a/", "10.0.0.1", None, None),
            ("-H a -I ::1 -S", "https://a/", "::1", None, None),
            ("-H [::1]:81", "http://[::1]:81/", "::1", None, None),
            ("-H ::1", "http://[::1]/", "::1", None, None),
            (
                "-H 10.0.0.2 -I 10.0.0.1 -S",
                "https://10.0.0.1/",
                "10.0.0.1",
                Some("10.0.0.2"),
                Some("10.0.0.2"),
            ),
            ("-H a -S --sni=b", "https://b/", "a", Some("a"), None),
            ("-H a -S --sni", "https://a/", "a", None, None),
            ("-H a --sni=b", "http://a/", "a", None, None),
            ("-H a -I b --proxy socks5h://p", "http://b/", "b", Some("a"), Some("a")),
            ("-H a -S --proxy socks5h://p", "https://a/", "a", None, None),
        ];
        for (line, url, dial, header, name) in cases {
            let aim = aim(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!((aim.base.as_str(), aim.dial.as_str()), (url, dial), "{line}");
            assert_eq!(aim.host_header.as_ref().map(|value| value.to_str().unwrap()), header, "{line}");
            assert_eq!(aim.certificate_name, name.map(|name| ServerName::try_from(name).unwrap()), "{line}");
        }
    }

    #[test]
    fn what_is_no_host_is_said_so() {
        for line in
            ["", "-p 80", "-H http://a/", "-H a/b", "-H a@b", "-H a:0", "-H a:x", "-H [::1", "a b -H c"]
        {
            assert!(matches!(aim(line), Err(CheckError::Usage(_))), "{line}");
        }
        let error = aim("-H a -I b -S --proxy socks5h://p").unwrap_err().to_string();
        assert!(error.contains("either b or a"), "{error}");
    }
}
