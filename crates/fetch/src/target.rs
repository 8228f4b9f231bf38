//! Where to ask and how: the options that every check over HTTP has.

use std::path::PathBuf;
use std::str::FromStr;

use check::{CheckError, Secret};
use net::{DialOptions, Proxy, ProxyKind};
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use rustls::SupportedProtocolVersion;

use crate::Pin;
use crate::tls::Trust;

/// Largest answer that can be asked for.
const LARGEST_BODY: u64 = 1024 * 1024 * 1024;

/// Options of the target, letters as in monitoring-plugins' check_http.
#[derive(Clone, Debug, clap::Args)]
pub struct Target {
    /// Name of the host: for the connection, the Host header and the certificate; a port behind it
    /// (example.org:8080) is used as -p is
    #[arg(help_heading = "Target", short = 'H', long, value_name = "HOST[:PORT]")]
    pub(crate) hostname: Option<String>,
    /// Connect to this address (or name) instead
    #[arg(help_heading = "Target", short = 'I', long = "IP-address", value_name = "ADDRESS")]
    pub(crate) address: Option<String>,
    #[arg(help_heading = "Target", value_name = "ADDRESS [HOST]", num_args = 0..=2, hide = true)]
    pub(crate) positional: Vec<String>,
    /// Port [default: 80, with TLS 443]
    #[arg(help_heading = "Target", short = 'p', long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// Use TLS; with a version (-S1.2) that one only, with a plus (-S1.2+) that one or newer; the
    /// versions are 1.2 and 1.3
    #[arg(help_heading = "Target", short = 'S', long, value_name = "VERSION[+]", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) ssl: Option<TlsVersions>,
    /// Name to ask for in the TLS handshake and to find in the certificate [default: the host's
    /// name, which is always sent]
    #[arg(help_heading = "Target", long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) sni: Option<String>,
    /// Version of HTTP: 1.0, 1.1 or 2; without TLS, 2 needs a server that speaks it from the start
    #[arg(help_heading = "Target", long, value_name = "VERSION", default_value = "1.1")]
    pub(crate) http_version: HttpVersion,
    /// User for basic authentication; the password comes from --password-file or from
    /// HLIDKA_HTTP_PASSWORD
    #[arg(help_heading = "Target", long, value_name = "USER", conflicts_with = "authorization")]
    pub(crate) user: Option<String>,
    /// Password of --user, in the first line of this file
    #[arg(help_heading = "Target", long, value_name = "FILE", requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
    /// User and password in one; everybody on this machine can read them, so prefer --user
    #[arg(help_heading = "Target", short = 'a', long, value_name = "USER:PASSWORD")]
    pub(crate) authorization: Option<String>,
    /// Header to send; may be repeated
    #[arg(help_heading = "Target", short = 'k', long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<Header>,
    /// User agent to send
    #[arg(help_heading = "Target", short = 'A', long, value_name = "TEXT", value_parser = agent)]
    pub(crate) useragent: Option<HeaderValue>,
    /// Read no more than this of an answer; a larger one is an error
    #[arg(help_heading = "Target", long, value_name = "SIZE", default_value = "10M", value_parser = body_limit)]
    pub(crate) max_body: u64,
    #[command(flatten)]
    pub(crate) trust: TrustOptions,
    #[command(flatten)]
    pub(crate) dial: DialOptions,
}

/// A target for a check that is given a URL instead of these options.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Name or address of the host.
    pub host: String,
    /// Its port, if it is not the usual one.
    pub port: Option<u16>,
    /// With TLS?
    pub tls: bool,
    /// The way there.
    pub dial: DialOptions,
    /// User and password for basic authentication.
    pub account: Option<(String, Secret)>,
    /// Authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Trust any certificate.
    pub insecure: bool,
    /// Who we say we are.
    pub useragent: &'static str,
    /// Read no more than this of an answer.
    pub max_body: u64,
}

