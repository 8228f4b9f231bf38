//! The timetable of one object, for whoever plans a load: [`Graph::slots`].

use crate::graph::{Check, Graph, Kind, ObjectId, PeriodId};
use crate::period::Timeperiod;
use crate::switch::Switch;
use crate::time::{Span, Timestamp};
use crate::timetable;

/// The moments at which an object is checked while nothing is wrong with it and every check runs when
/// it is due. Without end, unless its period never opens again.
#[derive(Clone, Debug)]
pub struct Slots<'g> {
    graph: &'g Graph,
    period: Option<PeriodId>,
    seed: u64,
    check: Span,
    retry: Span,
    next: Timestamp,
}

impl Iterator for Slots<'_> {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        let at = self.next;
        if at == Timestamp::NEVER {
            return None;
        }
        let regular = timetable::next_regular(self.seed, self.check, self.retry, Some(at), at);
        self.next = self.graph.within_period(self.period, self.seed, self.check, regular);
        Some(at)
    }
}

impl Graph {
    /// The regular checks of an object from a moment on; none if hlidka does not check it by itself, or
    /// never again.
    pub fn slots(&self, id: ObjectId, from: Timestamp) -> Option<Slots<'_>> {
        let (object, settings) = (self.object(id), self.settings(id));
        let of_all = match object.kind {
            Kind::Host(_) => Switch::HostChecks,
            Kind::Service { .. } => Switch::ServiceChecks,
        };
        let can_be_asked = !matches!(object.check, None | Some(Check::Stale));
        let is_checked = can_be_asked && settings.active_checks && self.rules.switches.has(of_all);
        let (check, retry) = (settings.check_interval, settings.retry_interval);
        if !is_checked || check.is_zero() {
            return None;
        }
        let period = settings.check_period.filter(|period| !self.period(*period).is_always());
        let seed = timetable::seed(&self.identity(id));
        // a check that waited for its period to open may be due just after `from`
        let early = if period.is_some() { from - check - Span::from_secs(60) } else { from };
        let next = self.within_period(period, seed, check, timetable::slot(seed, check, early));
        let mut slots = Slots { graph: self, period, seed, check, retry, next };
        while slots.next < from {
            slots.next();
        }
        (slots.next != Timestamp::NEVER).then_some(slots)
    }

    /// Outside its period an object waits for its own slot after the opening, not for the opening
    /// itself: else all would start at once.
    pub(crate) fn within_period(
        &self,
        period: Option<PeriodId>,
        seed: u64,
        interval: Span,
        mut at: Timestamp,
    ) -> Timestamp {
        // a slot may lie outside again when the period is shorter than the interval
        for _ in 0..100 {
            if at == Timestamp::NEVER || self.is_open(period, at) {
                return at;
            }
            let opening = self.next_opening(period, at);
            if opening == Timestamp::NEVER {
                return opening;
            }
            let slot = timetable::slot(seed, interval, opening);
            at = if self.is_open(period, slot) {
                slot
            } else {
                opening + timetable::spread(seed, Span::from_secs(60))
            };
        }
        at
    }
}

impl Timeperiod {
    /// Is every moment in it, without looking at a calendar?
    fn is_always(&self) -> bool {
        let whole = |day: &Vec<crate::period::DayRange>| day.iter().any(|r| r.start == 0 && r.end == 1440);
        self.exceptions.is_empty() && self.exclude.is_empty() && self.weekdays.iter().all(whole)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        Action, CheckCommand, CheckResult, CommandId, DayRange, Definition, Engine, Event, GraphBuilder,
        Limits, Object, Restored, Settings,
    };

    const START: Timestamp = Timestamp::from_secs(1_795_996_800);

    fn day(start: u16, end: u16) -> Timeperiod {
        Timeperiod {
            weekdays: std::array::from_fn(|_| vec![DayRange { start, end }]),
            ..Timeperiod::default()
        }
    }

