//! What a check makes of a command line that it does not run: [`Examined`].

use serde::{Deserialize, Serialize};

/// What became of a command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Examined {
    /// The check takes it.
    Taken(Vec<Doubt>),
    /// The check would be UNKNOWN whenever it runs.
    Refused {
        /// What the check says, in one line.
        why: String,
        /// The word, or the value in it, that is refused. It may be a secret: not for messages.
        culprit: Option<String>,
        /// Long options that the check has, if the word looks like one and is none.
        options: Vec<String>,
    },
}

/// What a check takes, and nobody can have meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// A range that alerts at no value that there can be.
    NeverAlerts {
        /// `--critical`.
        option: String,
        /// As it is printed.
        range: String,
    },
    /// A warning that nobody sees, since the critical range alerts wherever it does.
    Hidden {
        /// `--warning` with its range.
        warning: String,
        /// `--critical` with its range.
        critical: String,
    },
    /// A secret stands there.
    Secret {
        /// `--password`.
        option: String,
    },
}
