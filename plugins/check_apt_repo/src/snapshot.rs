//! Time-stamped repositories: which of the snapshots is meant by a URL with a gap. Pure.
//!
//! `…/debian/{%Y%m%d}04/` is tried with the time, backwards; for `…/debian/{latest}/` the newest
//! serial is read from a file or a listing.

use std::cmp::Ordering;

use jiff::civil::Time;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use regex::Regex;

/// Most snapshots that are tried.
const MAX_TRIES: usize = 200;

/// What stands in the gap of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// The newest serial that is found somewhere.
    Latest,
    /// The time, in this form.
    Time(String),
}

/// A URL or path, whole or with one gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    before: String,
    gap: Option<Gap>,
    after: String,
}

impl std::str::FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Location, String> {
        let Some((before, rest)) = text.split_once('{') else {
            return Ok(Location { before: text.to_owned(), gap: None, after: String::new() });
        };
        let (inside, after) =
            rest.split_once('}').ok_or_else(|| format!("`{text}` has a {{ without a }}"))?;
        let gap = match inside {
            "latest" => Gap::Latest,
            format if format.contains('%') => {
                written(format, Timestamp::UNIX_EPOCH)
                    .ok_or_else(|| format!("`{format}` is no form of a time, such as %Y%m%d"))?;
                Gap::Time(format.to_owned())
            }
            _ => {
                return Err(format!(
                    "`{{{inside}}}` is neither {{latest}} nor a form of a time such as {{%Y%m%d}}"
                ));
            }
        };
        if after.contains(['{', '}']) {
            return Err(format!("`{text}` has more than one gap"));
        }
        if !before.contains('/') || before.ends_with("://") {
            return Err(format!("`{text}`: the gap is to be in the path"));
        }
        Ok(Location { before: before.to_owned(), gap: Some(gap), after: after.to_owned() })
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.gap {
            None => f.write_str(&self.before),
            Some(Gap::Latest) => write!(f, "{}{{latest}}{}", self.before, self.after),
            Some(Gap::Time(format)) => write!(f, "{}{{{format}}}{}", self.before, self.after),
        }
    }
}

impl Location {
    /// What is in the gap, if there is one.
    pub(crate) fn gap(&self) -> Option<&Gap> {
        self.gap.as_ref()
    }

    /// With this in the gap.
    pub(crate) fn with(&self, serial: &str) -> String {
        format!("{}{serial}{}", self.before, self.after)
    }

    /// What a snapshot is called: the part of the path that has the gap, with this in it.
    pub(crate) fn shown(&self, serial: &str) -> String {
        let before = self.before.rsplit('/').next().unwrap_or_default();
        let after = self.after.split('/').next().unwrap_or_default();
        format!("{before}{serial}{after}")
    }

    /// The directory that the gap is in.
    pub(crate) fn directory(&self) -> &str {
        self.before.rfind('/').and_then(|end| self.before.get(..=end)).unwrap_or("/")
    }
}

/// The snapshots to try, newest first, with their times.
pub(crate) fn tries(format: &str, now: Timestamp, back: f64) -> Result<Vec<(String, Timestamp)>, String> {
    const HOUR: SignedDuration = SignedDuration::from_hours(1);
    let mut found: Vec<(String, Timestamp)> = Vec::new();
    let earliest = SignedDuration::try_from_secs_f64(back).ok().and_then(|back| now.checked_sub(back).ok());
    let earliest = earliest.unwrap_or(Timestamp::UNIX_EPOCH);
    // two moments of one hour are apart only by minutes and seconds
    let [one, other] = [1830, 1891].map(|second| Timestamp::from_second(second).unwrap_or_default());
    if written(format, one) != written(format, other) {
        return Err(format!("`{{{format}}}` has more snapshots than can be tried: use {{latest}}"));
    }
    let mut at = now;
    while at >= earliest {
        let serial = written(format, at).ok_or_else(|| format!("`{format}` is no form of a time"))?;
        if found.last().is_none_or(|(last, _)| *last != serial) {
            if found.len() >= MAX_TRIES {
                return Err(format!(
                    "more than {MAX_TRIES} snapshots to try: lower --snapshot-age, or use {{latest}}"
                ));
            }
            found.push((serial, at));
        }
        at = match at.checked_sub(HOUR) {
            Ok(at) => at,
            Err(_) => break,
        };
    }
    Ok(found)
}