impl From<Origin> for Target {
    fn from(origin: Origin) -> Target {
        Target {
            hostname: Some(origin.host),
            address: None,
            positional: Vec::new(),
            port: origin.port,
            ssl: origin.tls.then_some(TlsVersions::Any),
            sni: None,
            http_version: HttpVersion::OneOne,
            user: None,
            password_file: None,
            authorization: origin.account.map(|(user, password)| format!("{user}:{}", password.expose())),
            headers: Vec::new(),
            useragent: Some(HeaderValue::from_static(origin.useragent)),
            max_body: origin.max_body.min(LARGEST_BODY),
            trust: TrustOptions { insecure: origin.insecure, ..TrustOptions::of(origin.ca_file) },
            dial: origin.dial,
        }
    }
}

impl Target {
    /// Is it known where to go? Without any I/O.
    pub fn validate(&self) -> Result<(), CheckError> {
        crate::aim::Aim::of(self, self.ssl.is_some()).map(|_| ())
    }

    /// Was HTTP/2 asked for, and nothing else will do?
    pub fn wants_http2(&self) -> bool {
        self.http_version == HttpVersion::Two
    }

    /// The host of a URL, asked with all other options of this one. The URL says host, port and
    /// whether it is TLS, so -H and -p must not; -I may still give the address.
    pub fn at(&self, url: &Url) -> Result<Target, CheckError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(CheckError::usage(
                "a URL with a user or a password is shown to everybody: use --user and --password-file",
            ));
        }
        let unusable = |why: &str| CheckError::usage(format!("the URL at {} {why}", crate::place(url)));
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| unusable("has no host"))?;
        if self.hostname.is_some() || self.port.is_some() || !self.positional.is_empty() {
            return Err(unusable("says host and port: leave -H and -p out, or give its path only"));
        }
        match url.scheme() {
            "https" => {}
            "http" if self.trust.client_cert.is_some() => {
                return Err(unusable("is without TLS, which --client-cert asks for: write https://"));
            }
            "http" if self.ssl.is_none() => {}
            "http" => return Err(unusable("is without TLS, which -S asks for: write https://")),
            _ => return Err(unusable("is no http:// or https:// URL")),
        }
        let mut target = self.clone();
        target.hostname = Some(host.to_owned());
        target.port = url.port();
        if url.scheme() == "https" && target.ssl.is_none() {
            target.ssl = Some(TlsVersions::Any);
        }
        Ok(target)
    }
}

impl Target {
    /// The host of a URL, asked of the proxy that -I and -p name: what monitoring-plugins send if they
    /// are given a whole URL.
    pub fn through_address(&self, url: &Url) -> Result<Target, CheckError> {
        let address = self.address.as_deref().ok_or_else(|| {
            CheckError::usage(
                "a whole URL is for a proxy: give its address by -I and its port by -p; else give the path only, the host by -H and TLS by -S",
            )
        })?;
        if self.dial.proxy().is_some() {
            return Err(CheckError::usage(
                "a whole URL makes a proxy of -I: leave --proxy out, or give the path only",
            ));
        }
        if url.scheme() != "http" || self.ssl.is_some() {
            return Err(CheckError::usage(
                "a proxy is asked for http:// URLs; for https:// give it by --proxy http://host:port, the host by -H -S and the path by -u",
            ));
        }
        let own = self.hostname.as_deref().map(str::to_ascii_lowercase);
        if own.is_some_and(|name| name != crate::place(url) && Some(name.as_str()) != url.host_str()) {
            return Err(CheckError::usage("-H and the URL name two hosts: leave -H out"));
        }
        let proxy = Proxy {
            kind: ProxyKind::Http,
            host: address.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: self.port.unwrap_or(80),
            user: None,
            password: None,
        };
        let mut target = Target { hostname: None, address: None, port: None, ..self.clone() };
        target.dial = self.dial.with_proxy(proxy);
        target.at(url)
    }
}

