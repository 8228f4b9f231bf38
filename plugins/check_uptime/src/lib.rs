//! `check_uptime`: how long the machine has been up. Too short after an unexpected reboot, too long
//! where kernels should have been changed.
//!
//! Read from /proc/uptime, which in a container with lxcfs is the container's own.

mod span;

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::time::SystemTime;

use check::{Check, CheckError, Ctx, Definition, Isolation, Perfdata, Range, Report, State, Thresholds, Uom};
use jiff::Timestamp;
use jiff::tz::TimeZone;

const UPTIME: &str = "/proc/uptime";

/// Options of `check_uptime`, letters as in monitoring-plugins.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// WARNING if the machine has been up for longer than this (30d, 4w; seconds without a unit), or
    /// for a time outside a range (10m:4w, 10m:)
    #[arg(short = 'w', long, value_name = "SPAN|RANGE", value_parser = span::range)]
    warning: Option<Range>,
    /// CRITICAL likewise
    #[arg(short = 'c', long, value_name = "SPAN|RANGE", value_parser = span::range)]
    critical: Option<Range>,
    /// Say for how many weeks, days, hours … it has been running
    #[arg(short = 'f', long = "for")]
    running_for: bool,
    /// Say since when it has been running, in local time
    #[arg(short = 's', long)]
    since: bool,
    /// Say the uptime in days instead of seconds
    #[arg(short = 'd', long)]
    days: bool,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_uptime",
        title: "",
        separator: ": ",
        about: "Judges how long the machine has been up",
        examples: "Examples:\n  \
            check_uptime -w 10m: -c 1m:\n  \
            check_uptime -w 10m:4w -c 1m:8w --for --since\n  \
            check_uptime -w 180D",
        isolation: Isolation::Instant,
        timeout_state: State::Unknown,
    };

    async fn run(&self, _ctx: &Ctx) -> Result<Report, CheckError> {
        let mut text = String::new();
        File::open(UPTIME)
            .and_then(|file| file.take(128).read_to_string(&mut text))
            .map_err(|error| CheckError::internal(format!("cannot read {UPTIME}: {error}")))?;
        let seconds = parse(&text).ok_or_else(|| {
            CheckError::internal(format!("{UPTIME} is not as proc(5) describes it: `{}`", text.trim_end()))
        })?;
        let since = if self.since { Some(boot_time(seconds)?) } else { None };
        Ok(self.judge(seconds, since.as_deref()))
    }
}

/// Whole seconds, from `2701.23 5123.11`.
fn parse(text: &str) -> Option<u64> {
    let whole = text.split_ascii_whitespace().next()?.split('.').next()?;
    whole.parse().ok()
}

/// The moment of boot as `uptime -s` prints it.
fn boot_time(uptime: u64) -> Result<String, CheckError> {
    let unknown = |error: &dyn std::fmt::Display| {
        CheckError::internal(format!("cannot tell when the machine was booted: {error}"))
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|error| unknown(&error))?;
    let boot = i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_sub_unsigned(uptime);
    let boot = Timestamp::from_second(boot).map_err(|error| unknown(&error))?;
    Ok(boot.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

impl Args {
    fn judge(&self, seconds: u64, since: Option<&str>) -> Report {
        let thresholds = Thresholds::new(self.warning.clone(), self.critical.clone());
        let value = seconds as f64;
        let state = thresholds.state(value);
        let mut text = if self.days {
            format!("Uptime is {}.", counted(seconds / 86_400, "day"))
        } else {
            format!("Uptime is {}.", counted(seconds, "second"))
        };
        let broken = match state {
            State::Critical => thresholds.critical.as_ref(),
            State::Warning => thresholds.warning.as_ref(),
            State::Ok | State::Unknown => None,
        };
        if let Some(range) = broken {
            let side = match range {
                range if range.is_inside() => "Inside the",
                range if value < range.start() => "Below the lower",
                _ => "Exceeds the upper",
            };
            let _ = write!(text, " {side} {} threshold.", state.as_str().to_ascii_lowercase());
        }
        if self.running_for {
            let _ = write!(text, " Running for {}.", in_words(seconds));
        }
        if let Some(since) = since {
            let _ = write!(text, " Running since {since}.");
        }
        let uptime = Perfdata::new("uptime", value, Uom::Seconds);
        Report::new(state, text).perf(uptime.limits(&thresholds).min(0.0))
    }
}

/// `2 weeks, 1 day and 5 seconds`.
fn in_words(seconds: u64) -> String {
    let units = [
        (seconds / 604_800, "week"),
        (seconds / 86_400 % 7, "day"),
        (seconds / 3600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let mut words: Vec<String> =
        units.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| counted(*count, unit)).collect();
    match (words.pop(), words.is_empty()) {
        (None, _) => counted(0, "second"),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} and {last}", words.join(", ")),
    }
}

fn counted(count: u64, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn judged(arguments: &[&str], seconds: u64) -> String {
        let line = std::iter::once("check_uptime").chain(arguments.iter().copied());
        let args = Line::try_parse_from(line).expect("options").args;
        args.judge(seconds, args.since.then_some("2026-11-22 01:00:00")).render("", ": ", 0)
    }

    #[test]
    fn reads_proc_uptime() {
        assert_eq!(parse("2701.99 5123.11\n"), Some(2701));
        assert_eq!(parse("0.00 0.00\n"), Some(0));
        for bad in ["", "\n", "-1.0 2", "x", "1e3"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn says_what_the_peer_says() {
        let both = ["-w", "10m:4w", "-c", "1m:8w"];
        assert_eq!(judged(&[], 2701), "OK: Uptime is 2701 seconds. | uptime=2701s;;;0\n");
        assert_eq!(
            judged(&both, 2701),
            "OK: Uptime is 2701 seconds. | uptime=2701s;600:2419200;60:4838400;0\n"
        );
        assert!(
            judged(&both, 599)
                .starts_with("WARNING: Uptime is 599 seconds. Below the lower warning threshold.")
        );
        assert!(
            judged(&both, 59)
                .starts_with("CRITICAL: Uptime is 59 seconds. Below the lower critical threshold.")
        );
        assert!(
            judged(&both, 2_419_201)
                .starts_with("WARNING: Uptime is 2419201 seconds. Exceeds the upper warning")
        );
        assert!(judged(&both, 4_838_401).contains("Exceeds the upper critical threshold."));
        assert_eq!(judged(&["-w", "180D"], 100), "OK: Uptime is 100 seconds. | uptime=100s;15552000;;0\n");
        assert!(judged(&["-w", "@0:1h"], 100).contains("Inside the warning threshold."));
        assert_eq!(
            judged(&["-f", "-s", "-d"], 90_061),
            "OK: Uptime is 1 day. Running for 1 day, 1 hour, 1 minute and 1 second. Running since 2026-11-22 01:00:00. | uptime=90061s;;;0\n"
        );
    }

    #[test]
    fn words_leave_out_what_is_zero() {
        assert_eq!(in_words(0), "0 seconds");
        assert_eq!(in_words(60), "1 minute");
        assert_eq!(in_words(2 * 604_800 + 3), "2 weeks and 3 seconds");
    }

    #[test]
    fn boot_was_before_now_and_not_before_time() {
        assert!(boot_time(0).unwrap() > boot_time(86_400).unwrap());
        assert!(boot_time(u64::MAX).is_err());
    }
}
