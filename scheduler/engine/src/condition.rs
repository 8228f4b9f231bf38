//! How a host or service is.

use std::fmt;

use nagios::State;
use serde::{Deserialize, Serialize};

/// The condition of a host or service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// A service is well.
    Ok,
    /// A service is outside its warning range.
    Warning,
    /// A service does not work.
    Critical,
    /// Nobody could find out about a service.
    Unknown,
    /// A host answers.
    Up,
    /// A host does not answer.
    Down,
    /// A host does not answer, and no parent of it is UP.
    Unreachable,
}

impl Condition {
    /// A service's condition by the state of its check.
    pub const fn of_service(state: State) -> Condition {
        match state {
            State::Ok => Condition::Ok,
            State::Warning => Condition::Warning,
            State::Critical => Condition::Critical,
            State::Unknown => Condition::Unknown,
        }
    }

    /// A host's condition by the state of its check: 0 and 1 are UP, 2 and 3 DOWN; with `aggressive`
    /// (`use_aggressive_host_checking`) 1 is DOWN as well.
    pub const fn of_host(state: State, aggressive: bool) -> Condition {
        match state {
            State::Ok => Condition::Up,
            State::Warning if !aggressive => Condition::Up,
            State::Warning | State::Critical | State::Unknown => Condition::Down,
        }
    }

    /// Anything but OK and UP.
    pub const fn is_problem(self) -> bool {
        !matches!(self, Condition::Ok | Condition::Up)
    }

    /// The letter of notification options: `w c u` for services, `d u` for hosts, `r` when well.
    pub const fn letter(self) -> char {
        match self {
            Condition::Ok | Condition::Up => 'r',
            Condition::Warning => 'w',
            Condition::Critical => 'c',
            Condition::Unknown | Condition::Unreachable => 'u',
            Condition::Down => 'd',
        }
    }

    /// `CRITICAL`, `UNREACHABLE` …
    pub const fn as_str(self) -> &'static str {
        match self {
            Condition::Ok => "OK",
            Condition::Warning => "WARNING",
            Condition::Critical => "CRITICAL",
            Condition::Unknown => "UNKNOWN",
            Condition::Up => "UP",
            Condition::Down => "DOWN",
            Condition::Unreachable => "UNREACHABLE",
        }
    }

    /// Rank for "problems first": DOWN and CRITICAL before WARNING before UNKNOWN and UNREACHABLE.
    pub const fn severity(self) -> u8 {
        match self {
            Condition::Ok | Condition::Up => 0,
            Condition::Unknown | Condition::Unreachable => 1,
            Condition::Warning => 2,
            Condition::Critical => 3,
            Condition::Down => 4,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Has a condition been confirmed?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StateType {
    /// Not often enough in a row: nobody is told.
    Soft,
    /// Confirmed by `max_check_attempts` results in a row.
    Hard,
}

impl StateType {
    /// `SOFT` or `HARD`.
    pub const fn as_str(self) -> &'static str {
        match self {
            StateType::Soft => "SOFT",
            StateType::Hard => "HARD",
        }
    }
}

impl fmt::Display for StateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
