//! What a check makes of a command line, asked without running it: one [`Question`] a line of JSON,
//! one [`Answer`] a line, in the same order.

use nagios::Examined;
use serde::{Deserialize, Serialize};

/// A question has so many bytes at most.
pub const MAX_QUESTION: usize = 4 * 1024 * 1024;

/// A command line of one of our own checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Name of the check.
    pub check: String,
    /// What follows it.
    pub arguments: Vec<String>,
    /// Places of arguments that are known at run time only; what stands there is an example.
    #[serde(default)]
    pub open: Vec<usize>,
}

/// What the check makes of it; none if there is no such check.
pub type Answer = Option<Examined>;