/// The greatest serial of a page: the first group of each match, or the whole match.
pub(crate) fn newest(page: &str, pattern: &Regex) -> Option<String> {
    let all = pattern.captures_iter(page).filter_map(|found| found.get(1).or(found.get(0)));
    let all = all.map(|found| found.as_str()).filter(|serial| is_serial(serial));
    all.max_by(|one, other| compare(one, other)).map(str::to_owned)
}

/// The time that a serial begins with.
pub(crate) fn time_of(serial: &str, format: &str) -> Option<Timestamp> {
    let (time, _) = BrokenDownTime::parse_prefix(format, serial).ok()?;
    let date = time.to_date().ok()?;
    let clock = time.to_time().unwrap_or(Time::midnight());
    date.to_datetime(clock).to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

/// Something that leads to a directory below, and no further.
fn is_serial(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && !text.starts_with('.')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b))
}

/// Numbers by their value, anything else by its letters.
fn compare(one: &str, other: &str) -> Ordering {
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if is_number(one) && is_number(other) {
        let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
        return one.len().cmp(&other.len()).then(one.cmp(other));
    }
    one.cmp(other)
}

fn written(format: &str, at: Timestamp) -> Option<String> {
    let text = strtime::format(format, &at.to_zoned(TimeZone::UTC)).ok()?;
    text.split('/').all(is_serial).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_url_has_at_most_one_gap() {
        let location: Location = "http://a/debian/{%Y%m%d}04/".parse().unwrap();
        assert_eq!(location.with("20261115"), "http://a/debian/2026111504/");
        assert_eq!(
            (location.directory(), location.to_string().as_str()),
            ("http://a/debian/", "http://a/debian/{%Y%m%d}04/")
        );
        assert_eq!(location.shown("20261115"), "2026111504");
        let latest: Location = "/debian/tag-{latest}/x".parse().unwrap();
        assert_eq!((latest.gap(), latest.directory()), (Some(&Gap::Latest), "/debian/"));
        assert_eq!("/debian".parse::<Location>().unwrap().gap(), None);
        for bad in [
            "/{x}",
            "/{latest",
            "/{latest}/{latest}",
            "/{%J}",
            "http://{latest}/",
            "{latest}",
            "/{%Y/../%m}",
            "/{%c}",
        ] {
            assert!(bad.parse::<Location>().is_err(), "{bad}");
        }
    }

    #[test]
    fn times_are_tried_backwards_each_once() {
        let now = at("2026-11-15T02:30:00Z");
        let serials = |format: &str, back: f64| -> Vec<String> {
            tries(format, now, back).unwrap().into_iter().map(|(serial, _)| serial).collect()
        };
        assert_eq!(serials("%Y%m%d", 86_400.0), ["20261115", "20261114"]);
        assert_eq!(serials("%Y%m%d%H", 7200.0), ["2026111502", "2026111501", "2026111500"]);
        assert_eq!(serials("%Y/%m", 0.0), ["2026/11"]);
        assert!(tries("%Y%m%d%H", now, 1e7).unwrap_err().contains("--snapshot-age"));
        assert!(tries("%Y%m%dT%H%M%SZ", now, 60.0).unwrap_err().contains("{latest}"));
    }

    #[test]
    fn the_newest_serial_of_a_listing_or_a_trace_file() {
        let digits = Regex::new("[0-9]{8,14}").unwrap();
        let listing =
            "<a href=\"../\">..</a> <a href=\"2026111404/\">x</a> 14-Nov-2026 <a href=\"2026111501/\">";
        assert_eq!(newest(listing, &digits).unwrap(), "2026111501");
        let trace = Regex::new("Archive serial: ([0-9]+)").unwrap();
        assert_eq!(newest("Date: Sun\nArchive serial: 2026111504\n", &trace).unwrap(), "2026111504");
        assert_eq!(newest("nothing", &trace), None);
        let names = Regex::new("href=\"([^\"/]+)/?\"").unwrap();
        assert_eq!(newest("href=\"9\" href=\"10/\" href=\"..\" href=\"../../etc\"", &names).unwrap(), "10");
    }

    #[test]
    fn a_serial_begins_with_its_time() {
        assert_eq!(time_of("2026111504", "%Y%m%d"), Some(at("2026-11-15T00:00:00Z")));
        assert_eq!(time_of("20261115T042233Z", "%Y%m%dT%H%M%S"), Some(at("2026-11-15T04:22:33Z")));
        assert_eq!(time_of("v1", "%Y%m%d"), None);
    }
}
