//! One line of a listing.

use jiff::civil::DateTime;

/// A file or a directory, and what the listing tells of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Its own name, decoded, without a slash.
    pub name: String,
    /// The link to it, as it was written: what to ask for next.
    pub href: String,
    pub is_directory: bool,
    /// When it was last changed, in the listing's time zone.
    pub modified: Option<DateTime>,
    /// Bytes; Apache and lighttpd round large ones.
    pub size: Option<u64>,
}

/// Date, time and size from the words behind a link: `02-Jan-2026 03:04 3072` (nginx), `2026-01-02
/// 03:04 3.0K` (Apache), `2026-Jan-02 03:04:05 3.0K` (lighttpd).
pub(crate) fn facts(words: &[&str]) -> (Option<DateTime>, Option<u64>) {
    let dated = words.windows(2).enumerate().find_map(|(i, pair)| {
        let [day, time] = pair else { return None };
        Some((i, moment(day, time)?))
    });
    match dated {
        Some((i, moment)) => (Some(moment), words.get(i + 2).and_then(|word| fetch::bytes(word).ok())),
        None => (None, None),
    }
}

fn moment(day: &str, time: &str) -> Option<DateTime> {
    let mut parts = day.split('-');
    let (first, month, last) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let mut clock = time.split(':');
    let (hour, minute) = (clock.next()?.parse().ok()?, clock.next()?.parse().ok()?);
    let second = clock.next().map_or(Some(0), |second| second.parse().ok())?;
    DateTime::new(year.parse().ok()?, number_of(month)?, day.parse().ok()?, hour, minute, second, 0).ok()
}

fn number_of(month: &str) -> Option<i8> {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    match NAMES.iter().position(|name| *name == month) {
        Some(i) => i8::try_from(i + 1).ok(),
        None => month.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::datetime;

    #[test]
    fn reads_the_three_ways_to_write_a_date() {
        let at = datetime(2026, 1, 2, 3, 4, 0, 0);
        let read = |text: &str| facts(&text.split_whitespace().collect::<Vec<_>>());
        assert_eq!(read("02-Jan-2026 03:04 3072"), (Some(at), Some(3072)));
        assert_eq!(read("2026-01-02 03:04 3.0K"), (Some(at), Some(3072)));
        assert_eq!(read("/ 2026-Jan-02 03:04:00 - Directory"), (Some(at), None));
        assert_eq!(read("02-Jan-2026 03:04 -"), (Some(at), None));
        for none in
            ["", "02-Jan-2026", "99-Jan-2026 03:04", "02-Xyz-2026 03:04", "a-b-c d:e", "2026-1-2-3 4:5"]
        {
            assert_eq!(read(none), (None, None), "{none}");
        }
    }
}
