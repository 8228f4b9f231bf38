//! `check_cert`: what a TLS server shows, from the first byte or after STARTTLS: days left of every
//! certificate of the chain, names, trust, keys and signatures, and which versions it takes.
//!
//! `measure` does all I/O, `judge` none.

mod judge;
mod measure;

use std::ops::RangeInclusive;

use check::{Check, CheckError, Ctx, Definition, Isolation, Range, Report, State};
use net::tls::{Days, TlsOptions, Version, least_days};
use net::{DialOptions, HostOptions, Starttls};

/// Options of `check_cert`; letters as in check_ssl_cert where they mean the same.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    host: HostOptions,
    /// Port [default: 443, or the usual one of the protocol]
    #[arg(short = 'p', long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    #[command(flatten)]
    dial: DialOptions,
    /// Ask for TLS in this protocol: smtp, lmtp, imap, pop3, ftp, ldap, postgres, xmpp, xmpp-server
    #[arg(short = 'P', long, value_name = "PROTOCOL", alias = "protocol")]
    starttls: Option<Starttls>,
    /// Days left of every certificate of the chain: a number is the least that is good
    #[arg(short = 'w', long, value_name = "DAYS", default_value = "20", value_parser = least_days)]
    warning: Range,
    /// The same, for CRITICAL
    #[arg(short = 'c', long, value_name = "DAYS", default_value = "15", value_parser = least_days)]
    critical: Range,
    #[command(flatten)]
    tls_options: TlsOptions,
    /// A name that the certificate must be for, besides the host's; may be repeated
    #[arg(short = 'n', long, value_name = "NAME", alias = "cn")]
    name: Vec<String>,
    /// Do not mind if the certificate is not for the host
    #[arg(long)]
    ignore_host_name: bool,
    /// Do not mind who signed the certificate
    #[arg(short = 'A', long)]
    noauth: bool,
    /// Text that must be in the issuer's name
    #[arg(short = 'i', long, value_name = "TEXT")]
    issuer: Option<String>,
    /// Least bits of an RSA or DSA key
    #[arg(long, value_name = "BITS", default_value_t = 2048)]
    min_rsa: u32,
    /// Least bits of a key on an elliptic curve
    #[arg(long, value_name = "BITS", default_value_t = 224)]
    min_ec: u32,
    /// State if a key is too small, or a signature made with SHA-1 or worse
    #[arg(long, value_name = "STATE", default_value = "critical")]
    weak: State,
    /// The server must refuse versions of TLS older than this (asked in a connection of its own)
    #[arg(long, value_name = "VERSION")]
    tls_min: Option<Version>,
    /// The server must offer at least this version of TLS
    #[arg(long, value_name = "VERSION", value_parser = offered)]
    tls_best: Option<Version>,
}

impl Args {
    fn port(&self) -> u16 {
        self.port.unwrap_or_else(|| self.starttls.map_or(443, Starttls::port))
    }

    fn days(&self) -> Days {
        Days::within(self.warning.clone(), self.critical.clone())
    }
}

/// A version that this check itself can agree to.
fn offered(text: &str) -> Result<Version, String> {
    match text.parse::<Version>()? {
        version @ (Version::Tls12 | Version::Tls13) => Ok(version),
        _ => Err(format!("`{text}`: this check itself has nothing older than 1.2")),
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_cert",
        title: "CERT",
        separator: " - ",
        about: "Looks at what a TLS server shows: days left of every certificate, names, trust, keys, signatures, \
                versions of TLS",
        examples: "Examples:\n  \
            check_cert -H www.example.org -w 21 -c 7\n  \
            check_cert -H mx.example.org -P smtp --tls-min 1.2\n  \
            check_cert -H 192.0.2.7 -p 636 --sni ldap.example.org --ca-file /etc/ssl/our-ca.pem\n  \
            check_cert -H im.example.org -P xmpp --sni example.org --tls-best 1.3",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    // of either sign
    const BOUNDS: &'static [(&'static str, RangeInclusive<f64>)] =
        &[("warning", f64::NEG_INFINITY..=f64::INFINITY), ("critical", f64::NEG_INFINITY..=f64::INFINITY)];

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}
