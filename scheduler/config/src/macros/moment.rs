//! Times in macros.

use engine::{Span, Timestamp};
use jiff::tz::TimeZone;

use super::data;
use crate::command::MacroValue;

/// `LONGDATETIME`, `SHORTDATETIME`, `DATE`, `TIME` and `TIMET`. Dates are written as ISO 8601 has
/// them, Nagios' `date_format=iso8601`: they mean the same to everyone.
pub(crate) fn time_macro<'c>(name: &str, now: Timestamp, zone: &TimeZone) -> Option<MacroValue<'c>> {
    let format = match name {
        "LONGDATETIME" => "%a %b %d %H:%M:%S %Z %Y",
        "SHORTDATETIME" => "%Y-%m-%d %H:%M:%S",
        "DATE" => "%Y-%m-%d",
        "TIME" => "%H:%M:%S",
        "TIMET" => return Some(data(now.secs().to_string())),
        _ => return None,
    };
    // beyond the year 9999 there is no date to show
    let instant = jiff::Timestamp::from_microsecond(now.micros()).unwrap_or_default();
    Some(data(instant.to_zoned(zone.clone()).strftime(format).to_string()))
}

/// `0d 3h 5m 12s`, as Nagios writes it.
pub(crate) fn duration(span: Span) -> String {
    let seconds = span.micros() / 1_000_000;
    format!("{}d {}h {}m {}s", seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}
