//! The four limits: plain numbers, or ranges if any of them is one.

use check::options::seconds;
use check::{Judged, Perfdata, Range, State, Thresholds, Uom};

/// One limit as given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Limit {
    /// A number of seconds or bytes: the greatest age, or the least size.
    Plain(f64),
    /// Something with `:` or `@`.
    Range(Range),
}

/// A limit of age: 240, 15m, or a range of such.
pub(crate) fn age(text: &str) -> Result<Limit, String> {
    limit(text, seconds)
}

/// A limit of size: 1024, or a range of such.
pub(crate) fn size(text: &str) -> Result<Limit, String> {
    limit(text, |text| match text.parse::<u64>() {
        Ok(bytes) => Ok(bytes as f64),
        Err(_) => Err(format!("`{text}` is no number of bytes")),
    })
}

fn limit(text: &str, number: fn(&str) -> Result<f64, String>) -> Result<Limit, String> {
    let (at, ends) = match text.strip_prefix('@') {
        Some(ends) => ("@", ends),
        None => ("", text),
    };
    let end = |text: &str| match text {
        "" | "~" => Ok(text.to_owned()),
        text => number(text).map(|value| value.to_string()),
    };
    let range = match ends.split_once(':') {
        None if at.is_empty() => return number(text).map(Limit::Plain),
        None => format!("{at}{}", end(ends)?),
        Some((from, to)) => format!("{at}{}:{}", end(from)?, end(to)?),
    };
    range.parse::<Range>().map(Limit::Range).map_err(|error| error.to_string())
}

/// What age and size are compared with.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one, and for a moment")]
pub(crate) enum Limits {
    /// Alerts above an age and below a size. Pairs are warning and critical.
    Plain { ages: [f64; 2], sizes: [f64; 2] },
    /// Alerts where the ranges do.
    Ranges { age: Thresholds, size: Thresholds },
}

impl Limits {
    /// From warning and critical for the age, and for the size. As soon as one of the four is a
    /// range, a plain number stands for the range from 0 to that number, in the peer too.
    pub fn new(ages: [&Limit; 2], sizes: [Option<&Limit>; 2]) -> Limits {
        if let ([Limit::Plain(age_warning), Limit::Plain(age_critical)], [size_warning, size_critical]) =
            (ages, sizes.map(|limit| limit.unwrap_or(&Limit::Plain(0.0))))
            && let (Limit::Plain(size_warning), Limit::Plain(size_critical)) = (size_warning, size_critical)
        {
            return Limits::Plain {
                ages: [*age_warning, *age_critical],
                sizes: [*size_warning, *size_critical],
            };
        }
        let range = |limit: &Limit| match limit {
            Limit::Plain(end) => Range::up_to(*end),
            Limit::Range(range) => range.clone(),
        };
        let thresholds = |[warning, critical]: [Option<&Limit>; 2]| {
            Thresholds::new(warning.map(range), critical.map(range))
        };
        Limits::Ranges { age: thresholds(ages.map(Some)), size: thresholds(sizes) }
    }

    /// The verdict on an age in seconds and a size in bytes.
    pub fn state(&self, age: i64, size: u64) -> State {
        let (age, size) = (age as f64, size as f64);
        match self {
            Limits::Plain { ages, sizes } => {
                let beyond = |i: usize| age > ages[i] || size < sizes[i];
                if beyond(1) {
                    State::Critical
                } else if beyond(0) {
                    State::Warning
                } else {
                    State::Ok
                }
            }
            Limits::Ranges { age: ages, size: sizes } => ages.state(age).worst(sizes.state(size)),
        }
    }

    /// What verifying a configuration doubts. A file may be from the future.
    pub fn judged(&self) -> [Judged; 2] {
        let (ages, sizes) = match self {
            Limits::Plain { ages, sizes } => {
                // the greatest age, and the least size
                let age = |age: f64| Some((age, Range::up_to(age)));
                let size = |size: f64| (size > 0.0).then(|| (size, Range::at_least(size)));
                let shown = |limit: (f64, Range)| (limit.0.to_string(), limit.1);
                (ages.map(|end| age(end).map(shown)), sizes.map(|least| size(least).map(shown)))
            }
            Limits::Ranges { age, size: size_limits } => {
                let shown = |range: &Option<Range>| range.as_ref().map(|r| (r.to_string(), r.clone()));
                // `0:` is a way to say that no size is too small
                let size =
                    |range| shown(range).filter(|(_, range)| range.alerts_within(&(0.0..=f64::INFINITY)));
                let sizes = [&size_limits.warning, &size_limits.critical].map(size);
                ([shown(&age.warning), shown(&age.critical)], sizes)
            }
        };
        let judged =
            |[warning, critical]: [Option<(String, Range)>; 2], options: [&'static str; 2], least| {
                let limit = |option, (text, range)| check::Limit { option, text, range };
                Judged {
                    warning: warning.map(|given| limit(options[0], given)),
                    critical: critical.map(|given| limit(options[1], given)),
                    within: least..=f64::INFINITY,
                }
            };
        [
            judged(ages, ["--warning-age", "--critical-age"], f64::NEG_INFINITY),
            judged(sizes, ["--warning-size", "--critical-size"], 0.0),
        ]
    }

    /// Both metrics. A plain limit is printed as the number that was given, also for the size, where
    /// it is the least and not the greatest: that is what users of the peer have in their graphs.
    pub fn perfdata(&self, age: i64, size: u64) -> [Perfdata; 2] {
        let (age_thresholds, size_thresholds) = match self {
            Limits::Plain { ages, sizes } => {
                let shown = |pair: &[f64; 2]| {
                    Thresholds::new(Some(Range::up_to(pair[0])), Some(Range::up_to(pair[1])))
                };
                (shown(ages), shown(sizes))
            }
            Limits::Ranges { age, size } => (age.clone(), size.clone()),
        };
        let metric =
            |label, value, uom, thresholds: &Thresholds| Perfdata::new(label, value, uom).limits(thresholds);
        [
            metric("age", age as f64, Uom::Seconds, &age_thresholds),
            metric("size", size as f64, Uom::Bytes, &size_thresholds).min(0.0),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_units_and_sizes_have_none() {
        assert_eq!(age("15m"), Ok(Limit::Plain(900.0)));
        assert_eq!(age("1h:2d"), Ok(Limit::Range("3600:172800".parse().unwrap())));
        assert_eq!(age("@10"), Ok(Limit::Range("@10".parse().unwrap())));
        assert_eq!(size("1024"), Ok(Limit::Plain(1024.0)));
        assert_eq!(size("10:"), Ok(Limit::Range("10:".parse().unwrap())));
        for bad in ["", "x", "-5", ":", "2h:1h", "@", "1:2:3", "é"] {
            assert!(age(bad).is_err(), "{bad}");
        }
        for bad in ["10m", "1.5", "10m:", "-1", ""] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
