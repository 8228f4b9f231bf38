//! Threshold ranges: `[@]start:end`, alerting outside, with `@` inside.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use nagios_range::NagiosRange;

use crate::State;

/// A threshold range of the plugin guidelines.
///
/// `10` means 0 to 10, `10:` means 10 and more, `~:10` means 10 and less, `5:10` both ends
/// included; the range alerts when the value is outside, with a leading `@` when it is inside.
///
/// A newtype over `nagios-range`, because that crate prints an open end as `10:~` (which no parser
/// reads back), takes NaN and infinity as numbers (such a threshold never alerts), and takes a bare
/// negative number as the range 0 to -5. Here those are errors or do not occur.
#[derive(Clone, Debug)]
pub struct Range {
    /// Shortest text of the same range, with the digits that were given.
    canonical: String,
    inner: NagiosRange,
    start: f64,
    end: f64,
}

/// Why a text is no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// A part of the range is not a finite decimal number.
    #[error(
        "range `{range}`: `{number}` is not a number (expected [@][start:][end], for example 10, 10:, ~:10, 5:10, @5:10)"
    )]
    Number {
        /// The whole text.
        range: String,
        /// The part that is no number.
        number: String,
    },
    /// No number at all.
    #[error("range `{0}` has no number (expected [@][start:][end], for example 10, 10:, ~:10, 5:10, @5:10)")]
    Empty(String),
    /// The start lies above the end.
    #[error("range `{range}`: start {start} is greater than end {end}")]
    Reversed {
        /// The whole text.
        range: String,
        /// Its start.
        start: String,
        /// Its end.
        end: String,
    },
}

impl Range {
    /// The range that alerts above `end` and below 0.
    pub fn up_to(end: f64) -> Range {
        Range::build(false, "", &plain(end.max(0.0))).expect("0 to a finite number is a range")
    }

    /// The range that alerts below `start`.
    pub fn at_least(start: f64) -> Range {
        Range::build(false, &plain(start), "").expect("a finite start with an open end is a range")
    }

    /// Does `value` lie where the range alerts? NaN always does: a reading that is no number must
    /// not pass for a good one.
    pub fn alerts(&self, value: f64) -> bool {
        value.is_nan() || self.inner.check(value)
    }

    /// Is there any value between these, ends included, at which it alerts?
    pub fn alerts_within(&self, values: &RangeInclusive<f64>) -> bool {
        let (from, to) = (*values.start(), *values.end());
        if self.is_inside() {
            self.start <= to && self.end >= from
        } else {
            from < self.start || to > self.end
        }
    }

    /// Does it alert wherever the other one does, between these values?
    pub fn covers(&self, other: &Range, values: &RangeInclusive<f64>) -> bool {
        // between two neighbours of these nothing changes
        let mut ends: Vec<f64> =
            [self.start, self.end, other.start, other.end, *values.start(), *values.end()]
                .into_iter()
                .filter(|end| end.is_finite())
                .collect();
        ends.sort_by(f64::total_cmp);
        let beyond = [ends.first().map_or(0.0, |end| end - 1.0), ends.last().map_or(0.0, |end| end + 1.0)];
        let between = ends.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
        ends.iter()
            .copied()
            .chain(between)
            .chain(beyond)
            .filter(|value| values.contains(value))
            .all(|value| self.alerts(value) || !other.alerts(value))
    }

    /// Lower end, `-inf` if open.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Upper end, `inf` if open.
    pub fn end(&self) -> f64 {
        self.end
    }

    /// Does it alert inside (`@`) rather than outside?
    pub fn is_inside(&self) -> bool {
        self.canonical.starts_with('@')
    }

    /// The same range with both ends multiplied, for a check that was given seconds and reports milliseconds.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Range {
        let end = |value: f64| if value.is_finite() { plain(value * factor) } else { String::new() };
        let start = if self.start == f64::NEG_INFINITY { "~".to_owned() } else { end(self.start) };
        Range::build(self.is_inside(), &start, &end(self.end))
            .expect("a range scaled by a positive factor is one")
    }

    /// The form for the warn and crit fields of perfdata: a plain number where the range is
    /// "not above that" (Icinga 2 drops every threshold with other characters than a number's).
    pub fn perfdata(&self) -> &str {
        self.canonical.strip_prefix("~:").filter(|rest| !rest.is_empty()).unwrap_or(&self.canonical)
    }

    /// `start`: empty for 0, `~` for open. `end`: empty for open.
    fn build(inside: bool, start: &str, end: &str) -> Result<Range, RangeError> {
        let at = if inside { "@" } else { "" };
        let given = || format!("{at}{start}:{end}");
        let number = |text: &str, default: f64| -> Result<f64, RangeError> {
            if text.is_empty() {
                return Ok(default);
            }
            let decimal = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
            match text.parse::<f64>() {
                Ok(value) if decimal && value.is_finite() => Ok(value),
                _ => Err(RangeError::Number { range: given(), number: text.to_owned() }),
            }
        };
        let from = if start == "~" { f64::NEG_INFINITY } else { number(start, 0.0)? };
        let to = number(end, f64::INFINITY)?;
        if from > to {
            let start = if start.is_empty() { "0" } else { start };
            return Err(RangeError::Reversed {
                range: given(),
                start: start.to_owned(),
                end: end.to_owned(),
            });
        }
        let canonical = if from == 0.0 && to.is_finite() {
            format!("{at}{end}")
        } else {
            format!("{at}{}:{end}", if start.is_empty() { "0" } else { start })
        };
        // The full form is the one that nagios-range reads without surprises.
        let full = format!("{at}{}:{end}", if start.is_empty() { "0" } else { start });
        let inner = NagiosRange::from(&full)
            .map_err(|_| RangeError::Number { range: given(), number: full.clone() })?;
        Ok(Range { canonical, inner, start: from, end: to })
    }
}

