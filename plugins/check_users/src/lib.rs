//! `check_users`: how many users are logged in.
//!
//! Counted from utmp, a record for each login as in `who`; where there is no utmp (Debian 13), from
//! logind's session files.

mod logind;
mod utmp;

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use check::options::ThresholdOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Perfdata, Range, Report, State, Thresholds, Uom};

const UTMP: &str = "/var/run/utmp";
const SESSIONS: &str = "/run/systemd/sessions";

/// Most logins that `-v` shows.
const SHOWN: usize = 100;

/// Options of `check_users`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Number of users
    #[command(flatten)]
    thresholds: ThresholdOptions,
    #[arg(value_name = "WARNING", conflicts_with = "warning", hide = true)]
    positional_warning: Option<Range>,
    #[arg(value_name = "CRITICAL", conflicts_with = "critical", hide = true)]
    positional_critical: Option<Range>,
}

/// Who is logged in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Logins {
    /// All of them.
    count: u64,
    /// The first ones: user and terminal.
    shown: Vec<(String, String)>,
}

impl Logins {
    pub(crate) fn add(&mut self, user: &[u8], terminal: &[u8]) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            self.shown.push((text(user), text(terminal)));
        }
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_users",
        title: "USERS",
        separator: " - ",
        about: "Counts the users who are logged in",
        examples: "Examples:\n  check_users -w 5 -c 10\n  check_users -w 0 -v",
        isolation: Isolation::Instant,
        timeout_state: State::Unknown,
    };

    async fn run(&self, _ctx: &Ctx) -> Result<Report, CheckError> {
        Ok(self.judge(&measure(Path::new(UTMP), Path::new(SESSIONS))?))
    }
}

/// An empty utmp counts as none: a system that keeps one has written its own boot into it.
fn measure(utmp: &Path, sessions: &Path) -> Result<Logins, CheckError> {
    let cannot_read = |path: &Path, error: &io::Error| {
        CheckError::internal(format!("cannot read {}: {error}", path.display()))
    };
    match start_of(utmp, utmp::MAX_LEN) {
        Ok(records) if !records.is_empty() => return Ok(utmp::logins(&records)),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(cannot_read(utmp, &error)),
    }
    match logind::logins(sessions) {
        Ok(logins) => Ok(logins),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(CheckError::internal(format!(
            "cannot tell who is logged in: there is neither {} nor {}, so no logind runs here",
            utmp.display(),
            sessions.display()
        ))),
        Err(error) => Err(cannot_read(sessions, &error)),
    }
}

/// The whole file, which must not be longer than `limit`.
pub(crate) fn start_of(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("it is longer than {limit} bytes")));
    }
    Ok(bytes)
}

impl Args {
    fn judge(&self, logins: &Logins) -> Report {
        let given = self.thresholds.clone();
        let thresholds = Thresholds::new(
            given.warning.or_else(|| self.positional_warning.clone()),
            given.critical.or_else(|| self.positional_critical.clone()),
        );
        let count = logins.count as f64;
        let users = Perfdata::new("users", count, Uom::None).limits(&thresholds).min(0.0);
        let text = format!("{} users currently logged in", logins.count);
        let mut report = Report::new(thresholds.state(count), text).perf(users);
        for (user, terminal) in &logins.shown {
            report = report.detail(1, format!("{user} on {terminal}"));
        }
        report
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

    #[test]
    fn says_what_the_peer_says() {
        let mut logins = Logins::default();
        logins.add(b"alice", b"pts/0");
        logins.add(b"\xffb", b"tty1");
        let said = |arguments: &[&str], verbosity| {
            let line = std::iter::once("check_users").chain(arguments.iter().copied());
            let args = Line::try_parse_from(line).expect("options").args;
            args.judge(&logins).render("USERS", " - ", verbosity)
        };
        assert_eq!(
            said(&["-w", "5", "-c", "10"], 0),
            "USERS OK - 2 users currently logged in | users=2;5;10;0\n"
        );
        assert!(said(&["-w", "1"], 0).starts_with("USERS WARNING"));
        assert!(said(&["1", "1"], 0).starts_with("USERS CRITICAL"));
        assert!(said(&["-c", "3:"], 1).ends_with("users=2;;3:;0\nalice on pts/0\n\u{fffd}b on tty1\n"));
    }

    #[test]
    fn utmp_comes_first_and_an_empty_one_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let (utmp, sessions) = (dir.path().join("utmp"), dir.path().join("sessions"));
        let none = measure(&utmp, &sessions).unwrap_err().to_string();
        assert!(none.contains("there is neither"), "{none}");
        std::fs::create_dir(&sessions).unwrap();
        assert_eq!(measure(&utmp, &sessions).unwrap().count, 0);
        std::fs::write(sessions.join("3"), "UID=0\nUSER=root\nCLASS=user\nTTY=pts/4\n").unwrap();
        std::fs::write(&utmp, "").unwrap();
        assert_eq!(measure(&utmp, &sessions).unwrap().count, 1);
        std::fs::write(&utmp, [0; 400]).unwrap();
        assert_eq!(measure(&utmp, &sessions).unwrap().count, 0);
        std::fs::write(&utmp, vec![0; usize::try_from(utmp::MAX_LEN).unwrap() + 1]).unwrap();
        let long = measure(&utmp, &sessions).unwrap_err().to_string();
        assert!(long.contains("longer than"), "{long}");
    }
}
