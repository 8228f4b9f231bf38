//! `check_file_age`: is a file young and big enough?
//!
//! One `stat`, but on a file system that may hang (NFS, a dead disk): that is why it runs in a
//! process of its own.

mod limits;

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use check::{Check, CheckError, Ctx, Definition, Isolation, Judged, Report, State};

use crate::limits::{Limit, Limits};

/// Options of `check_file_age`, letters as in monitoring-plugins. If any of the four limits is a
/// range, all of them are read as ranges.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The file, or directory (may also be given without -f)
    #[arg(short = 'f', long, value_name = "FILE", required_unless_present = "positional_file")]
    file: Option<PathBuf>,
    #[arg(value_name = "FILE", conflicts_with = "file", hide = true)]
    positional_file: Option<PathBuf>,
    /// WARNING if it is older than this (seconds, or 15m, 36h, 2d), or its age outside a range
    #[arg(short = 'w', long, alias = "warning", value_name = "AGE", default_value = "240", value_parser = limits::age)]
    warning_age: Limit,
    /// CRITICAL if it is older than this
    #[arg(short = 'c', long, alias = "critical", value_name = "AGE", default_value = "600", value_parser = limits::age)]
    critical_age: Limit,
    /// WARNING if it has fewer bytes than this, or its size is outside a range
    #[arg(short = 'W', long, value_name = "BYTES", value_parser = limits::size)]
    warning_size: Option<Limit>,
    /// CRITICAL if it has fewer bytes than this
    #[arg(short = 'C', long, value_name = "BYTES", value_parser = limits::size)]
    critical_size: Option<Limit>,
    /// OK if there is no such file
    #[arg(short = 'i', long)]
    ignore_missing: bool,
}

/// What was seen of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sample {
    Missing,
    Found {
        /// Seconds since it was last changed; below 0 for a file from the future.
        age: i64,
        /// Bytes.
        size: u64,
    },
}

impl Args {
    fn path(&self) -> &Path {
        self.file.as_deref().or(self.positional_file.as_deref()).unwrap_or_else(|| Path::new(""))
    }

    fn limits(&self) -> Limits {
        let sizes = [self.warning_size.as_ref(), self.critical_size.as_ref()];
        Limits::new([&self.warning_age, &self.critical_age], sizes)
    }
}

fn measure(path: &Path) -> Result<Sample, CheckError> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Sample::Missing);
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(CheckError::internal(format!(
                "cannot look at {}: {error}; the user of the check needs the right to enter each directory above it (x)",
                path.display()
            )));
        }
        Err(error) => {
            return Err(CheckError::internal(format!("cannot look at {}: {error}", path.display())));
        }
    };
    let now = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(now) => i64::try_from(now.as_secs()).unwrap_or(i64::MAX),
        Err(_) => return Err(CheckError::internal("the clock of this machine is before 1970")),
    };
    Ok(Sample::Found { age: now.saturating_sub(metadata.mtime()), size: metadata.size() })
}

