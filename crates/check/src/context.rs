//! What a running check is told besides its own options.

use std::time::{Duration, Instant};

/// Deadline and verbosity of one run.
#[derive(Clone, Copy, Debug)]
pub struct Ctx {
    /// How often `-v` was given: 0 one line, 1 details, 2 what was done, 3 everything.
    pub verbosity: u8,
    /// What `-t` says, for messages.
    pub timeout: Duration,
    deadline: Instant,
}

impl Ctx {
    /// A run that starts now and ends after `timeout`.
    pub fn new(timeout: Duration, verbosity: u8) -> Ctx {
        Ctx { verbosity, timeout, deadline: Instant::now() + timeout }
    }

    /// The moment at which the check is cut off.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Time left, zero when the deadline has passed.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}
