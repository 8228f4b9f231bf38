//! `check_eap_certificate`: what certificate does the EAP server of a realm show, and do devices trust it?
//!
//! A login is begun, as a visitor's device would, and left as soon as the certificate is there: nobody's
//! password is needed. [`expected`] reads what devices were told (an eap-config of CAT, or options),
//! `measure` does all I/O, [`chain`] knows what is odd in a certificate, `memory` what was there before,
//! and `judge` weighs it.

pub mod chain;
pub mod expected;
mod judge;
mod measure;
mod memory;

use std::path::PathBuf;
use std::str::FromStr;

use access::options::{NasOptions, TargetOptions};
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use fetch::Url;

/// Options of `check_eap_certificate`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: TargetOptions,
    /// Realm whose users the server logs in
    #[arg(short = 'r', long, value_name = "REALM", value_parser = realm, help_heading = "Login")]
    realm: String,
    /// What is told as the user's name [default: anonymous@REALM]
    #[arg(short = 'A', long, value_name = "NAME", value_parser = identity, help_heading = "Login")]
    anonymous_identity: Option<String>,
    /// PEAP, TTLS or TLS [default: the first that the server does]
    #[arg(short = 'e', long, value_name = "METHOD", ignore_case = true, help_heading = "Login")]
    method: Option<Method>,
    /// Do not try whether the server would also speak TLS 1.0 and 1.1, which takes a login each
    #[arg(long, help_heading = "Login")]
    no_version_probe: bool,

    /// What devices know: the realm's eap-config of eduroam CAT, a file or a URL. Its authorities and
    /// names of servers must be those of the server
    #[arg(short = 'E', long, value_name = "URL|FILE", help_heading = "Trust")]
    eap_config: Option<Source>,
    /// The realm is an alias: in the eap-config it is this one
    #[arg(long, value_name = "REALM", requires = "eap_config", help_heading = "Trust")]
    alias_of: Option<String>,
    /// Authorities that devices know (PEM), instead of those of the eap-config
    #[arg(short = 'a', long, value_name = "FILE", help_heading = "Trust")]
    eap_ca_file: Option<PathBuf>,
    /// Name that the certificate must have, instead of those of the eap-config; several with semicolons,
    /// one must fit. As devices have it: whole names, no wildcards
    #[arg(short = 'd', long, value_name = "NAMES", help_heading = "Trust")]
    domain: Option<String>,
    /// Trust the authorities in this PEM file for the URL of --eap-config, not the system's
    #[arg(long, value_name = "FILE", help_heading = "Trust")]
    eap_config_ca: Option<PathBuf>,

    /// WARNING if the certificate, or an authority of devices, ends within so many days
    #[arg(short = 'X', long, value_name = "DAYS", default_value_t = 14, help_heading = "Thresholds")]
    warn_days: u32,
    /// WARNING also for what is only worth a remark: no CRL, a common name that is no host's …
    #[arg(long, help_heading = "Thresholds")]
    strict: bool,
    /// Remember the certificates here, and tell of a change for one day
    #[arg(long, value_name = "DIRECTORY", help_heading = "Thresholds")]
    state_dir: Option<PathBuf>,
    #[command(flatten)]
    nas: NasOptions,
}

/// A method whose tunnel shows a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Peap,
    Ttls,
    Tls,
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Method, String> {
        match text.to_ascii_uppercase().as_str() {
            "PEAP" => Ok(Method::Peap),
            "TTLS" => Ok(Method::Ttls),
            "TLS" => Ok(Method::Tls),
            _ => Err(format!("`{text}` is no method that shows a certificate: PEAP, TTLS or TLS")),
        }
    }
}

/// A file, or a document on the web.
#[derive(Clone)]
enum Source {
    File(PathBuf),
    Web(Url),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Source, String> {
        if !text.starts_with("http://") && !text.starts_with("https://") {
            return Ok(Source::File(text.into()));
        }
        let url = Url::parse(text).map_err(|error| format!("`{text}` is no URL: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL with a user or a password is shown to everybody: leave them out".to_owned());
        }
        Ok(Source::Web(url))
    }
}

/// The name that messages have, without path and query of a URL.
impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::File(path) => path.display().fmt(f),
            Source::Web(url) => f.write_str(&fetch::place(url)),
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({self})")
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_eap_certificate",
        title: "EAP CERTIFICATE",
        separator: " - ",
        about: "The certificate that an EAP server shows, without credentials: its end and that of the authorities \
                which devices know, names and authority as in eduroam CAT, weak keys and methods, old TLS, changes",
        examples: "Examples:\n  \
            check_eap_certificate -H radius.example.cz --secret-file /etc/hlidka/radius-secret -r example.cz \\\n    \
            -E 'https://cat.eduroam.org/user/API.php?action=downloadInstaller&profile=1234&device=eap-config' \\\n    \
            --state-dir /var/lib/hlidka/eap\n  \
            # without CAT\n  \
            check_eap_certificate -H 192.0.2.1 --secret-file /etc/hlidka/radius-secret -r example.cz \\\n    \
            -a /etc/hlidka/example-ca.pem -d 'radius1.example.cz;radius2.example.cz' -X 30\n\
            CRITICAL: the certificate, or the authority that devices know, has expired, or none was to be had.\n\
            Everything else that is wrong is WARNING. What devices know could not be read: UNKNOWN.",
        isolation: Isolation::AsyncProcess,
        timeout_state: State::Critical,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}

impl Args {
    fn identity(&self) -> String {
        self.anonymous_identity.clone().unwrap_or_else(|| format!("anonymous@{}", self.realm))
    }

    /// The names of `-d`.
    fn names(&self) -> Vec<String> {
        let names = self.domain.as_deref().unwrap_or_default().split([';', ',']);
        names.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }
}

fn realm(text: &str) -> Result<String, String> {
    let is_realm =
        !text.is_empty() && text.len() <= 240 && !text.contains(|c: char| c == '@' || c.is_whitespace());
    if is_realm { Ok(text.to_owned()) } else { Err(format!("`{text}` is no realm: write example.cz")) }
}

/// What a User-Name holds.
fn identity(text: &str) -> Result<String, String> {
    if (1..=253).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err("a name has 1 to 253 octets".to_owned())
    }
}
