//! Aggregates: a service whose state is that of others, `hlidka:cluster!SELECTOR!WARN!CRIT`. Pure.

use std::fmt;
use std::sync::Arc;

use nagios::State;

use crate::counted::counted;
use crate::graph::ObjectId;

/// A service that takes its state from other objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Whose states count, without duplicates, in order of id.
    pub members: Box<[ObjectId]>,
    /// WARNING unless so many are well.
    pub warning: Quorum,
    /// CRITICAL unless so many are well.
    pub critical: Quorum,
    /// The command as it was written, arguments and all.
    pub command: Arc<str>,
}

/// How many members must be well: `>80%`, `>=100%`, `>0`, `>=3`. Without a sign it is `>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quorum {
    /// Is the number itself enough?
    pub or_equal: bool,
    /// The number, in millionths of a percent if `percent`.
    pub number: u64,
    /// Of all members, rather than a count?
    pub percent: bool,
}

/// Millionths of a percent in a percent: decimal fractions of a percentage stay exact.
const PERCENT: u64 = 1_000_000;

impl Quorum {
    /// Reads `[>|>=]NUMBER[%]`; a percentage is at most 100 and may have six decimal places.
    ///
    /// # Errors
    /// In words, if it is nothing of that kind.
    pub fn parse(text: &str) -> Result<Quorum, String> {
        let text = text.trim();
        let wrong =
            || format!("`{text}` is no limit: write how many must be well, as `>80%`, `>=100%`, `>0`");
        let (or_equal, rest) = match text.strip_prefix(">=") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('>').unwrap_or(text)),
        };
        let (percent, digits) = match rest.trim().strip_suffix('%') {
            Some(digits) => (true, digits.trim()),
            None => (false, rest.trim()),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > 6 {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        if !percent {
            return if fraction.is_empty() {
                Ok(Quorum { or_equal, number: whole, percent })
            } else {
                Err(wrong())
            };
        }
        let millionths: u64 = format!("{fraction:0<6}").parse().map_err(|_| wrong())?;
        let number = whole * PERCENT + millionths;
        if number > 100 * PERCENT { Err(wrong()) } else { Ok(Quorum { or_equal, number, percent }) }
    }

    /// Are `well` of `total` enough? In whole numbers: exactly 80 % is not over 80 %.
    pub fn is_met(self, well: u64, total: u64) -> bool {
        let (have, want) = if self.percent {
            (u128::from(well) * 100 * u128::from(PERCENT), u128::from(self.number) * u128::from(total))
        } else {
            (u128::from(well), u128::from(self.number))
        };
        have > want || (self.or_equal && have == want)
    }
}

impl fmt::Display for Quorum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.or_equal { ">=" } else { ">" })?;
        if !self.percent {
            return write!(f, "{}", self.number);
        }
        let (whole, fraction) = (self.number / PERCENT, self.number % PERCENT);
        if fraction == 0 {
            return write!(f, "{whole}%");
        }
        write!(f, "{whole}.{}%", format!("{fraction:06}").trim_end_matches('0'))
    }
}

/// What is known of the members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Well, by their hard state, and not blocked.
    pub well: u64,
    /// Anything else that was checked.
    pub bad: u64,
    /// Bad since a dependency keeps them from being checked; among `bad`.
    pub blocked: u64,
    /// Never checked: they count for nothing.
    pub pending: u64,
}

/// State, first line, perfdata.
pub(crate) fn judge(cluster: &Cluster, tally: Tally) -> (State, String, String) {
    let Tally { well, bad, blocked, pending } = tally;
    let total = well + bad;
    let state = if total + pending == 0 {
        return (State::Unknown, "no members: the selector finds nothing".into(), String::new());
    } else if total == 0 {
        return (
            State::Ok,
            format!("none of {} was checked so far", counted(pending, "member")),
            String::new(),
        );
    } else if !cluster.critical.is_met(well, total) {
        State::Critical
    } else if !cluster.warning.is_met(well, total) {
        State::Warning
    } else {
        State::Ok
    };
    let percent = well as f64 * 100.0 / total as f64;
    let wanted = match state {
        State::Critical => format!(" (wanted {})", cluster.critical),
        State::Warning => format!(" (wanted {})", cluster.warning),
        State::Ok | State::Unknown => String::new(),
    };
    let also = |count: u64, what: &str| if count > 0 { format!(", {count} {what}") } else { String::new() };
    let (blocked_too, pending) = (also(blocked, "blocked"), also(pending, "not checked so far"));
    let text = format!("{well} of {total} well, {percent:.1} %{wanted}{blocked_too}{pending}");
    let perfdata = format!("well={well};;;0;{total} bad={bad};;;0;{total} blocked={blocked};;;0;{total}");
    (state, text, perfdata)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(warning: &str, critical: &str, well: u64, bad: u64) -> State {
        let cluster = Cluster {
            members: Box::new([]),
            warning: Quorum::parse(warning).unwrap(),
            critical: Quorum::parse(critical).unwrap(),
            command: "".into(),
        };
        judge(&cluster, Tally { well, bad, ..Tally::default() }).0
    }

    /// E17: one home server dead is a warning, all dead is critical.
    #[test]
    fn some_dead_warns_and_all_dead_is_critical() {
        assert_eq!(state(">=100%", ">0", 2, 0), State::Ok);
        assert_eq!(state(">=100%", ">0", 1, 1), State::Warning);
        assert_eq!(state(">=100%", ">0", 0, 2), State::Critical);
    }

    /// E18: over 80 % is OK, over 70 % is WARNING; exact, not rounded.
    #[test]
    fn exactly_eighty_percent_is_not_over_eighty_percent() {
        assert_eq!(state("80%", "70%", 81, 19), State::Ok);
        assert_eq!(state("80%", "70%", 80, 20), State::Warning);
        assert_eq!(state("80%", "70%", 71, 29), State::Warning);
        assert_eq!(state("80%", "70%", 70, 30), State::Critical);
        assert_eq!(state("80%", "70%", 8_000_001, 2_000_000), State::Ok);
        assert_eq!(state("80%", "70%", 6_999_999, 3_000_001), State::Critical);
    }

    #[test]
    fn limits_are_read_and_printed() {
        for text in [">80%", ">=100%", ">0", ">=3", ">66.67%"] {
            assert_eq!(Quorum::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Quorum::parse("80%"), Quorum::parse(" > 80 %"));
        for text in ["", "%", "-1", "101%", "1.5", "1.2345678%", "x", "<3", "99999999999"] {
            assert!(Quorum::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_known_raises_nothing() {
        let cluster = Cluster {
            members: Box::new([]),
            warning: Quorum::parse("80%").unwrap(),
            critical: Quorum::parse("70%").unwrap(),
            command: "".into(),
        };
        assert_eq!(judge(&cluster, Tally::default()).0, State::Unknown);
        assert_eq!(judge(&cluster, Tally { pending: 3, ..Tally::default() }).0, State::Ok);
        let (state, text, perfdata) = judge(&cluster, Tally { well: 7, bad: 3, blocked: 2, pending: 1 });
        assert_eq!(state, State::Critical);
        assert_eq!(text, "7 of 10 well, 70.0 % (wanted >70%), 2 blocked, 1 not checked so far");
        assert_eq!(perfdata, "well=7;;;0;10 bad=3;;;0;10 blocked=2;;;0;10");
    }
}
