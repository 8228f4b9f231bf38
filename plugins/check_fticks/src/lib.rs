//! `check_fticks`: users seen at two places too far apart for one person, and devices seen at two
//! institutions too far apart, which means that coordinates are wrong.
//!
//! The collector (`--collect`, once a day or more often) reads what is new in logs of F-TICKS, finds the
//! events of each day and keeps those of a month in a file; the check reads that, or asks an etlog, and
//! judges one realm. [`tick`], [`institutions`], [`distance`] and [`events`] are the algorithm, pure;
//! `collect` and `etlog` do all I/O; `judge` is pure.
//!
//! Pseudonyms stay in the file, which is for its owner alone, and come into the output only with
//! `--show-users`. Addresses of devices are not kept at all.

mod collect;
pub mod distance;
mod etlog;
pub mod events;
mod findings;
pub mod institutions;
mod judge;
pub mod store;
pub mod tick;

use std::path::PathBuf;
use std::str::FromStr;

use check::options::{ThresholdOptions, seconds};
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use fetch::{Url, UrlOptions};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::store::{MAX_FILE, Store};

/// Options of `check_fticks`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What the collector has found: a file that it writes and the check reads
    #[arg(long, value_name = "FILE", required_unless_present = "etlog")]
    state: Option<PathBuf>,
    /// compromised: users of --realm seen at two places too far apart, with different devices;
    /// concurrent: devices seen at the institution of --realm and too soon elsewhere
    #[arg(short = 'm', long, value_name = "MODE", help_heading = "Check")]
    mode: Option<Mode>,
    /// The realm that is judged
    #[arg(short = 'r', long, value_name = "REALM", help_heading = "Check")]
    realm: Option<String>,
    /// Number of users (compromised) or events (concurrent) [default: CRITICAL from 1 user on; WARNING from
    /// 10, CRITICAL from 20 events on]
    #[command(flatten)]
    thresholds: ThresholdOptions,
    /// Days looked back
    #[arg(long, value_name = "NUMBER", default_value_t = 30, value_parser = clap::value_parser!(u8).range(1..=31), help_heading = "Check")]
    days: u8,
    /// Only what was faster than 100 km/h by so much time at least [default: 60s for compromised, 20s for
    /// concurrent]
    #[arg(long, value_name = "TIME", value_parser = seconds, help_heading = "Check")]
    missing: Option<f64>,
    /// Show the pseudonyms of users in the output
    #[arg(long, help_heading = "Check")]
    show_users: bool,
    /// Do not believe what is older than this
    #[arg(long, value_name = "TIME", default_value = "26h", value_parser = seconds, help_heading = "Check")]
    max_age: f64,
    /// State if it is
    #[arg(long, value_name = "STATE", default_value = "unknown", help_heading = "Check")]
    stale_state: State,
    /// Ask this etlog instead of --state: https://etlog.example.org:8443
    #[arg(long, value_name = "URL", conflicts_with_all = ["state", "collect"], help_heading = "Check")]
    etlog: Option<Url>,
    /// Be the collector: read what is new in --log and find the events of each day. Give it more time
    /// (-t 600); two at once do not disturb each other
    #[arg(long, requires = "logs", requires = "institutions", requires = "state", conflicts_with_all = ["mode", "realm"], help_heading = "Collector")]
    collect: bool,
    /// A log, or several by * and ?; what was rotated away from it is found (also .gz). Days not over
    /// are read again by the next run, so a log of two days must stay
    #[arg(long = "log", id = "logs", value_name = "PATH", help_heading = "Collector")]
    logs: Vec<logs::Pattern>,
    /// institution.json of version 2, with realms and coordinates. If it changes, the last 14 days are
    /// looked at again as far as their logs are there
    #[arg(long, value_name = "FILE", help_heading = "Collector")]
    institutions: Option<PathBuf>,
    /// Time zone of days, and of times in the log that do not tell [default: the system's]
    #[arg(long, value_name = "NAME", value_parser = logs::zone, help_heading = "Collector")]
    time_zone: Option<TimeZone>,
    #[command(flatten)]
    urls: UrlOptions,
}

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One user, two devices.
    Compromised,
    /// One device.
    Concurrent,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Mode, String> {
        match text {
            "compromised" => Ok(Mode::Compromised),
            "concurrent" => Ok(Mode::Concurrent),
            _ => Err(format!("`{text}` is neither compromised nor concurrent")),
        }
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_fticks",
        title: "FTICKS",
        separator: " - ",
        about: "Judges from F-TICKS whether users of a realm were seen at two places too far apart for one person \
                (100 km/h), or devices at an institution and too soon elsewhere, which means wrong coordinates. A \
                collector reads the logs and keeps the events of a month",
        examples: "Examples:\n  \
            check_fticks --collect -t 600 --log /var/log/fticks.log --institutions /var/lib/hlidka/institution.json --state /var/lib/hlidka/fticks.json\n  \
            check_fticks --state /var/lib/hlidka/fticks.json -m compromised -r example.org\n  \
            check_fticks --state /var/lib/hlidka/fticks.json -m concurrent -r example.org -w 9 -c 19\n  \
            check_fticks --etlog https://etlog.example.org:8443 -m compromised -r example.org",
        isolation: Isolation::Process,
        timeout_state: State::Unknown,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        if self.collect {
            let state = self.state.as_deref().ok_or_else(|| CheckError::usage("--collect needs --state"))?;
            return Ok(collect::judge(&collect::collect(self, state, ctx)?));
        }
        let (Some(mode), Some(realm)) = (self.mode, &self.realm) else {
            return Err(CheckError::usage("what is to be judged? Give -m MODE and -r REALM, or --collect"));
        };
        let realm = realm.to_lowercase();
        let is_realm = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if realm.is_empty() || !realm.chars().all(is_realm) {
            return Err(CheckError::usage("-r: a realm has letters, digits, hyphens and points"));
        }
        let missing = self.missing.unwrap_or(match mode {
            Mode::Compromised => 60.0,
            Mode::Concurrent => 20.0,
        });
        let now = Timestamp::now();
        let today = now.to_zoned(self.zone()).date();
        let first = today.checked_sub(i32::from(self.days).days()).unwrap_or(today);
        if let Some(base) = &self.etlog {
            let days = (first.to_string(), today.to_string());
            let question = etlog::Question { base, realm: &realm, mode, missing, days };
            let found = etlog::ask(&question, &self.urls, ctx).await?;
            return Ok(judge::judge(&found, &realm, mode, self));
        }
        let path = self.state.as_deref().ok_or_else(|| CheckError::usage("--state or --etlog is needed"))?;
        let store = logs::read_json::<Store>(path, MAX_FILE).map_err(CheckError::internal)?;
        let store = store.filter(Store::is_known).ok_or_else(|| {
            CheckError::internal(format!(
                "there is nothing in {}: run check_fticks --collect first",
                path.display()
            ))
        })?;
        if let Some(report) = judge::stale((now.as_second() - store.collected) as f64, self) {
            return Ok(report);
        }
        let found = findings::of_store(&store, &realm, mode, &first.to_string(), missing)
            .map_err(CheckError::internal)?;
        Ok(judge::judge(&found, &realm, mode, self))
    }
}

impl Args {
    fn zone(&self) -> TimeZone {
        self.time_zone.clone().unwrap_or_else(TimeZone::system)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    /// The options of a command line.
    pub(crate) fn args(words: &[&str]) -> Args {
        let command = Args::augment_args(clap::Command::new("check_fticks").no_binary_name(true));
        let words = [&["--state", "/nowhere"], words].concat();
        let matches = command.try_get_matches_from(words).expect("valid options");
        Args::from_arg_matches(&matches).expect("valid options")
    }
}
