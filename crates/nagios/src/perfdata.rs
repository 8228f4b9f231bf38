//! Performance data: `'label'=value[UOM];[warn];[crit];[min];[max]`.

use std::fmt;

use crate::{Range, Thresholds};

/// Unit of measurement. These are the ones that Nagios' tools and Icinga 2 both know; any other is
/// dropped or, worse, makes Icinga 2 drop the metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Uom {
    /// A number of things.
    #[default]
    None,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Percent; minimum and maximum need not be given.
    Percent,
    /// Bytes.
    Bytes,
    /// Units of 1000 or 1024 bytes: the field has never agreed.
    Kilobytes,
    /// Megabytes.
    Megabytes,
    /// Gigabytes.
    Gigabytes,
    /// Terabytes.
    Terabytes,
    /// A counter that only grows.
    Counter,
}

impl Uom {
    /// As written behind a value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Uom::None => "",
            Uom::Seconds => "s",
            Uom::Milliseconds => "ms",
            Uom::Microseconds => "us",
            Uom::Percent => "%",
            Uom::Bytes => "B",
            Uom::Kilobytes => "KB",
            Uom::Megabytes => "MB",
            Uom::Gigabytes => "GB",
            Uom::Terabytes => "TB",
            Uom::Counter => "c",
        }
    }
}

/// One metric. Built by [`Perfdata::new`] and the methods that return `Self`; printed by `Display`.
#[derive(Clone, Debug, PartialEq)]
pub struct Perfdata {
    label: String,
    value: Option<f64>,
    uom: Uom,
    decimals: Option<usize>,
    warning: Option<String>,
    critical: Option<String>,
    min: Option<f64>,
    max: Option<f64>,
}

impl Perfdata {
    /// A metric; a value that is no finite number is printed as `U`, "unknown".
    pub fn new(label: impl Into<String>, value: f64, uom: Uom) -> Perfdata {
        let value = value.is_finite().then_some(value);
        Perfdata {
            label: label.into(),
            value,
            uom,
            decimals: None,
            warning: None,
            critical: None,
            min: None,
            max: None,
        }
    }

    /// How long something took, as monitoring-plugins print it: to the microsecond, from zero.
    pub fn seconds(label: impl Into<String>, seconds: f64) -> Perfdata {
        Perfdata::new(label, seconds, Uom::Seconds).decimals(6).min(0.0)
    }

    /// Print value, thresholds given as numbers, minimum and maximum with so many decimals.
    #[must_use]
    pub fn decimals(mut self, decimals: usize) -> Perfdata {
        self.decimals = Some(decimals);
        self
    }

    /// The ranges that the value was compared with.
    #[must_use]
    pub fn thresholds(mut self, warning: Option<&Range>, critical: Option<&Range>) -> Perfdata {
        self.warning = warning.map(|range| range.perfdata().to_owned());
        self.critical = critical.map(|range| range.perfdata().to_owned());
        self
    }

    /// The same, of both ranges together.
    #[must_use]
    pub fn limits(self, limits: &Thresholds) -> Perfdata {
        self.thresholds(limits.warning.as_ref(), limits.critical.as_ref())
    }

    /// The least possible value.
    #[must_use]
    pub fn min(mut self, min: f64) -> Perfdata {
        self.min = min.is_finite().then_some(min);
        self
    }

    /// The greatest possible value.
    #[must_use]
    pub fn max(mut self, max: f64) -> Perfdata {
        self.max = max.is_finite().then_some(max);
        self
    }

    /// The label as it is printed, without quotes.
    pub fn label(&self) -> String {
        clean_label(&self.label)
    }

    /// The value, if it is a number.
    pub fn value(&self) -> Option<f64> {
        self.value
    }

    fn number(&self, value: f64) -> String {
        let text = match self.decimals {
            Some(decimals) => format!("{value:.decimals$}"),
            None => format!("{value}"),
        };
        // -0 and -0.00 are noise in a graph's legend
        if text.starts_with('-') && text.bytes().all(|b| b"-0.".contains(&b)) {
            text[1..].to_owned()
        } else {
            text
        }
    }
}

/// `=` and `'` end a label in one reader or another; `|` would start perfdata anew; `::` makes
/// Icinga 2 take what stands before it as a prefix of all labels that follow.
fn clean_label(label: &str) -> String {
    let safe: String = label
        .chars()
        .map(|c| if matches!(c, '=' | '\'' | '|') || c.is_control() { '_' } else { c })
        .collect();
    let safe = safe.replace("::", "_");
    if safe.is_empty() { "_".to_owned() } else { safe }
}

impl fmt::Display for Perfdata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = clean_label(&self.label);
        if label.contains(|c: char| c.is_whitespace() || c == ';' || c == '"') {
            write!(f, "'{label}'=")?;
        } else {
            write!(f, "{label}=")?;
        }
        let Some(value) = self.value else { return f.write_str("U") };
        let ends = |bound: Option<f64>| bound.map(|bound| self.number(bound)).unwrap_or_default();
        let fields = [
            self.warning.clone().unwrap_or_default(),
            self.critical.clone().unwrap_or_default(),
            ends(self.min),
            ends(self.max),
        ];
        write!(f, "{}{}", self.number(value), self.uom.as_str())?;
        let used = fields.iter().rposition(|field| !field.is_empty()).map_or(0, |last| last + 1);
        for field in &fields[..used] {
            write!(f, ";{field}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        text.parse().expect("a range")
    }

    #[test]
    fn prints_as_the_guidelines_say() {
        let time = Perfdata::new("time", 0.012_726, Uom::Seconds)
            .decimals(6)
            .thresholds(Some(&range("~:5")), Some(&range("10")))
            .min(0.0)
            .max(10.0);
        assert_eq!(time.to_string(), "time=0.012726s;5;10;0.000000;10.000000");
        assert_eq!(Perfdata::new("procs", 185.0, Uom::None).to_string(), "procs=185");
        assert_eq!(Perfdata::new("users", 0.0, Uom::None).min(0.0).to_string(), "users=0;;;0");
        assert_eq!(Perfdata::new("/ (inodes)", 3.0, Uom::None).to_string(), "'/ (inodes)'=3");
    }

    #[test]
    fn labels_cannot_break_out() {
        let hostile = Perfdata::new("a'=1 b=2|c\n", 1.0, Uom::None);
        assert_eq!(hostile.to_string(), "'a__1 b_2_c_'=1");
        assert_eq!(Perfdata::new("fe80::1", 1.0, Uom::None).to_string(), "fe80_1=1");
        assert_eq!(Perfdata::new("", 1.0, Uom::None).to_string(), "_=1");
    }

    #[test]
    fn numbers_have_no_exponent_and_no_lonely_minus() {
        assert_eq!(Perfdata::new("n", 1e21, Uom::Bytes).to_string(), "n=1000000000000000000000B");
        assert_eq!(Perfdata::new("n", 1e-7, Uom::Seconds).to_string(), "n=0.0000001s");
        assert_eq!(Perfdata::new("n", -0.0, Uom::None).to_string(), "n=0");
        assert_eq!(Perfdata::new("n", f64::NAN, Uom::None).to_string(), "n=U");
        assert_eq!(Perfdata::new("n", f64::INFINITY, Uom::None).to_string(), "n=U");
    }
}