/// A number as users write it: no exponent, no trailing zeros.
fn plain(value: f64) -> String {
    format!("{value}")
}

impl FromStr for Range {
    type Err = RangeError;

    /// Percent signs after a number are ignored, as the C plugins do (`10%:20%` is `10:20`).
    fn from_str(text: &str) -> Result<Range, RangeError> {
        let (inside, rest) = match text.strip_prefix('@') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let number = |part: &str| match part.trim_end_matches('%') {
            "" | "~" => part.to_owned(),
            number => number.to_owned(),
        };
        let range = match rest.split_once(':') {
            None if rest.is_empty() => return Err(RangeError::Empty(text.to_owned())),
            None => Range::build(inside, "", &number(rest)),
            Some(("" | "~", "")) => return Err(RangeError::Empty(text.to_owned())),
            Some((start, end)) => Range::build(inside, &number(start), &number(end)),
        };
        range.map_err(|error| match error {
            RangeError::Number { number, .. } => RangeError::Number { range: text.to_owned(), number },
            RangeError::Reversed { start, end, .. } => {
                RangeError::Reversed { range: text.to_owned(), start, end }
            }
            RangeError::Empty(_) => RangeError::Empty(text.to_owned()),
        })
    }
}

/// Prints the shortest text of the same range: `:10` and `0:10` are `10`.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.canonical)
    }
}

impl PartialEq for Range {
    fn eq(&self, other: &Range) -> bool {
        (self.is_inside(), self.start, self.end) == (other.is_inside(), other.start, other.end)
    }
}

/// A warning and a critical range, each of which may be absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// WARNING when it alerts and critical does not.
    pub warning: Option<Range>,
    /// CRITICAL when it alerts; looked at first.
    pub critical: Option<Range>,
}

impl Thresholds {
    /// Both from options as given on a command line.
    pub fn new(warning: Option<Range>, critical: Option<Range>) -> Thresholds {
        Thresholds { warning, critical }
    }

    /// The state of a measured value. NaN is UNKNOWN if there is any threshold.
    pub fn state(&self, value: f64) -> State {
        let alerts = |range: &Option<Range>| range.as_ref().is_some_and(|range| range.alerts(value));
        match value {
            _ if value.is_nan() && (self.warning.is_some() || self.critical.is_some()) => State::Unknown,
            _ if alerts(&self.critical) => State::Critical,
            _ if alerts(&self.warning) => State::Warning,
            _ => State::Ok,
        }
    }

    /// Is there nothing to compare with?
    pub fn is_empty(&self) -> bool {
        self.warning.is_none() && self.critical.is_none()
    }

