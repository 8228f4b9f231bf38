//! What is said once for all objects, by a main file or by hlidka.yaml, and changes what definitions
//! mean.

use engine::{Budget, FlapThresholds};

/// What definitions are read with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Basis {
    /// Seconds of the unit of intervals: `interval_length`.
    pub interval_length: f64,
    /// What counts as a pattern of names.
    pub names: NamePatterns,
    /// Characters that no name may have, besides Nagios' own: `illegal_object_name_chars`.
    pub illegal_in_names: String,
    /// Flapping of hosts, unless they say otherwise.
    pub host_flapping: FlapThresholds,
    /// The same for services.
    pub service_flapping: FlapThresholds,
    /// `failure_budget` of objects that have none of their own.
    pub failure_budget: Option<Budget>,
    /// Are hosts looked at whose results are too old? `check_host_freshness`
    pub host_freshness: bool,
    /// The same for services.
    pub service_freshness: bool,
    /// Seconds beyond the check interval after which a result is stale, where no
    /// `freshness_threshold` is given: `additional_freshness_latency`.
    pub freshness_latency: f64,
}

/// What counts as a pattern of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NamePatterns {
    /// `use_regexp_matching`: a name with `*`, `?`, `+` or `\.` in it is a regular expression.
    pub some: bool,
    /// `use_true_regexp_matching`: every name is, if `some` are.
    pub all: bool,
}

impl Default for Basis {
    /// As without a main file. Flap thresholds are those in Nagios' code.
    fn default() -> Basis {
        let flapping = FlapThresholds { low: 2000, high: 3000 };
        Basis {
            interval_length: 60.0,
            names: NamePatterns::default(),
            illegal_in_names: String::new(),
            host_flapping: flapping,
            service_flapping: flapping,
            failure_budget: None,
            host_freshness: true,
            service_freshness: true,
            freshness_latency: 15.0,
        }
    }
}

/// Nagios' default for `illegal_object_name_chars`.
pub(crate) const ILLEGAL_IN_NAMES: &str = "`~!$%^&*|'\"<>?,()=";

impl Basis {
    /// The first character that no name may have: those that Nagios or the main file refuses, and
    /// control characters (but the tab, which Nagios takes), since names end up in mails and logs.
    pub(crate) fn illegal_character(&self, name: &str) -> Option<char> {
        let illegal = |c: char| ILLEGAL_IN_NAMES.contains(c) || self.illegal_in_names.contains(c);
        name.chars().find(|c| illegal(*c) || (c.is_control() && *c != '\t'))
    }
}

/// A percentage in hundredths of a percent, 0 to 10,000.
pub(crate) fn hundredths(percent: f64) -> u16 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10,000")]
    let hundredths = (percent * 100.0).round().clamp(0.0, 10_000.0) as u16;
    hundredths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_kept_within_bounds() {
        assert_eq!([hundredths(5.5), hundredths(-3.0), hundredths(300.0)], [550, 0, 10_000]);
    }

    #[test]
    fn characters_that_names_may_not_have() {
        let basis = Basis { illegal_in_names: "+".into(), ..Basis::default() };
        for (name, want) in [
            ("web 1/é", None),
            ("a\tb", None),
            ("a+b", Some('+')),
            ("a`", Some('`')),
            ("a\u{1b}", Some('\u{1b}')),
        ] {
            assert_eq!(basis.illegal_character(name), want, "{name:?}");
        }
        assert_eq!(Basis::default().illegal_character("a+b"), None);
    }
}
