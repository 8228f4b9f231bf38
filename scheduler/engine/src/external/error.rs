//! Why a command is not carried out.

use crate::graph::Identity;

/// Why a command is not carried out. No message repeats text of a command but names in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Nothing there.
    #[error("no command; write `[TIME] NAME;argument;…`")]
    Empty,
    /// A line without end.
    #[error("the line is longer than 64 KB")]
    TooLong,
    /// A terminal would obey it.
    #[error(
        "the line contains control characters; only tabs are allowed (write \\n for a new line in an output)"
    )]
    Control,
    /// What stands in brackets is no time.
    #[error("`[TIME]` is not a time in seconds since 1970")]
    Time,
    /// No such command.
    #[error("there is no command `{name}`{}", hint(.nearest.as_deref()))]
    Unknown {
        /// What was written, cut to a sensible length.
        name: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// A command that Nagios has and hlidka does not want.
    #[error("{name} is not supported: {reason}")]
    Refused {
        /// Which.
        name: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// An argument is not there.
    #[error("{name}: {argument} is missing; write {name};{signature}")]
    Missing {
        /// The command.
        name: &'static str,
        /// The argument.
        argument: &'static str,
        /// All arguments.
        signature: String,
    },
    /// An argument is not what it must be.
    #[error("{name}: {argument} `{value}` is not {wanted}; write {name};{signature}")]
    Malformed {
        /// The command.
        name: &'static str,
        /// The argument.
        argument: &'static str,
        /// What was written, cut to a sensible length.
        value: String,
        /// What it must be.
        wanted: &'static str,
        /// All arguments.
        signature: String,
    },
    /// The configuration has no such thing.
    #[error("there is no {kind} `{name}`{}", hint(.nearest.as_deref()))]
    NoSuch {
        /// `host`, `service`, `host group`, `service group`, `host downtime` …
        kind: &'static str,
        /// Its name, or number.
        name: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// There is nothing to do.
    #[error("{0}")]
    Nothing(String),
    /// A result that came too late.
    #[error("the result for {object} is older than its last check: dropped")]
    Late {
        /// Of what.
        object: Identity,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; nearest known: `{nearest}`")).unwrap_or_default()
}

/// What somebody wrote, short enough for a message, on one line.
pub(super) fn shortened(text: &str) -> String {
    const ENOUGH: usize = 80;
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = plain.take(ENOUGH).collect();
    if text.chars().nth(ENOUGH).is_some() {
        short.push('…');
    }
    short
}
