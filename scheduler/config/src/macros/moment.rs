//! Times in macros.

use engine::{PeriodId, Span, Timestamp};

use super::{Scene, data};
use crate::command::MacroValue;
use crate::main_file::DateFormat;

/// `LONGDATETIME`, `SHORTDATETIME`, `DATE`, `TIME`, `TIMET`, and when the daemon started. Dates are as the
/// `date_format` of a nagios.cfg says (`us`, if it does not), else as ISO 8601 has them: they mean the same
/// to everyone.
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
        "PROCESSSTARTTIME" | "EVENTSTARTTIME" => {
            return scene.of.globals.started.map(|at| Scene::moment(Some(at)));
        }
        _ => return None,
    };
    // beyond the year 9999 there is no date to show
    let instant = jiff::Timestamp::from_microsecond(scene.now.micros()).unwrap_or_default();
    Some(data(instant.to_zoned(scene.of.graph.timezone.clone()).strftime(&format).to_string()))
}

/// Does the value of a macro depend on when it is looked up?
pub(crate) fn is_momentary(name: &str) -> bool {
    let bare = name.split(':').next().unwrap_or_default();
    let times =
        ["LONGDATETIME", "SHORTDATETIME", "DATE", "TIME", "TIMET", "PROCESSSTARTTIME", "EVENTSTARTTIME"];
    times.contains(&bare) || ["ISVALIDTIME", "NEXTVALIDTIME"].contains(&bare) || bare.contains("ACK")
}

/// `$ISVALIDTIME:period$` (1 or 0) and `$NEXTVALIDTIME:period$` (seconds since the epoch, 0 for never), of
/// now or of a moment that is given behind another colon.
pub(crate) fn valid_time<'c>(scene: &Scene<'c>, name: &str, rest: &str) -> Option<MacroValue<'c>> {
    let graph = &scene.of.graph;
    let find = |wanted: &str| {
        let place = graph.periods.iter().position(|period| *period.name == *wanted)?;
        u32::try_from(place).ok().map(PeriodId)
    };
    let (period, at) = if let Some(period) = find(rest) {
        (period, scene.now)
    } else {
        let (period, at) = rest.rsplit_once(':')?;
        // beyond the year 9999 nothing is open
        let at = at.parse::<i64>().ok().filter(|at| (0..=253_402_300_799).contains(at))?;
        (find(period)?, Timestamp::from_secs(at))
    };
    if name == "ISVALIDTIME" {
        return Some(data(if graph.is_open(Some(period), at) { "1" } else { "0" }));
    }
    let next = graph.next_opening(Some(period), at);
    Some(Scene::moment(Some(next).filter(|next| *next != Timestamp::NEVER)))
}

/// `0d 3h 5m 12s`, as Nagios writes it.
pub(crate) fn duration(span: Span) -> String {
    let seconds = span.micros().max(0) / 1_000_000;
    format!("{}d {}h {}m {}s", seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}
