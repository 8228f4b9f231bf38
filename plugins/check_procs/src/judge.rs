//! Counts and judges the processes that pass, and says it; pure.

use std::fmt::Write as _;

use check::{Perfdata, Range, Report, State, Thresholds, Uom};

use crate::Metric;
use crate::filter::Filter;
use crate::process::Process;

/// Most names and lines that `-v` shows.
const SHOWN: usize = 100;

/// Most characters of a command line that `-v` shows.
const SHOWN_ARGUMENTS: usize = 200;

/// What else is known of a process that passed, if anybody wants to see it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shown<'a> {
    pub user: Option<u32>,
    pub arguments: &'a [u8],
}

/// The sum so far. Each process is added and forgotten.
#[derive(Debug)]
pub(crate) struct Tally {
    metric: Metric,
    thresholds: Thresholds,
    verbosity: u8,
    passed: u64,
    warning: u64,
    critical: u64,
    /// Processes that are there but may not be read.
    unreadable: u64,
    /// Are there processes that are not even listed?
    hidden: bool,
    names: Vec<String>,
    lines: Vec<String>,
}

impl Tally {
    pub fn new(metric: Metric, thresholds: Thresholds, verbosity: u8) -> Tally {
        Tally {
            metric,
            thresholds,
            verbosity,
            passed: 0,
            warning: 0,
            critical: 0,
            unreadable: 0,
            hidden: false,
            names: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Does anybody want to see more of a process than its name?
    pub fn wants_shown(&self) -> bool {
        self.verbosity > 0 && self.lines.len() < SHOWN
    }

    /// Is counting all there is to do?
    pub fn only_counts(&self) -> bool {
        self.metric == Metric::Procs
    }

    /// Adds a process that passed the filter.
    pub fn add(&mut self, process: &Process, shown: Shown) {
        self.passed += 1;
        let value = match self.metric {
            Metric::Procs => None,
            Metric::Vsz => Some(process.virtual_size as f64),
            Metric::Rss => Some(process.resident as f64),
            Metric::Cpu => Some(process.percent),
            Metric::Elapsed => Some(process.age),
        };
        let state = value.map_or(State::Ok, |value| self.thresholds.state(value));
        match state {
            State::Critical => self.critical += 1,
            State::Warning => self.warning += 1,
            State::Ok | State::Unknown => {}
        }
        if self.verbosity == 0 {
            return;
        }
        if state != State::Ok && self.names.len() < SHOWN {
            self.names.push(String::from_utf8_lossy(process.name).into_owned());
        }
        if self.wants_shown() {
            self.lines.push(line(process, shown));
        }
    }

    /// Adds a process that may not be read, when being there is all that counts.
    pub fn add_unread(&mut self) {
        self.passed += 1;
    }

    /// Notes a process that may not be read and might pass.
    pub fn add_unreadable(&mut self) {
        self.unreadable += 1;
    }

    /// Notes that /proc lists not all processes.
    pub fn set_hidden(&mut self) {
        self.hidden = true;
    }

    /// The verdict.
    pub fn report(&self, filter: &Filter) -> Report {
        let state = self.state();
        let noun = if self.passed == 1 { "process" } else { "processes" };
        let mut text = String::new();
        if self.metric != Metric::Procs {
            let _ = match state {
                State::Critical => write!(text, "{} crit, {} warn out of ", self.critical, self.warning),
                State::Warning => write!(text, "{} warn out of ", self.warning),
                State::Ok | State::Unknown => Ok(()),
            };
        }
        let _ = write!(text, "{} {noun}", self.passed);
        let filters = filter.text();
        if !filters.is_empty() {
            let _ = write!(text, " with {filters}");
        }
        if !self.names.is_empty() {
            let more = if self.warning + self.critical > SHOWN as u64 { ", …" } else { "" };
            let _ = write!(text, " [{}{more}]", self.names.join(", "));
        }
        if self.is_incomplete() {
            text.push_str(&self.incomplete());
        }
        // the peer names what was judged: `RSS CRITICAL: 1 crit, …`
        let mut report = Report::new(state, text).titled(self.metric.name());
        for perfdata in self.perfdata() {
            report = report.perf(perfdata);
        }
        for line in &self.lines {
            report = report.detail(1, line.as_str());
        }
        if self.verbosity > 0 && self.passed > self.lines.len() as u64 {
            report = report.detail(1, format!("and {} more", self.passed - self.lines.len() as u64));
        }
        report
    }

    fn is_incomplete(&self) -> bool {
        self.hidden || self.unreadable > 0
    }

    /// What was not seen can make a count higher, and other processes worse, never better. So only
    /// what is certain in spite of it is told; the rest is unknown.
    fn state(&self) -> State {
        let passed = self.passed as f64;
        let complete = !self.is_incomplete();
        let unknown = if complete || self.thresholds.is_empty() { State::Ok } else { State::Unknown };
        let beyond = |range: &Option<Range>| {
            range.as_ref().is_some_and(|range| !range.is_inside() && passed > range.end())
        };
        match self.metric {
            Metric::Procs if complete => self.thresholds.state(passed),
            Metric::Procs if beyond(&self.thresholds.critical) => State::Critical,
            Metric::Procs if beyond(&self.thresholds.warning) => State::Warning,
            Metric::Procs => unknown,
            _ if self.critical > 0 => State::Critical,
            _ if self.warning > 0 => State::Warning,
            _ => unknown,
        }
    }

    fn incomplete(&self) -> String {
        let what = if self.hidden {
            "; those of others are hidden".to_owned()
        } else {
            format!("; {} more may not be read", self.unreadable)
        };
        format!(
            "{what} (/proc is mounted with hidepid): run as root or in the group of its option gid=, or count your own with -u"
        )
    }

    fn perfdata(&self) -> Vec<Perfdata> {
        let count = |label, value: u64| Perfdata::new(label, value as f64, Uom::None);
        let procs = count("procs", self.passed);
        if self.metric == Metric::Procs {
            let (warning, critical) = (&self.thresholds.warning, &self.thresholds.critical);
            return vec![procs.thresholds(warning.as_ref(), critical.as_ref()).min(0.0)];
        }
        let warning = count("procs_warn", self.warning);
        vec![procs.min(0.0), warning.min(0.0), count("procs_crit", self.critical).min(0.0)]
    }
}

/// A process in one line, as the peer shows it with `-vv`.
fn line(process: &Process, shown: Shown) -> String {
    let user = shown.user.map_or_else(|| "?".to_owned(), |user| user.to_string());
    let arguments = String::from_utf8_lossy(shown.arguments);
    let short: String = arguments.chars().take(SHOWN_ARGUMENTS).collect();
    let Process { pid, parent, name, letters, virtual_size, resident, percent, age, .. } = process;
    format!(
        "Matched: uid={user} vsz={virtual_size} rss={resident} pid={pid} ppid={parent} pcpu={percent:.2} \
         stat={letters} etime={age:.0} prog={} args={short}",
        String::from_utf8_lossy(name),
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::Args;
    use crate::stat::Stat;
    use crate::stat::tests::{CLOCK, RECORDED};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// All recorded processes, judged with these options.
    fn judged(arguments: &[&str], verbosity: u8, seen: impl Fn(&mut Tally)) -> String {
        let line = std::iter::once("check_procs").chain(arguments.iter().copied());
        let args = Line::try_parse_from(line).expect("options").args;
        let filter = Filter::new(&args, None);
        let mut tally = Tally::new(args.metric, args.thresholds(), verbosity);
        for line in RECORDED.lines() {
            let stat = Stat::parse(line.as_bytes()).expect("a line of stat");
            let process = Process::of(&stat, &CLOCK, false);
            if filter.passes(&process) {
                tally.add(&process, Shown { user: Some(0), arguments: b"x -y" });
            }
        }
        seen(&mut tally);
        tally.report(&filter).render("PROCS", ": ", verbosity)
    }

    #[test]
    fn counts_as_the_peer_says_it() {
        let plain = |arguments: &[&str]| judged(arguments, 0, |_| {});
        assert_eq!(plain(&[]), "PROCS OK: 9 processes | procs=9;;;0\n");
        assert_eq!(
            plain(&["-w", "1:100", "-c", "1:200", "-C", "bash"]),
            "PROCS OK: 1 process with command name 'bash' | procs=1;1:100;1:200;0\n"
        );
        assert_eq!(plain(&["-w", "5", "-c", "8"]), "PROCS CRITICAL: 9 processes | procs=9;5;8;0\n");
        assert_eq!(plain(&["5", "20"]), "PROCS WARNING: 9 processes | procs=9;5;20;0\n");
        assert_eq!(
            plain(&["-c", "1:", "-C", "sshd"]),
            "PROCS CRITICAL: 0 processes with command name 'sshd' | procs=0;;1:;0\n"
        );
    }

    #[test]
    fn judges_each_process_by_another_metric() {
        let verbose = judged(&["-m", "rss", "-w", "1000", "-c", "20000"], 1, |_| {});
        let mut lines = verbose.lines();
        assert_eq!(
            lines.next(),
            Some(
                "RSS CRITICAL: 1 crit, 3 warn out of 9 processes [process_api, bash, sleep, python3] | procs=9;;;0 procs_warn=3;;;0 procs_crit=1;;;0"
            )
        );
        assert_eq!(
            lines.next(),
            Some(
                "Matched: uid=0 vsz=51152 rss=21948 pid=1 ppid=0 pcpu=0.30 stat=Sl etime=1999 prog=process_api args=x -y"
            )
        );
        assert_eq!(lines.count(), 8);
        let plain = |arguments: &[&str]| judged(arguments, 0, |_| {});
        assert_eq!(
            plain(&["-m", "CPU", "-w", "0.2"]),
            "CPU WARNING: 1 warn out of 9 processes | procs=9;;;0 procs_warn=1;;;0 procs_crit=0;;;0\n"
        );
        assert_eq!(
            plain(&["-m", "ELAPSED", "-c", "1000:", "-k", "-p", "0"]),
            "ELAPSED OK: 1 process with PPID = 0 | procs=1;;;0 procs_warn=0;;;0 procs_crit=0;;;0\n"
        );
        assert!(plain(&["-m", "VSZ", "-w", "50000"]).starts_with("VSZ WARNING: 1 warn out of 9"));
    }

    #[test]
    fn what_cannot_be_seen_is_never_good_and_never_missing() {
        let state = |arguments: &[&str], seen: fn(&mut Tally)| {
            let text = judged(arguments, 0, seen);
            text.split([' ', ':']).nth(1).unwrap_or_default().to_owned()
        };
        let hidden: fn(&mut Tally) = Tally::set_hidden;
        let unreadable: fn(&mut Tally) = Tally::add_unreadable;
        for seen in [hidden, unreadable] {
            assert_eq!(state(&[], seen), "OK");
            assert_eq!(state(&["-c", "1:", "-C", "sshd"], seen), "UNKNOWN");
            assert_eq!(state(&["-w", "300"], seen), "UNKNOWN");
            assert_eq!(state(&["-w", "@100:200"], seen), "UNKNOWN");
            assert_eq!(state(&["-c", "8"], seen), "CRITICAL");
            assert_eq!(state(&["-w", "8", "-c", "90"], seen), "WARNING");
            assert_eq!(state(&["-m", "RSS", "-c", "20000"], seen), "CRITICAL");
            assert_eq!(state(&["-m", "RSS", "-c", "90000"], seen), "UNKNOWN");
        }
        assert!(judged(&["-w", "300"], 0, hidden).contains("run as root"));
        assert!(judged(&[], 0, unreadable).contains("; 1 more may not be read"));
    }
}
