//! The two dates of a Release file. Pure.

use crate::sources::Source;

/// What a Release says of its own time, in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Release {
    pub date: Option<i64>,
    pub valid_until: Option<i64>,
}

impl Release {
    /// Reads the head of a Release or InRelease file: the signature's frame and the list of hashes
    /// are passed over.
    pub fn parse(text: &str) -> Release {
        let field = |name: &str| {
            let line = text.lines().find(|line| {
                line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                    && line[name.len()..].starts_with(':')
            })?;
            seconds_of(line[name.len() + 1..].trim())
        };
        Release { date: field("Date"), valid_until: field("Valid-Until") }
    }

    /// The moment from which APT refuses it: `Valid-Until`, within the bounds set for the source.
    pub fn expires(&self, source: &Source) -> Option<i64> {
        if !source.check_valid_until {
            return None;
        }
        let after_date = |seconds: Option<i64>| {
            seconds.filter(|seconds| *seconds > 0).and_then(|seconds| self.date?.checked_add(seconds))
        };
        let latest = after_date(source.valid_until_max);
        let end = match (self.valid_until, latest) {
            (Some(end), Some(latest)) => Some(end.min(latest)),
            (end, latest) => end.or(latest),
        }?;
        Some(after_date(source.valid_until_min).map_or(end, |earliest| end.max(earliest)))
    }
}

/// `Sat, 08 Nov 2025 13:58:05 UTC` (RFC 1123, in UTC as APT demands).
fn seconds_of(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = text.split_whitespace();
    let day: i64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let (month, _) = (1_i64..).zip(MONTHS).find(|(_, month)| month.eq_ignore_ascii_case(name))?;
    let year: i64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let in_utc = matches!(words.next(), None | Some("UTC" | "GMT" | "Z" | "+0000"));
    let sensible = (1..=31).contains(&day)
        && (1970..=9999).contains(&year)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !in_utc || !sensible {
        return None;
    }
    Some(days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Days of the Gregorian calendar. Counted in years that begin in March, so that the leap day is
/// the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days_before_month = (month * 306 + 5) / 10;
    year * 365 + leap_days + days_before_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\n\
        Date: Sat, 08 Nov 2025 13:58:05 UTC\nvalid-until: Sat, 15 Nov 2025 13:58:05 UTC\nSHA256:\n abc 1 Date: x\n";

    fn source(check_valid_until: bool, min: Option<i64>, max: Option<i64>) -> Source {
        Source {
            name: String::new(),
            prefix: String::new(),
            check_valid_until,
            valid_until_min: min,
            valid_until_max: max,
        }
    }

    #[test]
    fn dates_are_read() {
        let release = Release::parse(HEAD);
        assert_eq!(release, Release { date: Some(1_762_610_285), valid_until: Some(1_763_215_085) });
        let cases = [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Thu, 29 Feb 2024 12:00:00 +0000", Some(1_709_208_000)),
            ("Fri, 01 Mar 2024 00:00:00 UTC", Some(1_709_251_200)),
            ("Fri, 31 Dec 1999 23:59:59 UTC", Some(946_684_799)),
            ("31 Dec 2099 23:59:59 UTC", Some(4_102_444_799)),
            ("Sat, 08 Nov 2025 13:58:05 +0200", None),
            ("Sat, 99 Nov 2025 13:58:05 UTC", None),
            ("Sat, 08 Nov 99999999999999999999 13:58:05 UTC", None),
            ("Sat, 08 Nov 2025 13:58", None),
            ("", None),
            ("é", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(seconds_of(text), seconds, "{text}");
        }
    }

    #[test]
    fn expiry_is_bounded_by_the_source() {
        let release = Release { date: Some(1000), valid_until: Some(2000) };
        assert_eq!(release.expires(&source(true, None, None)), Some(2000));
        assert_eq!(release.expires(&source(false, None, None)), None);
        assert_eq!(release.expires(&source(true, None, Some(100))), Some(1100));
        assert_eq!(release.expires(&source(true, Some(5000), None)), Some(6000));
        assert_eq!(release.expires(&source(true, Some(i64::MAX), None)), Some(2000));
        let endless = Release { date: Some(1000), valid_until: None };
        assert_eq!(endless.expires(&source(true, Some(5000), None)), None);
        assert_eq!(endless.expires(&source(true, None, Some(100))), Some(1100));
    }
}
