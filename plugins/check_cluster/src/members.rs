//! The states of the members, and how many are in which.

use std::fmt;
use std::str::FromStr;

/// How many members are in each of the states 0 to 3; there is at least one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Members([usize; 4]);

/// What the members are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Services,
    Hosts,
}

/// How many members are in which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tally {
    Services { ok: usize, warning: usize, unknown: usize, critical: usize },
    Hosts { up: usize, down: usize, unreachable: usize },
}

impl Members {
    /// How many are in which state, as services or as hosts, which know no 3. (The peer forgets
    /// such a host.)
    pub(crate) fn tally(self, kind: Kind) -> Result<Tally, String> {
        let Members([zero, one, two, three]) = self;
        match kind {
            Kind::Services => Ok(Tally::Services { ok: zero, warning: one, unknown: three, critical: two }),
            Kind::Hosts if three > 0 => {
                Err("`3` is no state of a host: it is 0 up, 1 down or 2 unreachable".to_owned())
            }
            Kind::Hosts => Ok(Tally::Hosts { up: zero, down: one, unreachable: two }),
        }
    }
}

impl FromStr for Members {
    type Err = String;

    fn from_str(text: &str) -> Result<Members, String> {
        let mut members = Members::default();
        for (i, word) in text.split(',').enumerate() {
            let state = match word {
                "0" => 0,
                "1" => 1,
                "2" => 2,
                "3" => 3,
                "" => return Err(format!("state {} is empty: a macro may have found nothing", i + 1)),
                _ => {
                    return Err(format!(
                        "`{word}` is no state: write 0, 1, 2 or 3, with commas between them"
                    ));
                }
            };
            members.0[state] += 1;
        }
        Ok(members)
    }
}

impl Tally {
    /// All members.
    pub(crate) fn total(&self) -> usize {
        match self {
            Tally::Services { ok, .. } => ok + self.not_ok(),
            Tally::Hosts { up, .. } => up + self.not_ok(),
        }
    }

    /// Those in any state but OK or up.
    pub(crate) fn not_ok(&self) -> usize {
        match self {
            Tally::Services { warning, unknown, critical, .. } => warning + unknown + critical,
            Tally::Hosts { down, unreachable, .. } => down + unreachable,
        }
    }

    /// The share of those, 0 to 100.
    pub(crate) fn percent(&self) -> f64 {
        (self.not_ok() * 100) as f64 / self.total() as f64
    }
}

/// As the peer lists them.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tally::Services { ok, warning, unknown, critical } => {
                write!(f, "{ok} ok, {warning} warning, {unknown} unknown, {critical} critical")
            }
            Tally::Hosts { up, down, unreachable } => {
                write!(f, "{up} up, {down} down, {unreachable} unreachable")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_numbers_with_commas() {
        let members: Members = "2,0,3,1,0".parse().expect("states");
        let tally = members.tally(Kind::Services).expect("states of services");
        assert_eq!(tally.to_string(), "2 ok, 1 warning, 1 unknown, 1 critical");
        assert_eq!((tally.total(), tally.not_ok(), tally.percent()), (5, 3, 60.0));
        assert!(members.tally(Kind::Hosts).is_err());
        for bad in ["", "0,,1", "0,1,", "4", "-1", "x", "0, 1", "00"] {
            assert!(bad.parse::<Members>().is_err(), "{bad}");
        }
        assert!("0,,1".parse::<Members>().unwrap_err().contains("state 2 is empty"));
    }
}
