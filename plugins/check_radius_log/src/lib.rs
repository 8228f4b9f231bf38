//! `check_radius_log`: what a RADIUS proxy's log tells of the servers that send it requests.
//!
//! Two runs of different kinds: the collector (`--collect`, every hour) reads what is new in the logs and
//! adds it to an aggregate, a small file with numbers by client and hour; the check reads that and judges
//! one client. `format` with [`pattern`], [`detail`] and `logs::fticks` reads entries, pure; [`aggregate`]
//! counts; `collect` does all I/O of the first, `measure` that of the second, `judge` and [`operator`] are
//! pure.

pub mod aggregate;
mod collect;
pub mod detail;
mod format;
mod judge;
mod measure;
pub mod operator;
pub mod pattern;
pub mod record;

use std::path::PathBuf;
use std::str::FromStr;

use check::options::{ThresholdOptions, seconds};
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use jiff::tz::TimeZone;

use crate::format::Format;
use crate::pattern::LinePattern;

/// Longest window: a month.
const MAX_WINDOW: f64 = 31.0 * 86_400.0;

/// Options of `check_radius_log`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The aggregate: a file that the collector writes and the check reads
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Judge this client: an address as the proxy sees it, or for F-TICKS the visited institution. Several
    /// are judged as one, for a server with several addresses
    #[arg(short = 'H', long, value_name = "CLIENT", help_heading = "Check")]
    hostname: Vec<String>,
    /// What its requests must carry: csi (Calling-Station-Id), operator-name, or cui
    /// (Chargeable-User-Identity). Empty is missing
    #[arg(short = 'a', long, value_name = "ATTRIBUTE", help_heading = "Check")]
    attribute: Option<Wanted>,
    /// Number of requests without it [default: CRITICAL if there is one]
    #[command(flatten)]
    thresholds: ThresholdOptions,
    /// -w and -c are percent of all requests
    #[arg(long, help_heading = "Check")]
    percent: bool,
    /// Registered realms, one a line (# for comments): an Operator-Name of another one is CRITICAL
    #[arg(long, value_name = "FILE", help_heading = "Check")]
    realms: Option<PathBuf>,
    /// Do not believe an aggregate that is older than this
    #[arg(long, value_name = "TIME", default_value = "3h", value_parser = seconds, help_heading = "Check")]
    max_age: f64,
    /// State if it is
    #[arg(long, value_name = "STATE", default_value = "unknown", help_heading = "Check")]
    stale_state: State,
    /// Be the collector: read what is new in --log, add it to the aggregate, of all clients whatever -H
    /// says. Once an hour, with more time (-t 300); two at once do not disturb each other
    #[arg(long, requires = "logs", conflicts_with = "attribute", help_heading = "Collector")]
    collect: bool,
    /// A log, or several by * and ?; what was rotated away from it is found (also .gz)
    #[arg(long = "log", id = "logs", value_name = "PATH", help_heading = "Collector")]
    logs: Vec<logs::Pattern>,
    /// What writes the log: linelog (FreeRADIUS, in the form of the example below), detail (FreeRADIUS),
    /// fticks (radsecproxy and others; it tells of Calling-Station-Id only) [default: linelog]
    #[arg(long, value_name = "FORMAT", conflicts_with = "pattern", help_heading = "Collector")]
    format: Option<Format>,
    /// The form of a line, as a regular expression with the groups client, csi, on, cui, and time (unless
    /// the line begins with it): '^(?P<time>\S+) from (?P<client>\S+): csi=(?P<csi>\S*)'
    #[arg(long, value_name = "REGEX", help_heading = "Collector")]
    pattern: Option<LinePattern>,
    /// Words that stand for an attribute that is not there [default: MISSING and NONE]
    #[arg(long, value_name = "WORD", help_heading = "Collector")]
    missing: Vec<String>,
    /// How far back the aggregate goes
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = window, help_heading = "Collector")]
    window: f64,
    /// Time zone of times in the log that do not tell [default: the system's]
    #[arg(long, value_name = "NAME", value_parser = logs::zone, help_heading = "Collector")]
    time_zone: Option<TimeZone>,
}