    /// Both ranges multiplied by `factor`, see [`Range::scaled`].
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Thresholds {
        let scale = |range: &Option<Range>| range.as_ref().map(|range| range.scaled(factor));
        Thresholds { warning: scale(&self.warning), critical: scale(&self.critical) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Facts from the peers' own tests, one a line; the columns are explained in the file.
    const VECTORS: &str = include_str!("../testdata/range-vectors.tsv");

    fn optional(text: &str) -> Option<Range> {
        (!text.is_empty()).then(|| text.parse().unwrap_or_else(|e| panic!("{text}: {e}")))
    }

    #[test]
    fn a_percent_sign_stands_behind_a_number_only() {
        assert_eq!("10%:20%".parse::<Range>().unwrap().to_string(), "10:20");
        for text in ["~%:", "~%:5", "%", "@~%%:"] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_range_may_alert_nowhere_or_wherever_another_does() {
        let range = |text: &str| text.parse::<Range>().unwrap();
        for (text, from, to, want) in [
            ("0:", 0.0, f64::INFINITY, false),
            ("0:", -1.0, f64::INFINITY, true),
            ("10", 0.0, f64::INFINITY, true),
            ("100", 0.0, 100.0, false),
            ("99.9", 0.0, 100.0, true),
            ("@~:-1", 0.0, f64::INFINITY, false),
            ("@0", 0.0, 5.0, true),
            ("@5:6", 0.0, 4.9, false),
        ] {
            assert_eq!(range(text).alerts_within(&(from..=to)), want, "{text} {from} {to}");
        }
        for (critical, warning, want) in [
            ("10", "20", true),
            ("20", "10", false),
            ("10", "10", true),
            ("5:10", "10", true),
            ("1:10", "15", true),
            ("5:", "3:", true),
            ("3:", "5:", false),
            ("@0:10", "@2:3", true),
            ("@2:3", "@0:10", false),
            ("@10:20", "5:30", false),
            ("0:", "10", false),
        ] {
            let covers = range(critical).covers(&range(warning), &(0.0..=f64::INFINITY));
            assert_eq!(covers, want, "{critical} {warning}");
        }
    }

    #[test]
    fn agrees_with_every_vector_of_the_peers() {
        let mut seen = 0;
        for line in VECTORS.lines().filter(|line| !line.starts_with('#') && !line.starts_with("kind\t")) {
            let fields: Vec<&str> = line.split('\t').collect();
            let [kind, spec, critical, value, expect, _source] = fields[..] else { panic!("{line}") };
            let got = match kind {
                "parse" => match spec.parse::<Range>() {
                    Err(_) => "invalid".to_owned(),
                    Ok(r) => {
                        let want: Vec<&str> = expect.split(' ').collect();
                        assert_eq!(r.start(), want[0].parse::<f64>().expect("a number"), "{line}");
                        assert_eq!(r.end(), want[1].parse::<f64>().expect("a number"), "{line}");
                        assert_eq!(r.is_inside(), want[2] == "inside", "{line}");
                        expect.to_owned()
                    }
                },
                "canonical" => optional(spec).map_or_else(String::new, |range| range.to_string()),
                "range" => {
                    let alert =
                        optional(spec).is_some_and(|range| range.alerts(value.parse().expect("a number")));
                    if alert { "alert" } else { "ok" }.to_owned()
                }
                "threshold" => Thresholds::new(optional(spec), optional(critical))
                    .state(value.parse().expect("a number"))
                    .to_string(),
                other => panic!("unknown kind {other}"),
            };
            assert_eq!(got, expect, "{line}");
            seen += 1;
        }
        assert!(seen > 170, "only {seen} vectors were read");
    }

    #[test]
    fn refuses_what_would_never_alert() {
        for text in [
            "nan", "10:nan", "NaN:10", "inf", "-inf:inf", "1e400", "-5", "@-5", "10:~", "~", "~:", "", "@",
            "%", "5:%", " 10", "10 ", "1,5",
        ] {
            assert!(text.parse::<Range>().is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn a_reading_that_is_no_number_is_never_good() {
        let thresholds = Thresholds::new(None, optional("10"));
        assert_eq!(thresholds.state(f64::NAN), State::Unknown);
        assert!(optional("~:10").expect("a range").alerts(f64::NAN));
    }

    #[test]
    fn perfdata_form_is_a_plain_number_where_icinga_would_drop_it() {
        for (text, want) in [
            ("10", "10"),
            ("~:10", "10"),
            ("0:10", "10"),
            ("10:", "10:"),
            ("@5:10", "@5:10"),
            ("5:10", "5:10"),
        ] {
            assert_eq!(optional(text).expect("a range").perfdata(), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_as_the_same_range(inside: bool, a in -1e12..1e12f64, width in 0.0..1e12f64, open in 0..4u8) {
            let text = match open {
                0 => format!("{a}:{}", a + width),
                1 => format!("{a}:"),
                2 => format!("~:{a}"),
                _ => format!("{}", a.abs()),
            };
            let text = if inside { format!("@{text}") } else { text };
            let range: Range = text.parse().unwrap();
            let again: Range = range.to_string().parse().unwrap();
            prop_assert_eq!(&range, &again);
            prop_assert_eq!(again.to_string(), range.to_string());
        }

        #[test]
        fn alerts_as_the_guidelines_say(start in -1e6..1e6f64, width in 0.0..1e6f64, value in -3e6..3e6f64) {
            let outside = value < start || value > start + width;
            let plain: Range = format!("{start}:{}", start + width).parse().unwrap();
            let inside: Range = format!("@{start}:{}", start + width).parse().unwrap();
            prop_assert_eq!(plain.alerts(value), outside);
            prop_assert_eq!(inside.alerts(value), !outside);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = text.parse::<Range>();
        }
    }
}