/// Whom to trust, and who we are.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TrustOptions {
    /// Trust the authorities (or the server's own certificate) in this PEM file, not the system's
    #[arg(help_heading = "TLS", long, value_name = "FILE", conflicts_with = "insecure")]
    ca_cert: Option<PathBuf>,
    /// Trust the certificate with this SHA-256 fingerprint, whoever signed it; may be repeated
    #[arg(help_heading = "TLS", long = "pin-cert", value_name = "SHA256", conflicts_with_all = ["insecure", "ca_cert"])]
    certificate_pins: Vec<Pin>,
    /// Trust the key with this SHA-256 (hex, or sha256//BASE64 as curl has it); may be repeated
    #[arg(help_heading = "TLS", long = "pin-key", value_name = "SHA256", conflicts_with_all = ["insecure", "ca_cert"])]
    key_pins: Vec<Pin>,
    /// Trust any certificate: no protection against an impostor
    #[arg(help_heading = "TLS", long)]
    insecure: bool,
    /// Verify the certificate, which is done anyway; for command lines made for check_curl
    #[arg(help_heading = "TLS", short = 'D', long, conflicts_with = "insecure")]
    verify_cert: bool,
    /// Our own certificate and its chain, PEM; asks for TLS
    #[arg(help_heading = "TLS", short = 'J', long, value_name = "FILE")]
    client_cert: Option<PathBuf>,
    /// Key of --client-cert, PEM [default: in the same file]
    #[arg(help_heading = "TLS", short = 'K', long, value_name = "FILE", requires = "client_cert")]
    private_key: Option<PathBuf>,
}

impl TrustOptions {
    /// The authorities of a file, or the system's.
    pub(crate) fn of(ca_cert: Option<PathBuf>) -> TrustOptions {
        TrustOptions {
            ca_cert,
            certificate_pins: Vec::new(),
            key_pins: Vec::new(),
            insecure: false,
            verify_cert: false,
            client_cert: None,
            private_key: None,
        }
    }

    pub(crate) fn trust(&self) -> Trust {
        if self.insecure {
            Trust::Anybody
        } else if self.certificate_pins.is_empty() && self.key_pins.is_empty() {
            Trust::Authorities(self.ca_cert.clone())
        } else {
            Trust::Pinned { certificates: self.certificate_pins.clone(), keys: self.key_pins.clone() }
        }
    }

    /// The same, with no certificate of our own to show.
    pub(crate) fn anonymous(&self) -> TrustOptions {
        TrustOptions { client_cert: None, private_key: None, ..self.clone() }
    }

    pub(crate) fn identity(&self) -> Option<(PathBuf, PathBuf)> {
        let certificate = self.client_cert.clone()?;
        Some((certificate.clone(), self.private_key.clone().unwrap_or(certificate)))
    }
}

/// Does a redirect to another host go to that host?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stick {
    /// Yes.
    No,
    /// No: the address stays, the name changes.
    ToAddress,
}

/// Version of HTTP to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.0.
    One,
    /// HTTP/1.1.
    OneOne,
    /// HTTP/2.
    Two,
}

impl FromStr for HttpVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<HttpVersion, String> {
        match text {
            "1.0" => Ok(HttpVersion::One),
            "1" | "1.1" => Ok(HttpVersion::OneOne),
            "2" | "2.0" => Ok(HttpVersion::Two),
            _ => Err(format!("`{text}` is no version of HTTP that is spoken here: 1.0, 1.1 or 2")),
        }
    }
}

/// Versions of TLS to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersions {
    /// What both sides know.
    Any,
    /// TLS 1.2 and no other.
    Only12,
    /// TLS 1.3 and no other.
    Only13,
}

impl TlsVersions {
    pub(crate) fn offered(self) -> &'static [&'static SupportedProtocolVersion] {
        static ONLY_12: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
        static ONLY_13: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];
        match self {
            TlsVersions::Any => rustls::DEFAULT_VERSIONS,
            TlsVersions::Only12 => &ONLY_12,
            TlsVersions::Only13 => &ONLY_13,
        }
    }
}

impl FromStr for TlsVersions {
    type Err = String;