    /// Hosts with all kinds of timetables.
    fn graph() -> Graph {
        let mut builder = GraphBuilder::default();
        builder.parts().periods = vec![day(0, 1440), day(9 * 60, 17 * 60), day(12 * 60, 12 * 60 + 5)];
        let command = CheckCommand { command: CommandId(0), arguments: Box::new([]) };
        for n in 0..400_u32 {
            let check_interval = Span::from_secs([60, 300, 3600, 7200][(n % 4) as usize]);
            let retry_interval = Span::from_secs([60, 600, 0][(n % 3) as usize]);
            let check_period = [None, Some(PeriodId(0)), Some(PeriodId(1)), Some(PeriodId(2))];
            let check_period = check_period[(n / 4 % 4) as usize];
            let settings = builder.settings(Settings {
                check_interval,
                retry_interval,
                check_period,
                active_checks: n % 17 != 0,
                ..Settings::default()
            });
            builder.object(Object {
                name: format!("h{n}").into(),
                kind: Kind::host([], "192.0.2.1"),
                settings,
                definition: Arc::new(Definition {
                    check: match n {
                        1 => Some(Check::Stale),
                        n => (n % 19 != 0).then(|| Check::Command(command.clone())),
                    },
                    ..Definition::default()
                }),
            });
        }
        builder.build()
    }

    /// Every check that the engine itself runs in a time, while all is well.
    fn runs(graph: &Arc<Graph>, from: Timestamp, end: Timestamp) -> Vec<(Timestamp, u32)> {
        let limits = Limits { in_flight: usize::MAX, per_host: usize::MAX };
        let start = from - Span::from_secs(3 * 86_400);
        let mut engine = Engine::new(graph.clone(), limits, Restored::steady(graph, start), start);
        let mut runs = Vec::new();
        loop {
            let now = engine.poll_timeout();
            if now >= end {
                runs.sort_unstable();
                return runs;
            }
            engine.handle_timeout(now);
            while let Some(action) = engine.poll_action() {
                let Action::Run(job) = action else { continue };
                if now >= from {
                    runs.push((now, job.object.0));
                }
                let result = CheckResult {
                    object: job.object,
                    started: now,
                    finished: now,
                    state: nagios::State::Ok,
                    said: "well".into(),
                };
                engine.handle(Event::Result(result), now);
            }
        }
    }

    /// E34, E35: a plan is no estimate, it is what the engine does.
    #[test]
    fn slots_are_the_moments_at_which_the_engine_runs_checks() {
        let graph = Arc::new(graph());
        let end = START + Span::from_secs(2 * 86_400);
        let mut slots = Vec::new();
        for id in graph.ids() {
            let of_one = graph.slots(id, START).into_iter().flatten().take_while(|at| *at < end);
            slots.extend(of_one.map(|at| (at, id.0)));
        }
        slots.sort_unstable();
        let in_an_opening = START + Span::from_secs(12 * 3600 + 30);
        for id in graph.ids() {
            let later: Vec<Timestamp> =
                graph.slots(id, in_an_opening).into_iter().flatten().take_while(|at| *at < end).collect();
            let mut same = slots.iter().filter(|(at, n)| *n == id.0 && *at >= in_an_opening);
            assert!(later.iter().all(|at| same.next() == Some(&(*at, id.0))) && same.next().is_none());
        }
        assert!(slots.len() > 100_000, "{}", slots.len());
        assert!(slots.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(slots, runs(&graph, START, end));
    }

    #[test]
    fn what_is_not_checked_has_no_slots() {
        let mut graph = graph();
        let count = |graph: &Graph| graph.ids().filter(|id| graph.slots(*id, START).is_some()).count();
        // one of 17 is passive, one of 19 has no command, one of both is neither; one waits for results
        assert_eq!(count(&graph), 400 - 24 - 22 + 2 - 1);
        graph.rules.switches = graph.rules.switches.with(Switch::HostChecks, false);
        assert_eq!(count(&graph), 0);
    }

    #[test]
    fn what_waits_for_a_period_that_never_opens_has_no_slots() {
        let mut builder = GraphBuilder::default();
        builder.parts().periods = vec![Timeperiod::default()];
        let settings = builder.settings(Settings {
            check_interval: Span::from_secs(60),
            check_period: Some(PeriodId(0)),
            active_checks: true,
            ..Settings::default()
        });
        let command = CheckCommand { command: CommandId(0), arguments: Box::new([]) };
        let id = builder.object(Object {
            name: "h".into(),
            kind: Kind::host([], "192.0.2.1"),
            settings,
            definition: Arc::new(Definition {
                check: Some(Check::Command(command)),
                ..Definition::default()
            }),
        });
        assert!(builder.build().slots(id, START).is_none());
    }

    #[test]
    fn a_whole_week_is_no_period() {
        assert!(day(0, 1440).is_always());
        assert!(!day(0, 1439).is_always() && !Timeperiod::default().is_always());
        let but = Timeperiod { exclude: vec![PeriodId(1)], ..day(0, 1440) };
        assert!(!but.is_always());
    }
}