/// The attribute that is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// RFC 2865, 31.
    CallingStationId,
    /// RFC 5580, 126.
    OperatorName,
    /// RFC 4372, 89.
    Cui,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Wanted, String> {
        match text.to_lowercase().as_str() {
            "csi" | "calling-station-id" => Ok(Wanted::CallingStationId),
            "on" | "operator-name" => Ok(Wanted::OperatorName),
            "cui" | "chargeable-user-identity" => Ok(Wanted::Cui),
            _ => Err(format!("`{text}` is none of csi, operator-name and cui")),
        }
    }
}

impl Wanted {
    fn name(self) -> &'static str {
        match self {
            Wanted::CallingStationId => "Calling-Station-Id",
            Wanted::OperatorName => "Operator-Name",
            Wanted::Cui => "Chargeable-User-Identity",
        }
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_radius_log",
        title: "RADIUS_LOG",
        separator: " - ",
        about: "Judges from a RADIUS proxy's log whether a server's requests carry Calling-Station-Id, a correct \
                Operator-Name, or Chargeable-User-Identity. A collector reads the log once an hour and keeps numbers",
        examples: "Examples:\n  \
            check_radius_log --collect -t 300 --log /var/log/freeradius/access.log --state /var/lib/hlidka/radius.json\n  \
            check_radius_log --collect -t 300 --log '/var/log/freeradius/radacct/*/auth-detail-*' --format detail --state /var/lib/hlidka/radius.json\n  \
            check_radius_log --state /var/lib/hlidka/radius.json -H 10.0.0.1 -a csi\n  \
            check_radius_log --state /var/lib/hlidka/radius.json -H 10.0.0.1 -a operator-name --realms /etc/hlidka/realms\n\n\
            FreeRADIUS' linelog is read in this form (its module is called in authorize):\n  \
            format = \"%t src=%{%{Packet-Src-IP-Address}:-%{Packet-Src-IPv6-Address}} on=%{%{Operator-Name}:-MISSING} \
            csi=%{%{Calling-Station-Id}:-MISSING} cui=%{%{Chargeable-User-Identity}:-NONE} user= result=%{reply:Packet-Type}\"\n\
            FreeRADIUS writes a line break in a User-Name as it is: with the name in the line, whoever logs in can \
            write lines of his own",
        isolation: Isolation::Process,
        timeout_state: State::Unknown,
    };

    fn validate(&self) -> Result<(), CheckError> {
        if !self.collect && self.hostname.is_empty() {
            return Err(CheckError::usage("whom is it about? Give -H CLIENT and -a ATTRIBUTE, or --collect"));
        }
        Ok(())
    }

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        if self.collect {
            return Ok(collect::judge(&collect::collect(self, ctx)?));
        }
        judge::judge(&measure::measure(self)?, self)
    }
}

impl Args {
    fn clients(&self) -> Vec<String> {
        self.hostname.iter().filter_map(|client| record::client_name(client)).collect()
    }

    fn missing(&self) -> Vec<String> {
        if self.missing.is_empty() {
            ["MISSING", "NONE"].map(str::to_owned).to_vec()
        } else {
            self.missing.clone()
        }
    }

    fn zone(&self) -> TimeZone {
        self.time_zone.clone().unwrap_or_else(TimeZone::system)
    }

    #[expect(clippy::cast_possible_truncation, reason = "at most a month")]
    fn window(&self) -> i64 {
        self.window as i64
    }
}

fn window(text: &str) -> Result<f64, String> {
    let window = seconds(text)?;
    if (3600.0..=MAX_WINDOW).contains(&window) {
        Ok(window)
    } else {
        Err("between an hour and 31 days".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    /// The options of a command line.
    pub(crate) fn args(words: &[&str]) -> Args {
        let command = Args::augment_args(clap::Command::new("check_radius_log").no_binary_name(true));
        let words = [&["--state", "/nowhere"], words].concat();
        let matches = command.try_get_matches_from(words).expect("valid options");
        Args::from_arg_matches(&matches).expect("valid options")
    }
}
