//! `check_procs`: counts processes, or judges the memory, processor time or age of each.
//!
//! Reads /proc itself, in one pass: a line of `stat` for every process, and its owner, arguments
//! or locked memory only where a filter asks. Nothing is kept of a process that has been judged, so
//! memory stays below 200 KiB whatever runs on the machine: a buffer for one `stat`, one for the
//! arguments of one process (their first 128 KiB count, as in ps), and the first 100 names and lines
//! for `-v`.
//!
//! Arguments (`-a`) are read from the process's own memory: if that is stuck in the kernel, so is the
//! read, in ps as here; a check without `-a` never touches it.

mod filter;
mod judge;
mod process;
mod recorded;
mod scan;
mod stat;
mod users;

use std::path::{Path, PathBuf};

use check::options::ThresholdOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Range, Report, State, Thresholds};
use clap::ValueEnum;
use regex::bytes::{Regex, RegexBuilder};

use crate::filter::Filter;
use crate::judge::Tally;

/// Options of `check_procs`, letters as in monitoring-plugins.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The number of processes, or with --metric the value of each of them
    #[command(flatten)]
    thresholds: ThresholdOptions,
    /// What is compared with the thresholds: the number of processes, or of each process the
    /// virtual or resident size in KiB, the processor time in percent of its age, or its age in seconds
    #[arg(short = 'm', long, value_name = "METRIC", default_value = "PROCS", ignore_case = true)]
    metric: Metric,
    /// Only processes whose flags, as `ps` shows them under STAT, contain this text (Z, Ss, R+), or
    /// that are in one of these states (DZ, RSDZT)
    #[arg(short = 's', long, visible_alias = "state", value_name = "FLAGS")]
    status: Option<String>,
    /// Only children of this process
    #[arg(short = 'p', long, value_name = "PID")]
    ppid: Option<u32>,
    /// Only processes with at least so much virtual memory, in KiB
    #[arg(short = 'z', long, value_name = "KIB")]
    vsz: Option<u64>,
    /// Only processes with at least so much resident memory, in KiB
    #[arg(short = 'r', long, value_name = "KIB")]
    rss: Option<u64>,
    /// Only processes with at least so much processor time, in percent of their age
    #[arg(short = 'P', long, value_name = "PERCENT", value_parser = percent)]
    pcpu: Option<f64>,
    /// Only processes of this user, a name of /etc/passwd or a number (effective user)
    #[arg(short = 'u', long, value_name = "USER")]
    user: Option<String>,
    /// Only processes whose command line contains this text
    #[arg(short = 'a', long, value_name = "TEXT", allow_hyphen_values = true)]
    argument_array: Option<String>,
    /// Only processes whose command line matches this regular expression
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true, value_parser = regex)]
    ereg_argument_array: Option<Regex>,
    /// Only processes of this name, without path; or of one of several, with commas
    #[arg(short = 'C', long, value_name = "NAME[,NAME]")]
    command: Option<String>,
    /// No processes of these names
    #[arg(short = 'X', long, value_name = "NAME[,NAME]")]
    exclude_process: Option<String>,
    /// No kernel threads
    #[arg(short = 'k', long)]
    no_kthreads: bool,
    /// Leave out this process by its number only, not others that run the same program
    #[arg(short = 'T', long = "traditional", alias = "traditional-filter")]
    traditional: bool,
    /// Read this recording of `ps axwwo 'stat uid pid ppid vsz rss pcpu etime comm args'` instead of
    /// /proc
    #[arg(long, value_name = "FILE")]
    input_file: Option<PathBuf>,
    #[arg(value_name = "WARNING", conflicts_with = "warning", hide = true)]
    positional_warning: Option<Range>,
    #[arg(value_name = "CRITICAL", conflicts_with = "critical", hide = true)]
    positional_critical: Option<Range>,
    #[arg(value_name = "FLAGS", conflicts_with = "status", hide = true)]
    positional_status: Option<String>,
}

/// What is compared with the thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
enum Metric {
    Procs,
    Vsz,
    Rss,
    Cpu,
    Elapsed,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Metric::Procs => "PROCS",
            Metric::Vsz => "VSZ",
            Metric::Rss => "RSS",
            Metric::Cpu => "CPU",
            Metric::Elapsed => "ELAPSED",
        }
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err(format!("`{text}` is no percentage: use 0 or more, for example 12.5")),
    }
}

/// By bytes, as the peer's in the C locale: a command line may hold any.
fn regex(text: &str) -> Result<Regex, String> {
    let builder = &mut RegexBuilder::new(text);
    builder.unicode(false).size_limit(1024 * 1024).build().map_err(|error| error.to_string())
}

impl Args {
    fn thresholds(&self) -> Thresholds {
        let given = self.thresholds.thresholds();
        Thresholds::new(
            given.warning.or_else(|| self.positional_warning.clone()),
            given.critical.or_else(|| self.positional_critical.clone()),
        )
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_procs",
        title: "PROCS",
        separator: ": ",
        about: "Counts processes, or judges the memory, processor time or age of each",
        examples: "Examples:\n  \
            check_procs -w 300 -c 500\n  \
            check_procs -c 1: -C sshd\n  \
            check_procs -w 5 -c 10 -s Z\n  \
            check_procs -m RSS -w 2000000 -c 4000000 -u www-data -v\n  \
            check_procs -m ELAPSED -c 3600 -C rsync",
        isolation: Isolation::Instant,
        timeout_state: State::Unknown,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let user = self.user.as_deref().map(users::find).transpose()?;
        let filter = Filter::new(self, user);
        let mut tally = Tally::new(self.metric, self.thresholds(), ctx.verbosity);
        match &self.input_file {
            Some(file) => recorded::scan(file, &filter, &mut tally)?,
            None => scan::scan(Path::new("/proc"), &filter, self.traditional, &mut tally)?,
        }
        Ok(tally.report(&filter))
    }
}