fn judge(sample: Sample, args: &Args) -> Report {
    let path = args.path().display();
    match sample {
        Sample::Missing if args.ignore_missing => {
            Report::new(State::Ok, format!("{path} doesn't exist, but ignore-missing was set"))
        }
        Sample::Missing => Report::new(State::Critical, format!("File not found - {path}")),
        Sample::Found { age, size } => {
            let age_text = if age < 0 {
                format!("{} seconds in the future (is a clock wrong?)", age.unsigned_abs())
            } else {
                format!("{age} seconds old")
            };
            let limits = args.limits();
            let report =
                Report::new(limits.state(age, size), format!("{path} is {age_text} and {size} bytes"));
            let [age, size] = limits.perfdata(age, size);
            report.perf(age).perf(size)
        }
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_file_age",
        title: "FILE_AGE",
        separator: ": ",
        about: "Judges the age and size of a file",
        examples: "Examples:\n  \
            check_file_age -w 26h -c 50h -C 1 -f /var/backups/dump.sql.gz\n  \
            check_file_age -w 15m -c 1h /var/lib/prometheus/node-exporter/apt.prom\n  \
            check_file_age -w 1d: -c 1h: -W 0: -C 0: -i -f /run/maintenance",
        isolation: Isolation::Process,
        timeout_state: State::Unknown,
    };

    fn judged(&self) -> Vec<Judged> {
        self.limits().judged().into()
    }

    async fn run(&self, _ctx: &Ctx) -> Result<Report, CheckError> {
        Ok(judge(measure(self.path())?, self))
    }
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

    fn judged(arguments: &[&str], sample: Sample) -> String {
        let line = ["check_file_age", "-f", "/x"].into_iter().chain(arguments.iter().copied());
        let args = Line::try_parse_from(line).expect("options").args;
        judge(sample, &args).render("FILE_AGE", ": ", 0)
    }

    #[test]
    fn says_what_the_peer_says() {
        let file = |age, size| Sample::Found { age, size };
        assert_eq!(
            judged(&[], file(146, 2705)),
            "FILE_AGE OK: /x is 146 seconds old and 2705 bytes | age=146s;240;600 size=2705B;0;0;0\n"
        );
        let state = |arguments: &[&str], age, size| {
            judged(arguments, file(age, size)).split([' ', ':']).nth(1).unwrap_or_default().to_owned()
        };
        assert_eq!(state(&[], 240, 0), "OK");
        assert_eq!(state(&[], 241, 0), "WARNING");
        assert_eq!(state(&[], 601, 0), "CRITICAL");
        assert_eq!(state(&["-w", "15m", "-c", "1h"], 900, 0), "OK");
        assert_eq!(state(&["-w", "15m", "-c", "1h"], 901, 0), "WARNING");
        assert_eq!(state(&["-W", "10", "-C", "5"], 0, 10), "OK");
        assert_eq!(state(&["-W", "10", "-C", "5"], 0, 9), "WARNING");
        assert_eq!(state(&["-W", "10", "-C", "5"], 0, 4), "CRITICAL");
        assert_eq!(
            judged(&["-w", "15m", "-W", "10"], file(1, 11)),
            "FILE_AGE OK: /x is 1 seconds old and 11 bytes | age=1s;900;600 size=11B;10;0;0\n"
        );
    }

    #[test]
    fn one_range_makes_all_of_them_ranges() {
        let state = |arguments: &[&str], age, size| {
            let said = judged(arguments, Sample::Found { age, size });
            said.split([' ', ':']).nth(1).unwrap_or_default().to_owned()
        };
        assert_eq!(state(&["-w", "1h:", "-c", "1m:"], 30, 0), "CRITICAL");
        assert_eq!(state(&["-w", "1h:", "-c", "1m:"], 90, 0), "WARNING");
        assert_eq!(state(&["-w", "1h:", "-c", "1m:"], 3600, 0), "OK");
        assert_eq!(state(&["-W", "10:20"], 0, 5), "WARNING");
        assert_eq!(state(&["-W", "10:20", "-C", "100"], 0, 101), "CRITICAL");
        assert_eq!(state(&["-w", "~:10"], -5, 0), "CRITICAL"); // -c 600 is 0:600 then
        assert_eq!(state(&["-w", "~:10", "-c", "~:20"], -5, 0), "OK");
        assert_eq!(
            judged(&["-w", "1h:2h"], Sample::Found { age: 4000, size: 1 }),
            "FILE_AGE CRITICAL: /x is 4000 seconds old and 1 bytes | age=4000s;3600:7200;600 size=1B;;;0\n"
        );
    }

    #[test]
    fn a_file_from_the_future_is_said_so() {
        let said = judged(&[], Sample::Found { age: -5, size: 1 });
        assert_eq!(
            said,
            "FILE_AGE OK: /x is 5 seconds in the future (is a clock wrong?) and 1 bytes | age=-5s;240;600 size=1B;0;0;0\n"
        );
    }

    #[test]
    fn a_missing_file_is_critical_unless_ignored() {
        assert_eq!(judged(&[], Sample::Missing), "FILE_AGE CRITICAL: File not found - /x\n");
        assert_eq!(
            judged(&["-i"], Sample::Missing),
            "FILE_AGE OK: /x doesn't exist, but ignore-missing was set\n"
        );
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        assert_eq!(measure(&file).unwrap(), Sample::Missing);
        std::fs::write(&file, "abc").unwrap();
        assert_eq!(measure(&file.join("below")).unwrap(), Sample::Missing);
        assert!(matches!(measure(&file), Ok(Sample::Found { age: 0..60, size: 3 })));
    }
}
