//! What is said once for all objects, by a main file or by hlidka.yaml, and changes what definitions
//! mean.

use engine::{Budget, FlapThresholds};

use crate::values::{flag, number};

/// What definitions are read with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Basis {
    /// Seconds of the unit of intervals: `interval_length`.
    pub interval_length: f64,
    /// What counts as a pattern of names.
    pub names: NamePatterns,
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
            host_flapping: flapping,
            service_flapping: flapping,
            failure_budget: None,
            host_freshness: true,
            service_freshness: true,
            freshness_latency: 15.0,
        }
    }
}

impl Basis {
    /// Takes a line of a main file, if it is one of these.
    pub(crate) fn take(&mut self, key: &str, value: &str) -> bool {
        match key {
            "use_regexp_matching" => self.names.some = flag(value).0,
            "use_true_regexp_matching" => self.names.all = flag(value).0,
            "low_host_flap_threshold" => self.host_flapping.low = hundredths(value),
            "high_host_flap_threshold" => self.host_flapping.high = hundredths(value),
            "low_service_flap_threshold" => self.service_flapping.low = hundredths(value),
            "high_service_flap_threshold" => self.service_flapping.high = hundredths(value),
            "check_host_freshness" => self.host_freshness = flag(value).0,
            "check_service_freshness" => self.service_freshness = flag(value).0,
            "additional_freshness_latency" => self.freshness_latency = number(value).0.max(0.0),
            _ => return false,
        }
        true
    }
}

/// A percentage in hundredths of a percent, 0 to 10,000.
pub(crate) fn hundredths(percent: &str) -> u16 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10,000")]
    let hundredths = (number(percent).0 * 100.0).round().clamp(0.0, 10_000.0) as u16;
    hundredths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_main_file_are_taken() {
        let mut basis = Basis::default();
        for line in ["use_regexp_matching=1", "low_service_flap_threshold=5.5"] {
            let (key, value) = line.split_once('=').unwrap();
            assert!(basis.take(key, value), "{line}");
        }
        assert!(!basis.take("log_file", "x"));
        assert_eq!((basis.service_flapping.low, basis.names.some), (550, true));
        assert_eq!(basis.host_flapping, FlapThresholds { low: 2000, high: 3000 });
        assert_eq!([hundredths("-3"), hundredths("300"), hundredths("x")], [0, 10_000, 0]);
    }
}
