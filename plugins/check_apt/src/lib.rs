//! `check_apt`: were all indices fetched recently (T34), what waits to be upgraded, and what APT
//! leaves undone (holds, half-configured packages, a reboot).
//!
//! `measure` does all I/O: it runs `apt-get`, which is why every run has a process of its own,
//! and reads a few files. `judge` is pure. [`freshness`] holds what is known about how to tell a
//! successful `apt-get update` from one that only says so; read it first.
//!
//! Options are those of monitoring-plugins' check_apt, with one difference: the options given to
//! `-U` and `-d` are added to the simulation, and cannot turn it into a real upgrade.

mod command;
mod dpkg;
mod freshness;
mod judge;
mod kernel;
mod lists;
mod measure;
mod release;
mod sources;
mod updates;

use std::path::PathBuf;

use check::options::seconds;
use check::{Check, CheckError, Ctx, Definition, Isolation, Range, Report, State};

use crate::command::Words;
use crate::updates::Pattern;

/// Options of `check_apt`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Simulate `apt-get upgrade` (the default), with more options for apt-get if given (-U'-o …')
    #[arg(short = 'U', long, value_name = "OPTIONS", num_args = 0..=1, default_missing_value = "")]
    upgrade: Option<Words>,
    /// Simulate `apt-get dist-upgrade` instead, with more options for apt-get if given
    #[arg(short = 'd', long, value_name = "OPTIONS", num_args = 0..=1, default_missing_value = "", conflicts_with = "upgrade")]
    dist_upgrade: Option<Words>,
    /// Do not look for upgrades, only at the indices and the state of the packages; 0 upgrades are told
    /// then, as monitoring-plugins do
    #[arg(short = 'n', long)]
    no_upgrade: bool,
    /// Run `apt-get update` first (needs root; raise -t), with more options for apt-get if given
    #[arg(short = 'u', long, value_name = "OPTIONS", num_args = 0..=1, default_missing_value = "")]
    update: Option<Words>,
    /// List all packages that can be upgraded, security updates first
    #[arg(short = 'l', long)]
    list: bool,
    /// Count only upgrades of which apt-get's line matches this regular expression; may be repeated
    #[arg(short = 'i', long, value_name = "REGEX")]
    include: Vec<Pattern>,
    /// Do not count upgrades of which apt-get's line matches this regular expression; may be repeated
    #[arg(short = 'e', long, value_name = "REGEX")]
    exclude: Vec<Pattern>,
    /// CRITICAL if apt-get's line of an upgrade matches this regular expression; may be repeated.
    /// Not a number: see -w. Without it security updates of Debian, Ubuntu and Ubuntu ESM are critical
    #[arg(short = 'c', long, value_name = "REGEX", value_parser = updates::critical_pattern)]
    critical: Vec<Pattern>,
    /// Only critical upgrades change the state
    #[arg(short = 'o', long)]
    only_critical: bool,
    /// WARNING from so many upgrades on
    #[arg(short = 'w', long, value_name = "NUMBER", default_value_t = 1)]
    packages_warning: u32,
    /// CRITICAL from so many upgrades on
    #[arg(long, value_name = "NUMBER")]
    packages_critical: Option<u32>,
    /// WARNING if the indices of a source were fetched or confirmed so long ago
    #[arg(long, value_name = "SPAN", default_value = "2d", value_parser = seconds)]
    update_age_warning: f64,
    /// CRITICAL if the indices of a source were fetched or confirmed so long ago
    #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = seconds)]
    update_age_critical: f64,
    /// A file that APT touches after each update that reached a source; judged by the same limits (see below)
    #[arg(long, value_name = "FILE")]
    stamp: Option<PathBuf>,
    /// State if the last download of a source was refused (bad signature, expired, wrong hash) or
    /// broken off; to see that, the check needs root
    #[arg(long, value_name = "STATE", default_value = "warning")]
    refused: State,
    /// Do not look at the age of the indices
    #[arg(long)]
    no_freshness: bool,
    /// State if packages are on hold; ok: only tell
    #[arg(long, value_name = "STATE", default_value = "ok")]
    held: State,
    /// State if packages are half installed or not configured; ok: only tell
    #[arg(long, value_name = "STATE", default_value = "warning")]
    broken: State,
    /// State if the machine has to be rebooted; ok: only tell
    #[arg(long, value_name = "STATE", default_value = "ok")]
    reboot: State,
    /// Look at the APT of another root directory, wholly apart from this system's configuration
    #[arg(long, value_name = "DIR", value_parser = measure::root_dir)]
    root: Option<PathBuf>,
    /// Read the output of a simulated apt-get from a file; nothing else is looked at then
    #[arg(long, value_name = "FILE", conflicts_with_all = ["update", "root", "stamp"])]
    input_file: Option<PathBuf>,
}

impl Args {
    /// The verb of apt-get.
    fn verb(&self) -> &'static str {
        if self.dist_upgrade.is_some() { "dist-upgrade" } else { "upgrade" }
    }

    fn age_limits(&self) -> [Range; 2] {
        [Range::up_to(self.update_age_warning), Range::up_to(self.update_age_critical)]
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_apt",
        title: "APT",
        separator: ": ",
        about: "Checks that APT's indices are fresh, and for upgrades, holds, broken packages and reboots",
        examples: "Examples:\n  \
            check_apt\n  \
            check_apt -d -o --update-age-warning 36h --update-age-critical 3d --reboot warning\n  \
            check_apt -n --update-age-warning 1d\n  \
            check_apt -c '^Inst (openssl|openssh-server) ' -l\n\n\
            The age is that of the last time APT fetched a source or was told that it has not changed,\n\
            and verified it: `apt-get update` exits 0 also if it reached none. For sources without any\n\
            signature nothing on disk tells of an update without changes; a stamp does, by a line in\n\
            /etc/apt/apt.conf.d/ (and --stamp):\n  \
            APT::Update::Post-Invoke-Success { \"touch /var/lib/apt/update-stamp\"; };\n\
            It tells that one source at least was reached, not that all were.",
        isolation: Isolation::Process,
        timeout_state: State::Unknown,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx)?;
        Ok(judge::judge(&sample, self))
    }
}
