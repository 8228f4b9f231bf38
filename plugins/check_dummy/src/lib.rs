//! `check_dummy`: the state and text that it is given. For templates of passive services, and for
//! trying out what a state does.

use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};

/// Options of `check_dummy`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The state to be in: 0 to 3, or ok, warning, critical, unknown
    #[arg(value_name = "STATE")]
    state: State,
    /// The text to print
    #[arg(value_name = "TEXT", default_value = "")]
    text: String,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_dummy",
        title: "",
        separator: ": ",
        about: "Returns the state and prints the text that it is given",
        examples: "Examples:\n  check_dummy 0 'all is well'\n  check_dummy critical",
        isolation: Isolation::Instant,
        timeout_state: State::Unknown,
    };

    async fn run(&self, _ctx: &Ctx) -> Result<Report, CheckError> {
        Ok(Report::new(self.state, self.text.clone()))
    }
}
