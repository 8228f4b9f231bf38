//! A line of history in words: for the log, and for `hlidka history`.

use engine::{EntryKind, Timestamp, counted};
use jiff::tz::TimeZone;

/// What happened, to be read after the object's name; times are in the zone.
pub(crate) fn in_words(kind: &EntryKind, zone: &TimeZone) -> String {
    match kind {
        EntryKind::State { condition, state_type, attempt, output } => {
            format!("is {condition} ({state_type} {attempt}): {output}")
        }
        EntryKind::Notified { contact, kind, condition } => {
            format!("told {contact}: {} ({condition})", kind.as_str())
        }
        EntryKind::Held { kind, reason, by } => {
            let by = by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
            format!("nobody told of {}: {}{by}", kind.as_str(), reason.as_str())
        }
        EntryKind::Acknowledged { author, comment } => format!("acknowledged by {author}: {comment}"),
        EntryKind::Unacknowledged => "is not acknowledged any more".to_owned(),
        EntryKind::Downtime { number, start, end, flexible, author, comment } => {
            let (start, end) = (moment(*start, zone), moment(*end, zone));
            let kind = match flexible {
                Some(length) => format!("flexible downtime of {length} between {start} and {end}"),
                None => format!("downtime from {start} to {end}"),
            };
            format!("{kind} (number {number}) by {author}: {comment}")
        }
        EntryKind::DowntimeStarted { number } => format!("downtime {number} begins"),
        EntryKind::DowntimeEnded { number, cancelled: false } => format!("downtime {number} is over"),
        EntryKind::DowntimeEnded { number, cancelled: true } => format!("downtime {number} was taken back"),
        EntryKind::Blocked { by } => format!("is not checked from now on: {by} failed"),
        EntryKind::Unblocked => "is checked again".to_owned(),
        EntryKind::Flapping { on: true, percent } => format!("flaps ({percent:.1} % change)"),
        EntryKind::Flapping { on: false, percent } => format!("flaps no more ({percent:.1} % change)"),
        EntryKind::OftenFailing { on: true, outages } => {
            format!("fails more often than its budget allows ({})", counted(*outages, "outage"))
        }
        EntryKind::OftenFailing { on: false, outages } => {
            format!("is back in its failure budget ({})", counted(*outages, "outage"))
        }
        EntryKind::Stale { age } => format!("nothing was heard for {age}"),
        EntryKind::Commented { author, text } => format!("{author} writes: {text}"),
        EntryKind::Switched { switch, on } => format!("{} switched {}", switch.as_str(), on_off(*on)),
        EntryKind::SwitchedAll { switch, on } => format!("{} switched {}", switch.as_str(), on_off(*on)),
        EntryKind::Log { text } => text.to_string(),
    }
}

const fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// `2026-11-21 14:03:12`.
pub(crate) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    match jiff::Timestamp::from_microsecond(at.micros()) {
        Ok(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "unknown".to_owned(),
    }
}
