//! A soak in virtual time: random results, downtimes, acknowledgements and restarts, with the laws
//! checked at every step. A day in the gate; `HLIDKA_SOAK_DAYS=7` for a week (`make soak`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use nagios::State;
use proptest::prelude::*;

use super::world::{Plan, START, World, acknowledge, downtime, settings};
use crate::*;

/// A small generator with a seed: the engine has no randomness, and a failure must come again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn graph(hosts: usize, per_host: usize) -> Arc<Graph> {
    let mut plan = Plan::new();
    let both: Box<[ContactId]> = Box::new([ContactId(0), ContactId(1)]);
    let of = |n: usize| Settings {
        max_check_attempts: [1, 3, 3, 5][n % 4],
        notification_interval: Span::from_secs([0, 3600, 86_400][n % 3]),
        first_notification_delay: Span::from_secs([0, 0, 600][n % 3]),
        is_volatile: n % 50 == 7,
        flapping: n.is_multiple_of(7).then_some(FlapThresholds { low: 2000, high: 3000 }),
        failure_budget: n.is_multiple_of(11).then(|| Budget::parse("3/1d,2%/1d").unwrap()),
        contacts: both.clone(),
        ..settings()
    };
    let mut ids: Vec<ObjectId> = Vec::with_capacity(hosts);
    for n in 0..hosts {
        // three levels of routers, each host behind one or two of them; some depend on one as well
        let parents: Vec<ObjectId> = match n {
            0..5 => Vec::new(),
            5..30 => vec![ids[n % 5]],
            _ if n % 3 == 0 => vec![ids[5 + n % 25], ids[5 + n / 3 % 25]],
            _ => vec![ids[5 + n % 25]],
        };
        let host = plan.host(&format!("h{n}"), &parents, of(n));
        if n % 17 == 16 {
            plan.depend_by(host, ids[n % 5], DependencyKind::Execution, "du", None);
        }
        ids.push(host);
    }
    for (n, host) in ids.into_iter().enumerate() {
        let services: Vec<ObjectId> =
            (0..per_host).map(|s| plan.service(host, &format!("s{s}"), of(n + s))).collect();
        for pair in services.windows(2).filter(|_| n % 10 == 3) {
            plan.depend(pair[1], pair[0]);
        }
    }
    plan.build()
}

/// What a recorder outside the engine knows of one object.
#[derive(Default, Clone)]
struct Witness {
    bad_in_a_row: u32,
    told: BTreeMap<Arc<str>, u32>,
    acknowledged: bool,
}

struct Soak {
    engine: Engine,
    dice: Dice,
    witnesses: HashMap<ObjectId, Witness>,
    bad: Vec<bool>,
    in_flight: std::collections::VecDeque<(Timestamp, ObjectId, Timestamp)>,
    now: Timestamp,
    results: u64,
    mails: u64,
    unreachable: u64,
}

impl Soak {
    fn new(graph: Arc<Graph>, seed: u64) -> Soak {
        let bad = vec![false; graph.objects().len()];
        let engine = Engine::new(graph, Limits::default(), Restored::default(), START);
        let (dice, in_flight) = (Dice(seed), std::collections::VecDeque::new());
        let (results, mails, unreachable) = (0, 0, 0);
        Soak {
            engine,
            dice,
            witnesses: HashMap::new(),
            bad,
            in_flight,
            now: START,
            results,
            mails,
            unreachable,
        }
    }

    fn run(&mut self, until: Timestamp) {
        loop {
            self.drain();
            let result = self.in_flight.front().map_or(Timestamp::NEVER, |(at, ..)| *at);
            let next = self.engine.poll_timeout().min(result);
            if next > until {
                break;
            }
            self.now = self.now.max(next);
            while self.in_flight.front().is_some_and(|(at, ..)| *at <= self.now) {
                let (at, id, started) = self.in_flight.pop_front().unwrap();
                self.answer(id, started, at);
            }
            self.engine.handle_timeout(self.now);
        }
    }

