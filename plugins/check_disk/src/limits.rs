//! Thresholds of a file system: how much must be left, or may be used.

use check::{Judged, Range, State};

use crate::options::Step;
use crate::usage::Usage;

/// A `-w` or `-c`: units that must be left free, or percent of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Limit {
    /// Alerts where the number of free units lies.
    Units(Range),
    /// Alerts where the percentage left lies.
    Percent(Range),
}

/// Reads `100`, `10%`, `10%:20%` or `@10:20`. All of them alert *inside*: so many or fewer are left.
pub(crate) fn limit(text: &str) -> Result<Limit, String> {
    let range = inside(text)
        .map_err(|()| format!("`{text}` is no limit: use 100 for units that must be left, or 10%"))?;
    Ok(if text.contains('%') { Limit::Percent(range) } else { Limit::Units(range) })
}

/// Reads a percentage of inodes that must be left, with or without its sign.
pub(crate) fn inode_limit(text: &str) -> Result<Range, String> {
    inside(text).map_err(|()| format!("`{text}` is no percentage of inodes that must be left: use 10%"))
}

fn inside(text: &str) -> Result<Range, ()> {
    let text = text.strip_prefix('@').unwrap_or(text);
    // without a number, `%` would be the range that is never left
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return Err(());
    }
    format!("@{text}").parse().map_err(|_| ())
}

/// The thresholds of one state; each alerts on its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Level {
    /// Units that users can still write; alerts inside.
    pub free_units: Option<Range>,
    /// Percent that users can still write; alerts inside.
    pub free_percent: Option<Range>,
    /// Percent used; alerts outside, the form without options: `check_disk 80 90 /`.
    pub used_percent: Option<Range>,
    /// Percent of inodes left; alerts inside.
    pub free_inodes: Option<Range>,
}

/// Both states' thresholds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Limits {
    /// WARNING.
    pub warning: Level,
    /// CRITICAL.
    pub critical: Level,
}

impl Limits {
    /// Is there none at all?
    pub(crate) fn is_empty(&self) -> bool {
        self.warning == Level::default() && self.critical == Level::default()
    }

    /// Takes what an option says; those that select say nothing.
    pub(crate) fn take(&mut self, step: &Step) {
        match step.clone() {
            Step::Warning(limit) => self.warning.set(limit),
            Step::Critical(limit) => self.critical.set(limit),
            Step::InodeWarning(range) => self.warning.free_inodes = Some(range),
            Step::InodeCritical(range) => self.critical.free_inodes = Some(range),
            Step::UsedWarning(range) => self.warning.used_percent = Some(range),
            Step::UsedCritical(range) => self.critical.used_percent = Some(range),
            Step::Group(_)
            | Step::Path(_)
            | Step::BarePath(_)
            | Step::All
            | Step::Matching(_)
            | Step::Without(_)
            | Step::Clear => {}
        }
    }

    /// What verifying a configuration doubts; limits of inodes are ranges already.
    pub(crate) fn judged(&self) -> [Judged; 3] {
        let judged = |range: fn(&Level) -> Option<&Range>, options: [&'static str; 2], unit, most| {
            let limit = |option, level| {
                let range = range(level)?;
                // what must be left is written without the sign for inside
                let text = format!("{}{unit}", range.to_string().trim_start_matches('@'));
                Some(check::Limit { option, text, range: range.clone() })
            };
            let (warning, critical) = (limit(options[0], &self.warning), limit(options[1], &self.critical));
            Judged { warning, critical, within: 0.0..=most }
        };
        let free = ["--warning", "--critical"];
        [
            judged(|level| level.free_units.as_ref(), free, "", f64::INFINITY),
            judged(|level| level.free_percent.as_ref(), free, "%", 100.0),
            judged(|level| level.used_percent.as_ref(), ["WARN", "CRIT"], "%", 100.0),
        ]
    }

    /// The state of a file system, `unit` being the bytes of one unit.
    pub(crate) fn state(&self, usage: &Usage, unit: u64) -> State {
        match () {
            () if self.critical.alerts(usage, unit) => State::Critical,
            () if self.warning.alerts(usage, unit) => State::Warning,
            () => State::Ok,
        }
    }
}

impl Level {
    /// Sets the limit of a `-w` or `-c`; units and percent stand beside each other.
    pub(crate) fn set(&mut self, limit: Limit) {
        match limit {
            Limit::Units(range) => self.free_units = Some(range),
            Limit::Percent(range) => self.free_percent = Some(range),
        }
    }

