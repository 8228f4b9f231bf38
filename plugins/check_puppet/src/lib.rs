//! `check_puppet`: did the Puppet agent run lately, and did all of it work?
//!
//! Reads what the agent leaves behind: `last_run_summary.yaml` (all of it, typed), the head and the
//! tail of `last_run_report.yaml` (the rest only to name what failed), and two lock files. Runs
//! neither puppet nor Ruby.
//!
//! Read [`judge`] first: it lists what can be wrong.

mod judge;
mod locks;
mod place;
mod report;
mod summary;
mod text;

use std::path::PathBuf;

use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};

use crate::judge::Limits;
use crate::place::{Place, Wanted};

/// Options of `check_puppet`, letters as in check_puppet_agent.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// WARNING if the last run is longer ago than this, or the present one has been running for
    /// longer (seconds, or 45m, 2h, 1d)
    #[arg(short = 'w', long, value_name = "SPAN", default_value = "3600", value_parser = check::options::seconds)]
    warning: f64,
    /// CRITICAL likewise
    #[arg(short = 'c', long, value_name = "SPAN", default_value = "7200", value_parser = check::options::seconds)]
    critical: f64,
    /// The agent's summary; without it the places where Debian's and Puppet's own packages put it
    #[arg(short = 's', long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// The agent's state directory, which has its report and its lock files [default: beside the summary]
    #[arg(short = 'S', long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// The agent's report [default: last_run_report.yaml in the state directory]
    #[arg(short = 'r', long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The lock file of a disabled agent [default: agent_disabled.lock in the state directory]
    #[arg(short = 'l', long, value_name = "FILE")]
    lockfile: Option<PathBuf>,
    /// A disabled agent is OK
    #[arg(short = 'd', long, conflicts_with = "disabled")]
    disabled_ok: bool,
    /// State if the agent is disabled
    #[arg(long, value_name = "STATE", default_value = "warning")]
    disabled: State,
    /// State if the last run only simulated changes (noop) and there are some to make
    #[arg(long, value_name = "STATE", default_value = "ok")]
    noop: State,
    /// State if the last run put back what had been changed on the machine
    #[arg(long, value_name = "STATE", default_value = "ok")]
    corrective: State,
    /// For check_puppet_agent's users; performance data are always printed
    #[arg(short = 'P', long = "perfdata", hide = true)]
    _perfdata: bool,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_puppet",
        title: "PUPPET",
        separator: ": ",
        about: "Judges the last run of the Puppet agent",
        examples: "Examples:\n  \
            check_puppet\n  \
            check_puppet -w 45m -c 2h -d\n  \
            check_puppet -s /opt/puppetlabs/puppet/public/last_run_summary.yaml --corrective warning",
        isolation: Isolation::Instant,
        timeout_state: State::Unknown,
    };

    async fn run(&self, _ctx: &Ctx) -> Result<Report, CheckError> {
        let wanted = Wanted {
            summary: self.summary.as_deref(),
            state: self.state_dir.as_deref(),
            report: self.report.as_deref(),
            disabled: self.lockfile.as_deref(),
        };
        let sample = place::measure(&Place::find(&wanted)?)?;
        Ok(judge::judge(&sample, &self.limits()))
    }
}

impl Args {
    fn limits(&self) -> Limits {
        Limits {
            warning: self.warning,
            critical: self.critical,
            disabled: if self.disabled_ok { State::Ok } else { self.disabled },
            noop: self.noop,
            corrective: self.corrective,
        }
    }
}
