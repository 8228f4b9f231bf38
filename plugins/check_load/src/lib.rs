//! `check_load`: the load average, in all or by processor (requirement U01).

mod judge;
mod measure;
mod processes;
mod triple;

use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use triple::Triple;

/// Options of `check_load`, letters as in monitoring-plugins.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// WARNING if the load average of 1, 5 or 15 minutes is higher; fewer numbers: the last is repeated
    #[arg(short = 'w', long, value_name = "LOAD1,LOAD5,LOAD15", required_unless_present = "critical")]
    warning: Option<Triple>,
    /// CRITICAL if the load average of 1, 5 or 15 minutes is higher
    #[arg(short = 'c', long, value_name = "LOAD1,LOAD5,LOAD15")]
    critical: Option<Triple>,
    /// Judge the load average divided by the number of processors
    #[arg(short = 'r', long)]
    percpu: bool,
    /// Show so many of the processes that used most processor time of their life
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1000))]
    procs_to_show: u16,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_load",
        title: "LOAD",
        separator: " - ",
        about: "Checks the load average: how many processes run or wait, over 1, 5 and 15 minutes",
        examples: "Examples:\n  \
            check_load -w 15,10,5 -c 30,25,20\n  \
            check_load -r -w 1.5 -c 3\n      \
            for machines of any size: one and a half processes, or three, for each processor",
        isolation: Isolation::Instant,
        timeout_state: State::Unknown,
    };

    fn validate(&self) -> Result<(), CheckError> {
        let both = self.warning.as_ref().zip(self.critical.as_ref());
        if let Some(minutes) = both.and_then(|(warning, critical)| warning.first_above(critical)) {
            return Err(CheckError::usage(format!(
                "the {minutes}-minute load for -w is higher than the one for -c"
            )));
        }
        Ok(())
    }

    async fn run(&self, _ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self.percpu, usize::from(self.procs_to_show))?;
        Ok(judge::judge(&sample, self))
    }
}