    fn drain(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Run(job) => {
                    self.in_flight.push_back((self.now + Span::from_micros(50_000), job.object, self.now));
                }
                Action::Notify(mail) => self.witness(&mail),
                Action::Record(entry) => self.weigh_parents(&entry),
                Action::Skip { .. } | Action::Handle(_) => {}
            }
        }
        self.engine.take_changed();
    }

    /// One result in a thousand turns an object bad, one in three turns it well again; what is behind
    /// dead routers does not answer.
    fn answer(&mut self, id: ObjectId, started: Timestamp, finished: Timestamp) {
        self.results += 1;
        let parents = self.engine.graph().parents(id);
        let cut_off = !parents.is_empty() && parents.iter().all(|parent| self.bad[parent.0 as usize]);
        let is_bad = &mut self.bad[id.0 as usize];
        *is_bad = cut_off || if *is_bad { self.dice.roll(3) > 0 } else { self.dice.roll(1000) == 0 };
        let kinds = [State::Critical, State::Critical, State::Warning, State::Unknown];
        let kind = usize::try_from(self.dice.roll(4)).unwrap();
        let state = if *is_bad { kinds[kind] } else { State::Ok };
        let is_host = self.engine.graph().is_host(id);
        let condition = if is_host { Condition::of_host(state, false) } else { Condition::of_service(state) };
        let witness = self.witnesses.entry(id).or_default();
        witness.bad_in_a_row = if condition.is_problem() { witness.bad_in_a_row + 1 } else { 0 };
        let result = CheckResult { object: id, started, finished, state, said: Said::default() };
        self.engine.handle(Event::Result(result), self.now);
        self.check_laws(id);
        self.drain();
        match self.dice.roll(20_000) {
            0 => {
                self.engine.handle(downtime(id, self.now, self.now + Span::from_secs(3600)), self.now);
            }
            1..20 if condition.is_problem() => {
                self.engine.handle(acknowledge(id, true), self.now);
            }
            _ => {}
        }
        let acknowledged = self.engine.state(id).acknowledgement().is_some();
        self.witnesses.entry(id).or_default().acknowledged = acknowledged;
    }

    fn check_laws(&self, id: ObjectId) {
        let (state, max) = (self.engine.state(id), self.engine.graph().settings(id).max_check_attempts);
        let in_a_row = self.witnesses[&id].bad_in_a_row;
        assert!(state.attempt <= max && state.attempt >= 1, "attempt {} of {max}", state.attempt);
        if state.condition.is_problem() {
            let hard = state.state_type == StateType::Hard;
            assert_eq!(
                hard,
                in_a_row >= u32::from(max),
                "{}: {state:?} after {in_a_row} failures",
                self.engine.graph().identity(id)
            );
        }
    }

    /// DOWN while a parent is UP or there is none, UNREACHABLE when none is.
    fn weigh_parents(&mut self, entry: &Entry) {
        let EntryKind::State { condition, .. } = entry.kind else { return };
        let graph = self.engine.graph();
        let Some(host) = graph.find(&entry.identity) else { return };
        let mut parents = graph.parents(host).iter();
        let is_bad = |parent: &ObjectId| self.engine.state(*parent).condition.is_problem();
        match condition {
            Condition::Unreachable => {
                assert!(parents.len() > 0 && parents.all(is_bad), "{entry:?}");
                self.unreachable += 1;
            }
            Condition::Down => assert!(parents.len() == 0 || !parents.all(is_bad), "{entry:?}"),
            _ => {}
        }
    }

    fn witness(&mut self, mail: &Notification) {
        self.mails += 1;
        let graph = self.engine.graph().clone();
        let id = graph.find(&mail.identity).expect("mails are about what there is");
        let state = self.engine.state(id);
        let covered = Saved::in_downtime;
        let witness = self.witnesses.entry(id).or_default();
        let told = witness.told.entry(mail.contact.clone()).or_default();
        match mail.kind {
            NotificationKind::Problem => {
                let max = u32::from(graph.settings(id).max_check_attempts);
                assert!(
                    self.engine.state(id).blocked().is_none(),
                    "a problem mail for what is blocked: {mail:?}"
                );
                assert!(witness.bad_in_a_row >= max, "a problem mail for a soft state: {mail:?}");
                assert!(
                    !covered(state) && !covered(self.engine.state(graph.host_of(id))),
                    "a problem mail in a downtime: {mail:?}"
                );
                assert!(!witness.acknowledged, "a problem mail for what is acknowledged: {mail:?}");
                assert!(mail.condition.is_problem());
                *told += 1;
            }
            NotificationKind::Recovery => {
                assert!(*told > 0, "a recovery mail without its problem mail: {mail:?}");
                assert!(!mail.condition.is_problem());
                *told = 0;
            }
            NotificationKind::Acknowledgement => {
                assert!(*told > 0, "told of an acknowledgement only: {mail:?}");
            }
            NotificationKind::Custom | NotificationKind::Removed => panic!("nobody asked for {mail:?}"),
            _ => {}
        }
    }

    /// Cuts the power: what was stored is all that is left.
    fn restart(&mut self) {
        let graph = self.engine.graph().clone();
        let text: Vec<(Identity, Arc<Saved>)> =
            graph.ids().map(|id| (graph.identity(id), self.engine.snapshot(id))).collect();
        let restored = Restored { states: text, alive: Some(self.now), ..Restored::default() };
        self.in_flight.clear();
        self.engine = Engine::new(graph, Limits::default(), restored, self.now);
    }
}

