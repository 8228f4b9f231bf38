//! `check_swap`: how much swap space is left, in all or on each device (requirement T32).

mod judge;
mod limit;
mod measure;

use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use limit::Limit;

/// Options of `check_swap`, letters as in monitoring-plugins.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// WARNING if so many bytes or fewer are free (104857600), or so many percent (20%)
    #[arg(short = 'w', long, value_name = "BYTES|PERCENT%", required_unless_present = "critical")]
    warning: Option<Limit>,
    /// CRITICAL if so many bytes or fewer are free, or so many percent
    #[arg(short = 'c', long, value_name = "BYTES|PERCENT%")]
    critical: Option<Limit>,
    /// Judge each swap device and file too, not only their sum
    #[arg(short = 'a', long)]
    allswaps: bool,
    /// State if there is no swap at all
    #[arg(short = 'n', long, value_name = "STATE", default_value = "critical")]
    no_swap: State,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_swap",
        title: "SWAP",
        separator: " - ",
        about: "Checks how much swap space is left",
        examples: "Examples:\n  \
            check_swap -w 50% -c 20%\n  \
            check_swap -w 20% -c 10% --no-swap ok\n  \
            check_swap -w 1073741824 -c 268435456 --allswaps",
        isolation: Isolation::Instant,
        timeout_state: State::Unknown,
    };

    fn validate(&self) -> Result<(), CheckError> {
        if let (Some(warning), Some(critical)) = (self.warning, self.critical)
            && warning.is_less_than(critical)
        {
            return Err(CheckError::usage("-w must ask for as much free space as -c, or more"));
        }
        Ok(())
    }

    async fn run(&self, _ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self.allswaps)?;
        Ok(judge::judge(&sample, self))
    }
}
