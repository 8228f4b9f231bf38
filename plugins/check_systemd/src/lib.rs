//! `check_systemd`: the state of systemd (T35), failed units by name, units that must be active,
//! timers that never fire, and the time the start took.
//!
//! Everything comes over D-Bus, as `systemctl` gets it; nothing is run and no output is parsed.
//! [`bus`] does all I/O and gives a `Sample`; [`judge`] is pure.
//!
//! Options are those of Josef Friedrich's check_systemd, with two differences: `-t` is the timeout
//! here as in every check (the peer's short form of `--dead-timers`), and where the peer tells
//! regular expressions only, `--ignore` takes shell patterns.

mod bus;
mod judge;
mod select;

use check::options::seconds;
use check::{Check, CheckError, Ctx, Definition, Isolation, Range, Report, State};

use crate::select::{Glob, Pattern, UnitName};

/// Options of `check_systemd`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// This unit must be active, and nothing else is looked at; may be repeated. Shell patterns
    /// such as 'getty@*' stand for all loaded units of such names. Without a type, .service is meant
    #[arg(short = 'u', long, visible_alias = "include-unit", value_name = "UNIT")]
    unit: Vec<UnitName>,
    /// Look only at units whose name begins like this regular expression; may be repeated
    #[arg(short = 'I', long, value_name = "REGEX")]
    include: Vec<Pattern>,
    /// Look only at units of these types (service, timer, mount …); may be repeated
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    include_type: Vec<String>,
    /// Leave out units whose name begins like this regular expression; may be repeated
    #[arg(short = 'e', long, value_name = "REGEX")]
    exclude: Vec<Pattern>,
    /// Leave out units of this name; may be repeated
    #[arg(long, value_name = "UNIT")]
    exclude_unit: Vec<UnitName>,
    /// Leave out units of these types; may be repeated
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    exclude_type: Vec<String>,
    /// Leave out units of which the whole name matches this shell pattern (*, ?, [a-z]); may be repeated
    #[arg(long, value_name = "GLOB")]
    ignore: Vec<Glob>,
    /// The units selected by -u, --include or --include-type must be in this state (active,
    /// inactive, failed, activating, deactivating, reloading); CRITICAL if one is not
    #[arg(long, visible_aliases = ["required", "expected-state"], value_name = "STATE")]
    state: Option<String>,
    /// With -u: an inactive unit is no problem, only a failed one is
    #[arg(long)]
    ignore_inactive_state: bool,
    /// Look for timers that will not fire again, or never did though they are enabled
    #[arg(long, visible_alias = "timers")]
    dead_timers: bool,
    /// WARNING if a timer that will not fire again fired so long ago
    #[arg(short = 'W', long, visible_alias = "timers-warning", value_name = "SPAN", default_value = "6d", value_parser = seconds)]
    dead_timers_warning: f64,
    /// CRITICAL if a timer that will not fire again fired so long ago (or never)
    #[arg(short = 'C', long, visible_alias = "timers-critical", value_name = "SPAN", default_value = "7d", value_parser = seconds)]
    dead_timers_critical: f64,
    /// WARNING if the start took longer, in seconds
    #[arg(short = 'w', long, value_name = "RANGE", default_value = "60", allow_hyphen_values = true)]
    warning: Range,
    /// CRITICAL if the start took longer, in seconds
    #[arg(short = 'c', long, value_name = "RANGE", default_value = "120", allow_hyphen_values = true)]
    critical: Range,
    /// Do not judge the time the start took (it stays in the performance data)
    #[arg(short = 'n', long)]
    no_startup_time: bool,
    /// State if units have failed
    #[arg(long, value_name = "STATE", default_value = "critical")]
    degraded: State,
    /// State while the system is still starting: a job that hangs keeps it there for ever
    #[arg(long, value_name = "STATE", default_value = "warning")]
    starting: State,
    /// Ask the user's own systemd, on the session bus
    #[arg(long)]
    user: bool,
    /// Address of the bus, instead of DBUS_SYSTEM_BUS_ADDRESS or the usual socket; for a container:
    /// unix:path=/proc/PID/root/run/dbus/system_bus_socket
    #[arg(long, value_name = "ADDRESS", conflicts_with = "user")]
    address: Option<String>,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_systemd",
        title: "SYSTEMD",
        separator: " - ",
        about: "Checks the state of systemd, failed units, units that must be active, and timers that never fire",
        examples: "Examples:\n  \
            check_systemd\n  \
            check_systemd --ignore 'user@*.service' --exclude 'mnt-.*\\.mount' --dead-timers\n  \
            check_systemd -u nginx -u postgresql@15-main\n  \
            check_systemd -u backup.service --ignore-inactive-state\n\n\
            By itself systemd calls a system degraded as soon as one unit has failed; here the result is\n\
            OK if all failed units are left out by --exclude, --ignore and the like.",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    fn validate(&self) -> Result<(), CheckError> {
        if self.state.is_some()
            && self.unit.is_empty()
            && self.include.is_empty()
            && self.include_type.is_empty()
        {
            return Err(CheckError::usage(
                "--state needs the units that must be in it: add -u, --include or --include-type",
            ));
        }
        Ok(())
    }

    async fn run(&self, _ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = bus::measure(self).await?;
        Ok(judge::judge(&sample, self))
    }
}
