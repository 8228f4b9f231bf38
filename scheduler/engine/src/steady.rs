//! Where a simulation starts: everything has been watched for long, and all is well.

use std::sync::Arc;

use crate::engine::Restored;
use crate::graph::{Graph, ObjectId};
use crate::saved::{Globals, Saved};
use crate::time::{Span, Timestamp};
use crate::timetable;

impl Restored {
    /// As if the scheduler had run for long before `now` and every check had found all well: each
    /// object was last checked in its last slot before `now` and is due in its next.
    pub fn steady(graph: &Graph, now: Timestamp) -> Restored {
        let states = graph.ids().map(|id| (graph.identity(id), Arc::new(steady(graph, id, now)))).collect();
        Restored { states, globals: Globals::default(), alive: Some(now) }
    }
}

fn steady(graph: &Graph, id: ObjectId, now: Timestamp) -> Saved {
    let settings = graph.settings(id);
    let on_timetable =
        graph.object(id).check.is_some() && settings.active_checks && !settings.check_interval.is_zero();
    let (last, next) = if on_timetable {
        let seed = timetable::seed(&graph.identity(id));
        let next = timetable::slot(seed, settings.check_interval, now);
        (next - settings.check_interval, next)
    } else {
        // what comes from elsewhere came just now
        (now - Span::from_micros(1), Timestamp::NEVER)
    };
    let mut state = Saved::pristine(graph.is_host(id), last);
    state.last_check = Some(last);
    state.last_ok = Some(last);
    state.problem_since = Some(last);
    state.next_due = next;
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Check, CheckCommand, CommandId, Definition, Engine, GraphBuilder, Kind, Limits, Object, Settings,
    };

    #[test]
    fn the_timetable_goes_on_from_the_first_interval() {
        let start = Timestamp::from_secs(1_795_996_800);
        let mut builder = GraphBuilder::default();
        let day = Span::from_secs(86_400);
        let settings = [true, false].map(|active_checks| {
            builder.settings(Settings { check_interval: day, active_checks, ..Settings::default() })
        });
        let command = CheckCommand { command: CommandId(0), arguments: Box::new([]) };
        for n in 0..60 {
            builder.object(Object {
                name: format!("h{n}").into(),
                kind: Kind::host([], "192.0.2.1"),
                settings: settings[usize::from(n >= 50)],
                definition: Arc::new(Definition {
                    check: Some(Check::Command(command.clone())),
                    ..Definition::default()
                }),
            });
        }
        let graph = Arc::new(builder.build());
        let engine = Engine::new(graph.clone(), Limits::default(), Restored::steady(&graph, start), start);
        for id in graph.ids() {
            let state = engine.state(id);
            let last = state.last_check.expect("checked before the start");
            assert!(last < start && !state.condition.is_problem());
            if id.0 < 50 {
                assert_eq!(last + day, state.next_due, "no slot is passed over");
            } else {
                assert_eq!(state.next_due, Timestamp::NEVER, "nobody checks what is passive");
            }
        }
    }
}
