//! A limit for members that are not well: so many, or such a share of all.

use std::str::FromStr;

use check::Range;

use crate::members::Tally;

/// `1`, `@2:` or `20%`, `@20%:`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Limit {
    /// Of the number of members that are not well.
    Count(Range),
    /// Of their percentage. (The peer reads over the sign and takes the number as a count.)
    Percent(Range),
}

impl Limit {
    /// Exact: a quotient of whole numbers and the range's decimal number are each rounded to the
    /// nearest double, so that equal ones stay equal; others are too far apart to meet there.
    pub(crate) fn alerts(&self, tally: &Tally) -> bool {
        match self {
            Limit::Count(range) => range.alerts(tally.not_ok() as f64),
            Limit::Percent(range) => range.alerts(tally.percent()),
        }
    }

    /// The range if it is one of numbers.
    pub(crate) fn count(&self) -> Option<&Range> {
        if let Limit::Count(range) = self { Some(range) } else { None }
    }

    /// The range if it is one of percentages.
    pub(crate) fn percent(&self) -> Option<&Range> {
        if let Limit::Percent(range) = self { Some(range) } else { None }
    }
}

impl FromStr for Limit {
    type Err = String;

    /// A range of whose ends one or both have a percent sign; one is enough for both.
    fn from_str(text: &str) -> Result<Limit, String> {
        let range = Range::from_str(text).map_err(|error| error.to_string())?;
        Ok(if text.contains('%') { Limit::Percent(range) } else { Limit::Count(range) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percent_sign_makes_it_a_share() {
        let read = |text: &str| text.parse::<Limit>();
        let range = |text: &str| text.parse::<Range>().expect("a range");
        assert_eq!(read("@2:"), Ok(Limit::Count(range("@2:"))));
        assert_eq!(read("20%"), Ok(Limit::Percent(range("20"))));
        assert_eq!(read("10:20%"), Ok(Limit::Percent(range("10:20"))));
        for bad in ["", "%", "x", "-1", "20 %", "5:2"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
