//! The time that a line begins with.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A moment, and how much of the line it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Seconds since 1970.
    pub seconds: i64,
    /// Bytes of the line, without what follows.
    pub length: usize,
}

/// Reads times of a zone. Lines of one second are many: the last time read is remembered.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    now: Timestamp,
    last: (Vec<u8>, Option<Stamp>),
}

/// The longest time: `Mon Nov 30 02:03:05 2026`, or one of RFC 3339 with nanoseconds.
const LONGEST: usize = 40;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Clock {
    /// Times without a zone are of this one, and times without a year not after `now` (plus a day, for
    /// clocks that are ahead).
    pub fn new(zone: TimeZone, now: Timestamp) -> Clock {
        Clock { zone, now, last: (Vec::new(), None) }
    }

    /// The time at the beginning of a line, in one of the forms that logs have: `Mon Nov 30 02:03:05 2026`
    /// (ctime, FreeRADIUS, radsecproxy), `Nov 30 02:03:05` (RFC 3164), `2026-11-30T02:03:05.5+01:00`
    /// (RFC 3339 and 5424; with a blank for the T, and without a zone, too). A priority before it
    /// (`<142>1 `) is passed over.
    pub fn read(&mut self, line: &[u8]) -> Option<Stamp> {
        let (remembered, stamp) = &self.last;
        if !remembered.is_empty() && line.starts_with(remembered) {
            return *stamp;
        }
        let start = priority(line);
        let rest = &line[start..line.len().min(start + LONGEST)];
        // the text of a time is ASCII; what follows may be anything
        let end = rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let text = std::str::from_utf8(&rest[..end]).ok()?;
        let (seconds, length) =
            self.ctime(text).or_else(|| self.syslog(text)).or_else(|| self.rfc3339(text))?;
        let stamp = Stamp { seconds, length: start + length };
        // a fraction may go on where the text was cut, a number where the time ended
        let next = line.get(stamp.length).copied();
        if next.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        self.last.0.clear();
        self.last.0.extend_from_slice(&line[..stamp.length]);
        self.last.0.extend(next);
        // where the line ends here, another with the same beginning may go on
        self.last.1 = next.map(|_| stamp);
        if next.is_none() {
            self.last.0.clear();
        }
        Some(stamp)
    }

    fn ctime(&self, text: &str) -> Option<(i64, usize)> {
        let rest = text.get(..24)?;
        let is_day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(&rest.get(..3)?);
        let (year, blank) = (rest.get(20..24)?, rest.get(3..4)? == " " && rest.get(19..20)? == " ");
        let (month, day, time) = month_day_time(rest.get(4..19)?)?;
        let year = digits(year)?;
        (is_day && blank).then_some(())?;
        Some((self.seconds(year, month, day, time)?, 24))
    }

    fn syslog(&self, text: &str) -> Option<(i64, usize)> {
        let (month, day, time) = month_day_time(text.get(..15)?)?;
        let this_year = self.now.to_zoned(self.zone.clone()).year();
        let latest = self.now.checked_add(SignedDuration::from_hours(24)).ok()?.as_second();
        // a leap day may be years ago
        let mut years = (0..8).filter_map(|ago| self.seconds(this_year + 1 - ago, month, day, time));
        Some((years.find(|seconds| *seconds <= latest)?, 15))
    }

    fn rfc3339(&self, text: &str) -> Option<(i64, usize)> {
        let date: jiff::civil::Date = text.get(..10)?.parse().ok()?;
        matches!(text.get(10..11)?, "T" | " ").then_some(())?;
        let clock = hms(text.get(11..19)?)?;
        let at = DateTime::from_parts(date, clock);
        let mut length = 19;
        if text[length..].starts_with(['.', ',']) {
            length += 1 + text[length + 1..].bytes().take_while(u8::is_ascii_digit).count();
        }
        let zone = &text[length..];
        if zone.starts_with('Z') {
            return Some((at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second(), length + 1));
        }
        let sign = match zone.bytes().next() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Some((self.moment(at)?, length)),
        };
        let hours = digits(zone.get(1..3)?)?;
        let (minutes, used) = match zone.get(3..4) {
            Some(":") => (digits(zone.get(4..6)?)?, 6),
            _ => (digits(zone.get(3..5)?)?, 5),
        };
        let east = sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60);
        let utc = at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
        Some((utc - east, length + used))
    }

    fn seconds(&self, year: i16, month: i8, day: i8, time: Time) -> Option<i64> {
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        self.moment(DateTime::from_parts(date, time))
    }

    fn moment(&self, at: DateTime) -> Option<i64> {
        Some(self.zone.to_ambiguous_zoned(at).compatible().ok()?.timestamp().as_second())
    }
}

/// A time zone by its name, for an option.
pub fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text)
        .map_err(|_| format!("`{text}` is no time zone of this system; write UTC or Europe/Prague"))
}

