//! The four states of the plugin convention.

use std::fmt;
use std::str::FromStr;

/// What a check says of its service. The discriminant is the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum State {
    /// All is well.
    #[default]
    Ok = 0,
    /// Outside the warning range.
    Warning = 1,
    /// Outside the critical range, or the thing checked does not work.
    Critical = 2,
    /// The check could not find out: wrong arguments, missing rights, an internal error.
    Unknown = 3,
}

impl State {
    /// The exit code of the plugin convention, 0 to 3.
    pub const fn exit_code(self) -> u8 {
        self as u8
    }

    /// The state of an exit code; anything outside 0 to 3 is UNKNOWN, as Nagios and Icinga 2 take it.
    pub const fn from_exit_code(code: i32) -> State {
        match code {
            0 => State::Ok,
            1 => State::Warning,
            2 => State::Critical,
            _ => State::Unknown,
        }
    }

    /// The worse of two states: OK < UNKNOWN < WARNING < CRITICAL, so that a check which knows of a
    /// failure says so even if it could not look everywhere.
    #[must_use]
    pub fn worst(self, other: State) -> State {
        if other.severity() > self.severity() { other } else { self }
    }

    /// Rank for sorting "problems first": OK 0, UNKNOWN 1, WARNING 2, CRITICAL 3.
    pub const fn severity(self) -> u8 {
        match self {
            State::Ok => 0,
            State::Unknown => 1,
            State::Warning => 2,
            State::Critical => 3,
        }
    }

    /// `OK`, `WARNING`, `CRITICAL` or `UNKNOWN`.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Ok => "OK",
            State::Warning => "WARNING",
            State::Critical => "CRITICAL",
            State::Unknown => "UNKNOWN",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no state.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no state: use ok, warning, critical, unknown or 0 to 3")]
pub struct ParseStateError(String);

impl FromStr for State {
    type Err = ParseStateError;

    /// Reads a name in any case, its first letter or short form (`warn`, `crit`), or an exit code.
    fn from_str(text: &str) -> Result<State, ParseStateError> {
        match text.to_ascii_lowercase().as_str() {
            "ok" | "o" | "0" => Ok(State::Ok),
            "warning" | "warn" | "w" | "1" => Ok(State::Warning),
            "critical" | "crit" | "c" | "2" => Ok(State::Critical),
            "unknown" | "unkn" | "u" | "3" => Ok(State::Unknown),
            _ => Err(ParseStateError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_go_both_ways() {
        for state in [State::Ok, State::Warning, State::Critical, State::Unknown] {
            assert_eq!(State::from_exit_code(i32::from(state.exit_code())), state);
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        for code in [-1, 4, 127, 255, i32::MAX] {
            assert_eq!(State::from_exit_code(code), State::Unknown);
        }
        assert!("fine".parse::<State>().is_err());
    }

    #[test]
    fn a_known_failure_outweighs_what_could_not_be_seen() {
        assert_eq!(State::Unknown.worst(State::Warning), State::Warning);
        assert_eq!(State::Ok.worst(State::Unknown), State::Unknown);
        assert_eq!(State::Critical.worst(State::Unknown), State::Critical);
    }
}
