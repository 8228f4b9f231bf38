//! `check_radsec`: do the RadSec connections between this server and another one stand, in both
//! directions? Or, with `--active`, does the other answer over a connection of the check's own?
//!
//! [`Args`] → `measure` (all I/O) with [`table`] (the kernel's table, read) and `memory` (when a
//! direction was last seen) → `judge` (pure).

mod judge;
mod measure;
mod memory;
pub mod table;

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use check::options::ThresholdOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use net::DialOptions;
use net::tls::{CredentialOptions, TlsOptions};

/// Options of `check_radsec`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The other server, by name or address; of a name all addresses count
    #[arg(short = 'H', long, value_name = "HOST")]
    hostname: String,
    /// Ask the other server over a connection of the check's own: TLS with a client certificate, then
    /// Status-Server. The connections that stand are not looked at
    #[arg(short = 'a', long)]
    active: bool,
    /// Port of the other server for --active
    #[arg(short = 'P', long, value_name = "PORT", default_value_t = radius::RADSEC_PORT, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,

    /// Ports of RadSec, here and there: one, or the first and the last
    #[arg(
        long,
        value_name = "PORT[-PORT]",
        default_value = "2080-2089",
        help_heading = "Connections that stand"
    )]
    ports: Ports,
    /// The other server only asks (a service provider without users of its own): nobody connects to it,
    /// that direction counts as well
    #[arg(long, conflicts_with_all = ["idp_only", "active"], help_heading = "Connections that stand")]
    sp_only: bool,
    /// The other server only answers (an identity provider without guests): it connects to nobody, that
    /// direction counts as well
    #[arg(long, conflicts_with = "active", help_heading = "Connections that stand")]
    idp_only: bool,
    /// Remember in this folder when a direction was last established: a server may close a connection
    /// that is idle, which is no failure
    #[arg(long, value_name = "FOLDER", conflicts_with = "active", help_heading = "Connections that stand")]
    state_dir: Option<PathBuf>,
    /// So long after it was last established a direction still counts as well (90s, 15m, 1h)
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = check::options::seconds, help_heading = "Connections that stand")]
    remember: f64,

    /// Time of --active until the answer in seconds, with connection and handshake
    #[command(flatten)]
    thresholds: ThresholdOptions,
    /// Shared secret of --active, in the first line of this file (or in HLIDKA_RADIUS_SECRET)
    /// [default: radsec]
    #[arg(long, value_name = "FILE", requires = "active")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    dial: DialOptions,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    credentials: CredentialOptions,
}

/// `--ports`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ports(RangeInclusive<u16>);

impl FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Ports, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.parse::<u16>(), last.parse::<u16>()) {
            (Ok(first), Ok(last)) if first > 0 && first <= last => Ok(Ports(first..=last)),
            _ => Err(format!("`{text}` is no port and no range of ports: use 2083 or 2080-2089")),
        }
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_radsec",
        title: "RADSEC",
        separator: " - ",
        about: "Looks in the kernel's table for the RadSec connections between this server and another, in both \
                directions; or connects to it as a RadSec client and asks for its status",
        examples: "Examples:\n  \
            check_radsec -H radius1.example.org --state-dir /var/lib/hlidka/radsec\n  \
            check_radsec -H radius1.example.org --sp-only --ports 2083\n  \
            check_radsec -H radius1.example.org --active --ca-file /etc/hlidka/eduroam-ca.pem --client-certificate \
            /etc/hlidka/radsec.pem --client-key /etc/hlidka/radsec.key -w 1 -c 5",
        isolation: Isolation::AsyncProcess,
        timeout_state: State::Critical,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        if self.active {
            return Ok(judge::active(&measure::ask(self, ctx).await?, self));
        }
        // nothing is sent, so a proxy is of no use; but a name is not resolved past it
        let bare = self.hostname.trim_start_matches('[').trim_end_matches(']');
        if self.dial.proxy().is_some() && bare.parse::<IpAddr>().is_err() {
            return Err(CheckError::usage(format!(
                "--proxy: {} is not resolved past the proxy; give -H an address to look for the connections that stand",
                self.hostname
            )));
        }
        Ok(judge::standing(&measure::look(self).await?, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_one_or_a_range() {
        assert_eq!("2083".parse(), Ok(Ports(2083..=2083)));
        assert_eq!("2080-2089".parse(), Ok(Ports(2080..=2089)));
        for bad in ["", "0", "2089-2080", "x", "2083-", "-", "70000"] {
            assert!(bad.parse::<Ports>().is_err(), "{bad}");
        }
    }
}