/// Length of `<142>` or `<142>1 `.
fn priority(line: &[u8]) -> usize {
    let Some(rest) = line.strip_prefix(b"<") else { return 0 };
    let digits = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    match rest.get(digits..) {
        Some([b'>', b'1', b' ', ..]) if digits > 0 => digits + 4,
        Some([b'>', ..]) if digits > 0 => digits + 2,
        _ => 0,
    }
}

/// `Nov 30 02:03:05`, the day padded by a blank.
fn month_day_time(text: &str) -> Option<(i8, i8, Time)> {
    let month = MONTHS.iter().position(|month| text.get(..3) == Some(*month))?;
    (text.get(3..4)? == " " && text.get(6..7)? == " ").then_some(())?;
    let day = digits(text.get(4..6)?.trim_start())?;
    let time = hms(text.get(7..15)?)?;
    Some((i8::try_from(month + 1).ok()?, i8::try_from(day).ok()?, time))
}

fn hms(text: &str) -> Option<Time> {
    let part = |range: std::ops::Range<usize>| i8::try_from(digits(text.get(range)?)?).ok();
    (text.get(2..3)? == ":" && text.get(5..6)? == ":").then_some(())?;
    // a leap second is the end of the one before
    Time::new(part(0..2)?, part(3..5)?, part(6..8)?.min(59), 0).ok()
}

fn digits(text: &str) -> Option<i16> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clock(zone: &str) -> Clock {
        Clock::new(TimeZone::get(zone).unwrap(), "2026-11-30T12:00:00Z".parse().unwrap())
    }

    fn read(line: &str) -> Option<(String, usize)> {
        let stamp = clock("Europe/Prague").read(line.as_bytes())?;
        Some((Timestamp::from_second(stamp.seconds).unwrap().to_string(), stamp.length))
    }

    #[test]
    fn every_form_of_a_time_is_read() {
        for (line, time, length) in [
            ("Mon Nov 30 02:03:05 2026 src=", "2026-11-30T01:03:05Z", 24),
            ("Sat Aug  1 02:03:05 2026: F-TICKS", "2026-08-01T00:03:05Z", 24),
            ("Nov 30 02:03:05 proxy radsecproxy[7]: F-TICKS", "2026-11-30T01:03:05Z", 15),
            ("Nov  1 02:03:05 proxy x", "2026-11-01T01:03:05Z", 15),
            ("Dec  1 00:00:00 proxy x", "2026-11-30T23:00:00Z", 15),
            ("Dec 24 02:03:05 proxy x", "2025-12-24T01:03:05Z", 15),
            ("Feb 29 12:00:00 proxy x", "2024-02-29T11:00:00Z", 15),
            ("<142>Nov 30 02:03:05 proxy x", "2026-11-30T01:03:05Z", 20),
            ("<142>1 2026-11-30T02:03:05.123456+01:00 proxy", "2026-11-30T01:03:05Z", 39),
            ("2026-11-30T02:03:05Z x", "2026-11-30T02:03:05Z", 20),
            ("2026-11-30T02:03:05-0530 x", "2026-11-30T07:33:05Z", 24),
            ("2026-11-30 02:03:05 x", "2026-11-30T01:03:05Z", 19),
            ("2026-11-30 23:59:60", "2026-11-30T22:59:59Z", 19),
        ] {
            assert_eq!(read(line), Some((time.to_owned(), length)), "{line}");
        }
        for bad in [
            "",
            "F-TICKS/eduroam/1.0#",
            "Mon Nov 31 02:03:05 2026",
            "Nov 30 25:03:05 x",
            "Now 30 02:03:05 x",
            "2026-13-30T02:03:05Z",
            "2026-11-30T02:03:05+0",
            "2026-11-30T02:03:050",
            "<1423>Nov 30 02:03:05",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_remembered_is_of_the_same_time_only() {
        let mut clock = clock("UTC");
        let mut at = |line: &str| clock.read(line.as_bytes()).map(|stamp| stamp.seconds);
        let first = at("Nov 30 02:03:05 a").unwrap();
        assert_eq!(at("Nov 30 02:03:05 b"), Some(first));
        assert_eq!(at("Nov 30 02:03:06 b"), Some(first + 1));
        assert_eq!(at("2026-11-30T02:03:05.1Z x"), Some(first));
        assert_eq!(at("2026-11-30T02:03:05.12Z x"), Some(first));
        assert_eq!(at("2026-11-30T02:03:05.1+01:00 x"), Some(first - 3600));
        assert_eq!(at("2026-11-30T02:03:05.1+02:00 x"), Some(first - 7200));
        assert_eq!(at("rubbish"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(line: Vec<u8>, start in 0_usize..40) {
            let mut clock = clock("Europe/Prague");
            let mut good = b"2026-11-30T02:03:05.123456+01:00 proxy".to_vec();
            good.truncate(start);
            good.extend(&line);
            for text in [&line, &good] {
                if let Some(stamp) = clock.read(text) {
                    prop_assert!(stamp.length <= text.len());
                    prop_assert_eq!(clock.read(text), Some(stamp));
                }
            }
        }
    }
}