#[test]
fn twenty_thousand_services_for_a_day() {
    let days: i64 = std::env::var("HLIDKA_SOAK_DAYS").ok().and_then(|days| days.parse().ok()).unwrap_or(1);
    let mut soak = Soak::new(graph(1000, 20), 1);
    for day in 1..=days {
        soak.run(START + Span::from_secs(86_400 * day));
    }
    // retries come on top of 288 regular checks of each object a day
    let regular = 21_000 * 288 * u64::try_from(days).unwrap();
    assert!(soak.results >= regular * 99 / 100, "{} results of {regular}", soak.results);
    assert!(soak.mails > 1000, "only {} mails: nothing was tested", soak.mails);
    assert!(soak.unreachable > 10, "only {} were unreachable: nothing was tested", soak.unreachable);
}

/// Events cut anywhere, saved and restored: the same mails.
#[test]
fn restarts_anywhere_change_no_mail_law() {
    let mut soak = Soak::new(graph(40, 10), 7);
    for step in 1..=200 {
        let pause = i64::try_from(soak.dice.roll(1200)).unwrap();
        soak.run(soak.now + Span::from_secs(pause));
        if step % 2 == 0 {
            soak.restart();
        }
    }
    assert!(soak.mails > 20, "only {} mails", soak.mails);
}

/// One thing that happens to the two objects of the property below.
#[derive(Clone, Copy, Debug)]
enum Step {
    Host(u8),
    Service(u8),
    Acknowledge { sticky: bool },
    Unacknowledge,
    Downtime { of_host: bool, minutes: i64 },
    Pass { minutes: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..4_u8).prop_map(Step::Host),
        6 => (0..4_u8).prop_map(Step::Service),
        1 => any::<bool>().prop_map(|sticky| Step::Acknowledge { sticky }),
        1 => Just(Step::Unacknowledge),
        1 => (any::<bool>(), 1..90_i64).prop_map(|(of_host, minutes)| Step::Downtime { of_host, minutes }),
        3 => (1..120_i64).prop_map(|minutes| Step::Pass { minutes }),
    ]
}

/// A host and its service, both fed with results from elsewhere: nothing is in flight at a cut.
fn passive_pair(attempts: u16, volatile: bool) -> Arc<Graph> {
    let mut plan = Plan::new();
    let both: Box<[ContactId]> = Box::new([ContactId(0), ContactId(1)]);
    let passive = Settings {
        active_checks: false,
        max_check_attempts: attempts,
        is_volatile: volatile,
        notification_interval: Span::from_secs(1800),
        first_notification_delay: Span::from_secs(300),
        contacts: both,
        ..settings()
    };
    let host = plan.host("h", &[], passive.clone());
    plan.service(host, "s", passive);
    plan.build()
}

/// Takes the steps, cut before one of them, and gives all mails and what is known at the end.
fn take(graph: &Arc<Graph>, steps: &[Step], cut: Option<usize>) -> (Vec<Notification>, Vec<Saved>) {
    let (host, service) = (ObjectId(0), ObjectId(1));
    let mut world = World::new(graph.clone());
    let mut mails = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        if cut == Some(n) {
            mails.append(&mut world.mails);
            // through the text that a store keeps
            let text: Vec<(Identity, String)> = world
                .saved()
                .states
                .into_iter()
                .map(|(identity, state)| (identity, serde_json::to_string(&state).unwrap()))
                .collect();
            let states = text
                .into_iter()
                .map(|(identity, text)| (identity, serde_json::from_str(&text).unwrap()))
                .collect();
            world = World::restored(
                graph.clone(),
                Restored { states, alive: Some(world.now), ..Restored::default() },
                world.now,
            );
        }
        match *step {
            Step::Host(code) => world.passive(host, State::from_exit_code(i32::from(code))),
            Step::Service(code) => world.passive(service, State::from_exit_code(i32::from(code))),
            Step::Acknowledge { sticky } => {
                world.event(acknowledge(service, sticky));
            }
            Step::Unacknowledge => world.event(Event::Unacknowledge(service)),
            Step::Downtime { of_host, minutes } => {
                let (object, end) =
                    (if of_host { host } else { service }, world.now + Span::from_secs(minutes * 60));
                world.event(downtime(object, world.now, end));
            }
            Step::Pass { minutes } => world.pass(minutes * 60),
        }
    }
    world.pass(7200);
    mails.append(&mut world.mails);
    (mails, graph.ids().map(|id| world.engine.state(id).clone()).collect())
}

proptest! {
    /// Events cut anywhere, saved and restored: the same mails, to the letter, and the same states.
    #[test]
    fn a_cut_between_any_two_events_changes_nothing(
        steps in proptest::collection::vec(step(), 1..40),
        attempts in 1..4_u16,
        volatile: bool,
        cut in 0..40_usize,
    ) {
        let graph = passive_pair(attempts, volatile);
        let (mails, states) = take(&graph, &steps, None);
        let (cut_mails, cut_states) = take(&graph, &steps, Some(cut % steps.len()));
        prop_assert_eq!(mails, cut_mails);
        prop_assert_eq!(states, cut_states);
    }
}