    fn from_str(text: &str) -> Result<TlsVersions, String> {
        match text {
            "" | "1+" | "1.0+" | "1.1+" | "1.2+" => Ok(TlsVersions::Any),
            "1.2" => Ok(TlsVersions::Only12),
            "1.3" | "1.3+" => Ok(TlsVersions::Only13),
            "1" | "1.0" | "1.1" | "2" | "2+" | "3" | "3+" => Err(format!(
                "TLS 1.2 and 1.3 are spoken here, not what `{text}` stands for: use -S, -S1.2, -S1.2+ or -S1.3"
            )),
            _ => Err(format!("`{text}` is no version of TLS: use -S, -S1.2, -S1.2+ or -S1.3")),
        }
    }
}

/// `Name: value`, as `-k` takes it.
#[derive(Clone)]
pub struct Header {
    /// Its name.
    pub name: HeaderName,
    /// Its value.
    pub value: HeaderValue,
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Header, String> {
        let (name, value) = text.split_once(':').ok_or("a header is given as `Name: value`")?;
        // not repeated: with a colon too late, it holds the value
        let name = name.trim().parse().map_err(|_| "what is before the colon is no name of a header")?;
        let value = HeaderValue::from_str(value.trim())
            .map_err(|_| format!("the value of the header {name} has characters that cannot be sent"))?;
        Ok(Header { name, value })
    }
}

/// Without the value, which may be a secret.
impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Header({})", self.name)
    }
}

fn agent(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "a user agent has no control characters".to_owned())
}

pub(crate) fn body_limit(text: &str) -> Result<u64, String> {
    match check::size::bytes(text)? {
        limit if limit <= LARGEST_BODY => Ok(limit),
        _ => Err(format!("more than {} is not read at once", check::size::shown(LARGEST_BODY))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_host_port_and_tls_by_itself() {
        use clap::{Args, FromArgMatches};
        let at = |line: &str, url: &str| {
            let command = Target::augment_args(clap::Command::new("x").no_binary_name(true));
            let matches = command.try_get_matches_from(line.split_whitespace()).expect("options");
            let target = Target::from_arg_matches(&matches).expect("options");
            let target = target.at(&Url::parse(url).unwrap()).map_err(|error| error.to_string())?;
            let aim =
                crate::aim::Aim::of(&target, target.ssl.is_some()).map_err(|error| error.to_string())?;
            Ok::<_, String>((aim.base.to_string(), aim.dial))
        };
        let own = |base: &str, dial: &str| Ok((base.to_owned(), dial.to_owned()));
        assert_eq!(at("", "http://a/x"), own("http://a/", "a"));
        assert_eq!(at("-I 10.0.0.1", "https://a:8443/x"), own("https://a:8443/", "10.0.0.1"));
        assert_eq!(at("--ssl=1.3", "https://[::1]/"), own("https://[::1]/", "::1"));
        for (line, url, why) in [
            ("-H b", "http://a/", "leave -H and -p out"),
            ("-p 81", "http://a/", "leave -H and -p out"),
            ("-S", "http://a/", "write https://"),
            ("", "ftp://a/", "is no http:// or https:// URL"),
            ("", "http://me:s3cret@a/", "use --user"),
        ] {
            let error = at(line, url).unwrap_err();
            assert!(error.contains(why) && !error.contains("s3cret"), "{line} {url}: {error}");
        }
    }

    #[test]
    fn options_are_read_as_the_peer_reads_them() {
        assert_eq!("".parse(), Ok(TlsVersions::Any));
        assert_eq!("1.1+".parse(), Ok(TlsVersions::Any));
        assert_eq!("1.2".parse(), Ok(TlsVersions::Only12));
        assert!("1.1".parse::<TlsVersions>().unwrap_err().contains("-S1.2+"));
        assert!("x".parse::<TlsVersions>().is_err());
        assert_eq!("2.0".parse(), Ok(HttpVersion::Two));
        assert!("3".parse::<HttpVersion>().is_err());
        let header: Header = "X-Token:  a:b ".parse().unwrap();
        assert_eq!((header.name.as_str(), header.value.to_str().unwrap()), ("x-token", "a:b"));
        for bad in ["", "x", "a b: c", "a: b\nc: d"] {
            assert!(bad.parse::<Header>().is_err(), "{bad}");
        }
        assert!(!format!("{header:?}").contains("a:b"));
        assert!(body_limit("2G").is_err());
    }
}
