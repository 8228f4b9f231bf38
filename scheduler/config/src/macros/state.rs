//! Macros about the state of a host or service: `$HOSTSTATE$`, `$LASTSERVICECHECK$` and the like,
//! each by the text before and after `HOST` or `SERVICE` in its name.

use engine::{Condition, Handling, Notification, ObjectId, Saved, StateType, Timestamp};

use super::moment::duration;
use super::{Scene, data};
use crate::command::MacroValue;

/// How something is, whoever says it: the engine's state, a notification, an event handler's job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'s> {
    pub condition: Condition,
    /// The condition before; the last hard one where only that is known.
    pub previous: Condition,
    pub state_type: StateType,
    pub attempt: u16,
    pub output: &'s str,
    pub long_output: &'s str,
    pub perfdata: &'s str,
    pub last_check: Option<Timestamp>,
    pub since: Timestamp,
    /// Until when it has lasted.
    pub until: Timestamp,
}

impl<'s> Situation<'s> {
    pub(crate) fn of_state(state: &'s Saved, now: Timestamp) -> Situation<'s> {
        Situation {
            condition: state.condition,
            previous: state.hard,
            state_type: state.state_type,
            attempt: state.attempt,
            output: state.said.output(),
            long_output: state.said.long_output(),
            perfdata: state.said.perfdata(),
            last_check: state.last_check,
            since: state.since,
            until: now,
        }
    }

    pub(crate) fn of_notification(told: &'s Notification) -> Situation<'s> {
        Situation {
            condition: told.condition,
            previous: told.previous,
            state_type: told.state_type,
            attempt: told.attempt.0,
            output: &told.output,
            long_output: &told.long_output,
            perfdata: &told.perfdata,
            last_check: told.last_check,
            since: told.since,
            until: told.lasted.map_or(told.at, |lasted| told.since + lasted),
        }
    }

    pub(crate) fn of_handling(handling: &'s Handling, previous: Condition, now: Timestamp) -> Situation<'s> {
        Situation {
            condition: handling.condition,
            previous,
            state_type: handling.state_type,
            attempt: handling.attempt,
            output: handling.said.output(),
            long_output: handling.said.long_output(),
            perfdata: handling.said.perfdata(),
            last_check: Some(handling.last_check),
            since: handling.since,
            until: now,
        }
    }

    /// The value of a macro, by what stands before and after `HOST` or `SERVICE` in its name.
    pub(crate) fn value<'c>(&self, before: &str, after: &str, scene: &Scene<'c>) -> Option<MacroValue<'c>> {
        let lasted = self.until.since(self.since);
        Some(match (before, after) {
            ("", "STATE") => data(self.condition.as_str()),
            ("", "STATEID") => data(state_id(self.condition)),
            ("", "STATETYPE") => data(self.state_type.as_str()),
            ("LAST", "STATE") => data(self.previous.as_str()),
            ("LAST", "STATEID") => data(state_id(self.previous)),
            ("LAST", "STATECHANGE") => Scene::moment(Some(self.since)),
            ("LAST", "CHECK") => Scene::moment(self.last_check),
            ("", "OUTPUT") => scene.output(self.output),
            // Nagios hands long output over as one line, with `\n` for its line ends
            ("LONG", "OUTPUT") => scene.output(&self.long_output.replace('\n', "\\n")),
            ("", "PERFDATA") => scene.output(self.perfdata),
            ("", "ATTEMPT") => data(self.attempt.to_string()),
            ("", "DURATION") => data(duration(lasted)),
            ("", "DURATIONSEC") => data((lasted.micros() / 1_000_000).to_string()),
            _ => return None,
        })
    }
}

/// A macro about the state of an object, if the state is known.
pub(crate) fn state_macro<'c>(scene: &Scene<'c>, id: ObjectId, name: &str) -> Option<MacroValue<'c>> {
    let kind = if scene.of.graph.is_host(id) { "HOST" } else { "SERVICE" };
    let (before, after) = name.split_once(kind)?;
    let state = scene.state(id)?;
    Situation::of_state(state, scene.now)
        .value(before, after, scene)
        .or_else(|| more(scene, state, before, after))
}

/// What only the engine knows.
fn more<'c>(scene: &Scene<'c>, state: &Saved, before: &str, after: &str) -> Option<MacroValue<'c>> {
    let seconds = |span: engine::Span| {
        let millis = span.micros().max(0) / 1000;
        data(format!("{}.{:03}", millis / 1000, millis % 1000))
    };
    let known = state.acknowledgement();
    let running = state.extras().downtimes.iter().filter(|downtime| downtime.began.is_some()).count();
    Some(match (before, after) {
        ("", "LATENCY") => seconds(state.latency),
        ("", "EXECUTIONTIME") => seconds(state.execution_time),
        ("", "DOWNTIME") => data(running.to_string()),
        ("", "PERCENTCHANGE") => data(format!("{:.2}", state.flap_history.percent())),
        ("", "ACKAUTHOR" | "ACKAUTHORNAME" | "ACKAUTHORALIAS") => {
            scene.output(known.map_or("", |known| &known.author))
        }
        ("", "ACKCOMMENT") => scene.output(known.map_or("", |known| &known.comment)),
        ("", "PROBLEMID") => {
            data(if state.condition.is_problem() { state.problem_id } else { 0 }.to_string())
        }
        ("", "NOTIFICATIONNUMBER") => data(state.notifications.to_string()),
        ("LAST", "OK" | "UP") => {
            let well = !state.condition.is_problem();
            Scene::moment(if well { state.last_check } else { state.last_ok })
        }
        // of other conditions only the present one is remembered
        ("LAST", "WARNING" | "CRITICAL" | "UNKNOWN" | "DOWN" | "UNREACHABLE") => {
            Scene::moment(state.last_check.filter(|_| state.condition.as_str() == after))
        }
        _ => return None,
    })
}

/// As plugins and Nagios number states.
pub(crate) fn state_id(condition: Condition) -> &'static str {
    match condition {
        Condition::Ok | Condition::Up => "0",
        Condition::Warning | Condition::Down => "1",
        Condition::Critical | Condition::Unreachable => "2",
        Condition::Unknown => "3",
    }
}