    /// Free units are counted in whole ones, as the peer does: with `-u GB -w 1`, 1.9 GB alert.
    fn alerts(&self, usage: &Usage, unit: u64) -> bool {
        let is = |range: &Option<Range>, value: Option<f64>| match (range, value) {
            (Some(range), Some(value)) => range.alerts(value),
            _ => false,
        };
        let used = usage.used_percent().map(f64::from);
        let inodes_left = usage.inodes_used_percent().map(|used| 100.0 - f64::from(used));
        is(&self.free_units, Some((usage.available / unit.max(1)) as f64))
            || is(&self.free_percent, used.map(|used| 100.0 - used))
            || is(&self.used_percent, used)
            || is(&self.free_inodes, inodes_left)
    }

    /// The least number of used bytes, of `total`, at which it alerts: what graphs draw.
    pub(crate) fn used_bytes(&self, total: u64, unit: u64) -> Option<f64> {
        let total = total as f64;
        let units = end(self.free_units.as_ref()).map(|left| total - left * unit as f64);
        let percent = end(self.free_percent.as_ref()).map(|left| (1.0 - left / 100.0) * total);
        let used = end(self.used_percent.as_ref()).map(|used| used / 100.0 * total);
        [units, percent, used].into_iter().flatten().reduce(f64::min).map(|bytes| bytes.max(0.0).floor())
    }

    /// The least number of used inodes at which it alerts.
    pub(crate) fn used_inodes(&self, total: u64) -> Option<f64> {
        let left = end(self.free_inodes.as_ref())?;
        Some(((1.0 - left / 100.0) * total as f64).max(0.0).floor())
    }
}

fn end(range: Option<&Range>) -> Option<f64> {
    range.map(Range::end).filter(|end| end.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn limits(warning: &[&str], critical: &[&str]) -> Limits {
        let level = |texts: &[&str]| {
            let mut level = Level::default();
            for text in texts {
                level.set(limit(text).expect("a limit"));
            }
            level
        };
        Limits { warning: level(warning), critical: level(critical) }
    }

    /// 100 MiB, of which 40 are left: what the peer (monitoring-plugins 2.3.3) said of such a tmpfs.
    #[test]
    fn judges_as_the_peer_does() {
        let usage =
            Usage { total: 100 * MIB, used: 60 * MIB, available: 40 * MIB, inodes: 1000, inodes_used: 3 };
        for (warning, critical, want) in [
            (&["10"][..], &["5"][..], State::Ok),
            (&["39"], &["5"], State::Ok),
            (&["40"], &["5"], State::Warning),
            (&["40%"], &["39%"], State::Warning),
            (&["39.5%"], &[], State::Ok),
            (&["41%", "10"], &["39%", "20"], State::Warning),
            (&["10%:20%"], &["1"], State::Ok),
            (&["@10:50%"], &["1"], State::Warning),
            (&["10:"], &["1"], State::Warning),
            (&["5%"], &["40%"], State::Critical),
            (&[], &[], State::Ok),
        ] {
            assert_eq!(limits(warning, critical).state(&usage, MIB), want, "-w {warning:?} -c {critical:?}");
        }
        assert_eq!(
            limits(&["1"], &[]).state(&Usage { available: 2 * MIB - 1, ..usage }, MIB),
            State::Warning
        );
    }

    #[test]
    fn file_systems_without_inodes_have_enough_of_them() {
        let level = Level { free_inodes: Some(inode_limit("10").expect("a percentage")), ..Level::default() };
        let limits = Limits { warning: level.clone(), critical: Level::default() };
        let usage = |inodes_used| Usage { inodes: 100, inodes_used, ..Usage::default() };
        assert_eq!(limits.state(&usage(89), MIB), State::Ok);
        assert_eq!(limits.state(&usage(90), MIB), State::Warning);
        assert_eq!(limits.state(&Usage::default(), MIB), State::Ok);
        assert_eq!(level.used_inodes(11), Some(9.0));
    }

    #[test]
    fn graphs_get_the_used_bytes_at_which_it_alerts() {
        let bytes = |texts: &[&str]| limits(texts, &[]).warning.used_bytes(100 * MIB, MIB);
        assert_eq!(bytes(&["10%"]), Some(94_371_840.0));
        assert_eq!(bytes(&["10%", "20"]), Some(83_886_080.0));
        assert_eq!(bytes(&["200"]), Some(0.0), "more than there is");
        assert_eq!(bytes(&["10:"]), None);
        assert_eq!(bytes(&[]), None);
    }

    #[test]
    fn limits_are_numbers() {
        for bad in ["", "%", "x", "10x", "100GB", "@", "-5", "nan%", "5:1", "é%"] {
            assert!(limit(bad).is_err(), "{bad:?}");
            assert!(inode_limit(bad).is_err(), "{bad:?}");
        }
    }
}
