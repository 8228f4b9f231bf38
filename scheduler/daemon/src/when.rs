//! Times and lengths as people type them.

use engine::{Span, Timestamp};
use jiff::civil;
use jiff::tz::TimeZone;

/// `90s`, `15m`, `36h`, `7d`, `2w`.
pub(crate) fn span(text: &str) -> Result<Span, String> {
    let error = || format!("`{text}` is no span of time: write 90s, 15m, 36h, 7d or 2w");
    let unit = text.chars().next_back().ok_or_else(error)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(error()),
    };
    let number: i64 = text[..text.len() - 1].parse().map_err(|_| error())?;
    if number <= 0 || number > 1_000_000 { Err(error()) } else { Ok(Span::from_secs(number * factor)) }
}

/// A moment to come, in the zone of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So long from now.
    In(Span),
    /// Then.
    At(Timestamp),
}

impl Moment {
    /// `30m` from now, or `2026-11-23T22:00`.
    pub fn parse(text: &str) -> Result<Moment, String> {
        if let Ok(span) = span(text) {
            return Ok(Moment::In(span));
        }
        let error = || format!("`{text}` is no moment: write 30m for in half an hour, or 2026-11-23T22:00");
        let local: civil::DateTime = text.parse().map_err(|_| error())?;
        let at = local.to_zoned(TimeZone::system()).map_err(|_| error())?;
        Ok(Moment::At(Timestamp::from_micros(at.timestamp().as_microsecond())))
    }

    /// When that is.
    pub fn after(self, now: Timestamp) -> Timestamp {
        match self {
            Moment::In(span) => now + span,
            Moment::At(at) => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_moments_are_read() {
        assert_eq!(span("36h"), Ok(Span::from_secs(36 * 3600)));
        for bad in ["", "h", "5", "-1h", "3é", "99999999999999999999d"] {
            assert!(span(bad).is_err(), "{bad}");
            assert!(Moment::parse(bad).is_err(), "{bad}");
        }
        let now = Timestamp::from_secs(1_800_000_000);
        assert_eq!(Moment::parse("30m").unwrap().after(now), Timestamp::from_secs(1_800_001_800));
        let Moment::At(at) = Moment::parse("2026-11-23T22:00").unwrap() else { panic!("no date") };
        assert_eq!(Moment::parse("2026-11-23 22:00:00"), Ok(Moment::At(at)));
        let day = Timestamp::from_secs(1_795_392_000 + 22 * 3600);
        assert!(at.since(day).max(day.since(at)) <= Span::from_secs(14 * 3600), "in the zone of the machine");
    }
}
