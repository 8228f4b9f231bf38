//! External commands, from the command file and from people.

use std::time::{Duration, Instant};

use engine::external::{self, Command, CommandError};

use super::{Core, now};

/// Refusals that are logged in a second; of more only their number.
const LOGGED: u32 = 10;

const SECOND: Duration = Duration::from_secs(1);

/// Refused lines, so that a flood of them does not flood the log.
#[derive(Debug)]
pub(super) struct Refusals {
    since: Instant,
    count: u32,
}

impl Default for Refusals {
    fn default() -> Refusals {
        Refusals { since: Instant::now(), count: 0 }
    }
}

impl Core {
    /// Carries out one line; gives what was done.
    pub(super) fn command(&mut self, line: &str) -> Result<String, CommandError> {
        self.order(&external::parse(line)?)
    }

    /// Carries out a command.
    pub(super) fn order(&mut self, command: &Command) -> Result<String, CommandError> {
        let at = now();
        let events = external::resolve(command, &self.engine, at)?;
        let done = external::done(&events, &self.engine);
        for event in events {
            self.engine.handle(event, at);
        }
        Ok(done)
    }

    /// Lines of the command file. Nobody waits for an answer: the log has it.
    pub(super) fn commands(&mut self, lines: &[String]) {
        for line in lines {
            match self.command(line) {
                Ok(done) => tracing::debug!("external command: {done}"),
                Err(error) => self.refuse(&error),
            }
        }
    }

    fn refuse(&mut self, error: &CommandError) {
        self.tell_refusals();
        self.refusals.count = self.refusals.count.saturating_add(1);
        if self.refusals.count <= LOGGED {
            tracing::warn!("external command refused: {error}");
        }
    }

    /// Says how many refusals were not logged one by one, when their second is over.
    pub(super) fn tell_refusals(&mut self) {
        if self.refusals.count > 0 && self.refusals.since.elapsed() >= SECOND {
            let more = self.refusals.count.saturating_sub(LOGGED);
            if more > 0 {
                tracing::warn!("{more} more external commands were refused");
            }
            self.refusals.count = 0;
        }
        if self.refusals.count == 0 {
            self.refusals.since = Instant::now();
        }
    }
}
