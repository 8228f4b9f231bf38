//! Spans of time that are limits.

use check::{Range, State, Thresholds};

/// One or two limits of a span of time, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spans(Thresholds);

impl Spans {
    /// `36h` or `36h,3d`: more is CRITICAL, or WARNING and CRITICAL.
    pub(crate) fn most(text: &str) -> Result<Spans, String> {
        let (warning, critical) = match text.split_once(',') {
            Some((warning, critical)) => (Some(left(warning)?), left(critical)?),
            None => (None, left(text)?),
        };
        match warning {
            Some(warning) if warning > critical => {
                Err(format!("`{text}`: older is worse, the first is for WARNING"))
            }
            _ => Ok(Spans(Thresholds::new(warning.map(Range::up_to), Some(Range::up_to(critical))))),
        }
    }

    /// `30d` or `30d,7d`: less is WARNING, or WARNING and CRITICAL.
    pub(crate) fn least(text: &str) -> Result<Spans, String> {
        let (warning, critical) = match text.split_once(',') {
            Some((warning, critical)) => (left(warning)?, Some(left(critical)?)),
            None => (left(text)?, None),
        };
        match critical {
            Some(critical) if critical > warning => {
                Err(format!("`{text}`: less is worse, the first is for WARNING"))
            }
            _ => Ok(Spans(Thresholds::new(Some(Range::at_least(warning)), critical.map(Range::at_least)))),
        }
    }

    /// Less than these is bad.
    pub(crate) fn at_least(warning: Option<f64>, critical: Option<f64>) -> Spans {
        Spans(Thresholds::new(warning.map(Range::at_least), critical.map(Range::at_least)))
    }

    /// The state of so many seconds.
    pub(crate) fn state(&self, seconds: i64) -> State {
        self.0.state(seconds as f64)
    }

    /// The ranges, for perfdata.
    pub(crate) fn thresholds(&self) -> &Thresholds {
        &self.0
    }
}

/// A span in seconds; a bare number is days.
pub(crate) fn left(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(_) => check::options::seconds(&format!("{text}d")),
        Err(_) => check::options::seconds(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_days() {
        assert_eq!((left("2"), left("1.5"), left("36h")), (Ok(172_800.0), Ok(129_600.0), Ok(129_600.0)));
        assert!(left("soon").is_err() && left("-1").is_err() && left("").is_err() && left("inf").is_err());
    }

    #[test]
    fn one_limit_or_two() {
        let age = Spans::most("1d,2d").unwrap();
        let day = 86_400;
        assert_eq!(
            [day, day + 1, 2 * day + 1].map(|age_is| age.state(age_is)),
            [State::Ok, State::Warning, State::Critical]
        );
        assert_eq!(Spans::most("1d").unwrap().state(day + 1), State::Critical);
        let left = Spans::least("2,1").unwrap();
        assert_eq!(
            [2 * day, day, day - 1].map(|is| left.state(is)),
            [State::Ok, State::Warning, State::Critical]
        );
        assert_eq!(Spans::least("2").unwrap().state(0), State::Warning);
        assert!(Spans::most("2d,1d").is_err() && Spans::least("1,2").is_err() && Spans::least("1,").is_err());
    }
}
