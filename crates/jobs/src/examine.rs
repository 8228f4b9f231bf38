//! What a check makes of a command line, asked without running it: one [`Question`] a line of JSON,
//! one [`Answer`] a line, in the same order.

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

/// What the check makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// There is no such check.
    Unknown,
    /// It takes them.
    Taken(Vec<Doubt>),
    /// It would be UNKNOWN whenever it runs.
    Refused {
        /// What it says.
        why: String,
        /// The word that is refused; it may be a secret.
        culprit: Option<String>,
        /// Options that it has, if the word is none of them.
        options: Vec<String>,
    },
}

/// What a check takes, and nobody can have meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// A range that alerts at no value.
    NeverAlerts {
        /// Of which option.
        option: String,
        /// The range.
        range: String,
    },
    /// A warning that nobody sees.
    Hidden {
        /// Option and range.
        warning: String,
        /// Option and range that always counts instead.
        critical: String,
    },
    /// A secret stands there.
    Secret {
        /// Of which option.
        option: String,
    },
}
