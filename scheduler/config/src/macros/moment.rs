//! Times in macros.

use engine::Span;

use super::{Scene, data};
use crate::command::MacroValue;
use crate::main_file::DateFormat;

/// `LONGDATETIME`, `SHORTDATETIME`, `DATE`, `TIME` and `TIMET`. Dates are written as ISO 8601 has
/// them unless the main file's `date_format` says otherwise: they mean the same to everyone.
pub(crate) fn time_macro<'c>(scene: &Scene<'c>, name: &str) -> Option<MacroValue<'c>> {
    let date = match scene.of.globals.date_format {
        DateFormat::Us => "%m-%d-%Y",
        DateFormat::Euro => "%d-%m-%Y",
        DateFormat::Iso | DateFormat::StrictIso => "%Y-%m-%d",
    };
    let between = if scene.of.globals.date_format == DateFormat::StrictIso { "T" } else { " " };
    let format = match name {
        "LONGDATETIME" => "%a %b %d %H:%M:%S %Z %Y".to_owned(),
        "SHORTDATETIME" => format!("{date}{between}%H:%M:%S"),
        "DATE" => date.to_owned(),
        "TIME" => "%H:%M:%S".to_owned(),
        "TIMET" => return Some(data(scene.now.secs().to_string())),
        _ => return None,
    };
    // beyond the year 9999 there is no date to show
    let instant = jiff::Timestamp::from_microsecond(scene.now.micros()).unwrap_or_default();
    Some(data(instant.to_zoned(scene.of.graph.timezone.clone()).strftime(&format).to_string()))
}

/// `0d 3h 5m 12s`, as Nagios writes it.
pub(crate) fn duration(span: Span) -> String {
    let seconds = span.micros().max(0) / 1_000_000;
    format!("{}d {}h {}m {}s", seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}
