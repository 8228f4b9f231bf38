//! Laws over random graphs and results, each against a witness that is written another way.

use std::collections::BTreeSet;
use std::sync::Arc;

use nagios::State;
use proptest::prelude::*;

use super::world::{Plan, World, acknowledge, downtime, settings};
use crate::*;

/// One dependency: dependent, master (always an earlier one: no circles), criteria, group.
type Edge = (usize, usize, &'static str, Option<&'static str>);

const SERVICES: usize = 8;

fn edges() -> impl Strategy<Value = Vec<Edge>> {
    let criteria = prop_oneof![Just("c"), Just("wuc"), Just("o"), Just("wucp")];
    let group = prop_oneof![3 => Just(None), 1 => Just(Some("a")), 1 => Just(Some("b"))];
    let edge = (1..SERVICES, 0..SERVICES, criteria, group)
        .prop_map(|(dependent, master, criteria, group)| (dependent, master % dependent, criteria, group));
    proptest::collection::vec(edge, 0..14)
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Result(usize, u8),
    Acknowledge(usize, bool),
    Downtime { of: usize, minutes: i64, flexible: bool },
    Cancel(usize),
    Switch(usize, bool),
    Notifications(bool),
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..SERVICES, prop_oneof![3 => Just(0_u8), 3 => Just(2), 1 => Just(1), 1 => Just(3)])
            .prop_map(|(of, code)| Step::Result(of, code)),
        1 => (0..SERVICES, any::<bool>()).prop_map(|(of, sticky)| Step::Acknowledge(of, sticky)),
        2 => (0..SERVICES, 1..90_i64, any::<bool>())
            .prop_map(|(of, minutes, flexible)| Step::Downtime { of, minutes, flexible }),
        1 => (0..4_usize).prop_map(Step::Cancel),
        1 => (0..SERVICES, any::<bool>()).prop_map(|(of, on)| Step::Switch(of, on)),
        1 => any::<bool>().prop_map(Step::Notifications),
        3 => (1..200_i64).prop_map(Step::Pass),
    ]
}

/// How the services are set up in one case.
#[derive(Clone, Copy, Debug)]
struct Kind {
    attempts: u16,
    volatile: bool,
    flapping: bool,
    budget: bool,
    soft: bool,
}

fn kind() -> impl Strategy<Value = Kind> {
    (1..3_u16, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(attempts, volatile, flapping, budget, soft)| Kind { attempts, volatile, flapping, budget, soft },
    )
}

/// Services that are fed from elsewhere, so that nothing is in flight at a cut.
fn graph(edges: &[Edge], kind: Kind) -> (Arc<Graph>, Vec<ObjectId>) {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let of = Settings {
        active_checks: false,
        max_check_attempts: kind.attempts,
        is_volatile: kind.volatile,
        flapping: kind.flapping.then_some(FlapThresholds { low: 2000, high: 3000 }),
        failure_budget: kind.budget.then(|| Budget::parse("2/2h,30%/1h").unwrap()),
        notification_interval: Span::from_secs(3600),
        contacts: Box::new([ContactId(0), ContactId(1)]),
        ..settings()
    };
    let ids: Vec<ObjectId> =
        (0..SERVICES).map(|n| plan.service(host, &format!("s{n}"), of.clone())).collect();
    for (dependent, master, criteria, group) in edges {
        for kind in [DependencyKind::Execution, DependencyKind::Notification] {
            plan.depend_by(ids[*dependent], ids[*master], kind, criteria, *group);
        }
    }
    plan.parts().parts().rules.soft_state_dependencies = kind.soft;
    (plan.build(), ids)
}

fn take(world: &mut World, ids: &[ObjectId], step: Step) {
    match step {
        Step::Result(of, code) => world.passive(ids[of], State::from_exit_code(i32::from(code))),
        Step::Acknowledge(of, sticky) => world.event(acknowledge(ids[of], sticky)),
        Step::Downtime { of, minutes, flexible } => {
            let (start, length) = (world.now, Span::from_secs(60 * minutes));
            let Event::Downtime { object, mut downtime } = downtime(ids[of], start, start + length) else {
                unreachable!()
            };
            downtime.flexible = flexible.then_some(length.half());
            downtime.trigger = (minutes % 5 == 0).then(|| world.engine.next_number() - 1);
            world.event(Event::Downtime { object, downtime });
        }
        Step::Cancel(back) => {
            let number = world.engine.next_number().saturating_sub(back as u64);
            world.event(Event::CancelDowntime { number });
        }
        Step::Switch(of, on) => {
            world.event(Event::Switch { object: ids[of], switch: ObjectSwitch::Notifications, on });
        }
        Step::Notifications(on) => world.event(Event::SwitchAll { switch: Switch::Notifications, on }),
        Step::Pass(minutes) => world.pass(60 * minutes),
    }
}

/// Blocked, computed anew from the definitions alone: recursive, without any stored flag.
fn is_blocked(world: &World, ids: &[ObjectId], edges: &[Edge], kind: Kind, of: usize) -> bool {
    let fails = |(_, master, criteria, _): &Edge| {
        let state = world.engine.state(ids[*master]);
        let condition = if kind.soft { state.condition } else { state.hard };
        let letter = match condition {
            _ if state.last_check.is_none() => 'p',
            Condition::Ok => 'o',
            other => other.letter(),
        };
        is_blocked(world, ids, edges, kind, *master) || criteria.contains(letter)
    };
    let mine: Vec<&Edge> = edges.iter().filter(|(dependent, ..)| *dependent == of).collect();
    let groups: BTreeSet<_> = mine.iter().filter_map(|(.., group)| *group).collect();
    let alone = mine.iter().any(|edge| edge.3.is_none() && fails(edge));
    alone
        || groups
            .into_iter()
            .any(|group| mine.iter().filter(|edge| edge.3 == Some(group)).all(|edge| fails(edge)))
}

/// What a person holds in mind who reads the mails.
#[derive(Default)]
struct Reader {
    open: BTreeSet<(Identity, Arc<str>)>,
}

impl Reader {
    fn read(&mut self, world: &World, mail: &Notification) -> Result<(), TestCaseError> {
        let key = (mail.identity.clone(), mail.contact.clone());
        let id = world.engine.graph().find(&mail.identity).unwrap();
        let may_tell =
            world.engine.on(Switch::Notifications) && world.engine.is_on(id, ObjectSwitch::Notifications);
        prop_assert!(may_tell, "switched off: {mail:?}");
        match mail.kind {
            NotificationKind::Problem => {
                prop_assert!(mail.condition.is_problem() && mail.state_type == StateType::Hard, "{mail:?}");
                prop_assert!(!world.engine.state(id).in_downtime(), "in a downtime: {mail:?}");
                self.open.insert(key);
            }
            NotificationKind::Recovery => {
                prop_assert!(self.open.remove(&key), "a recovery without its problem: {mail:?}");
            }
            // it says what became of it
            NotificationKind::FlappingStop if !mail.condition.is_problem() => {
                self.open.remove(&key);
            }
            _ => {}
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn the_laws_hold_in_any_graph(
        edges in edges(), kind in kind(), steps in proptest::collection::vec(step(), 1..60),
    ) {
        let (graph, ids) = graph(&edges, kind);
        let mut world = World::new(graph);
        let mut reader = Reader::default();
        let mut read = 0;
        for step in steps {
            take(&mut world, &ids, step);
            for (n, id) in ids.iter().enumerate() {
                let blocked = world.engine.state(*id).blocked().is_some();
                prop_assert_eq!(blocked, is_blocked(&world, &ids, &edges, kind, n), "service {} after {:?}", n, step);
            }
            let mails = world.mails[read..].to_vec();
            read = world.mails.len();
            for mail in &mails {
                reader.read(&world, mail)?;
            }
        }
        // nobody is left with a problem that is over
        for (identity, contact) in reader.open {
            let id = world.engine.graph().find(&identity).unwrap();
            let state = world.engine.state(id);
            let off = !world.engine.on(Switch::Notifications) || !world.engine.is_on(id, ObjectSwitch::Notifications);
            let owed = off && state.extras().owed.iter().any(|owed| owed.contact == contact);
            let knows = state.condition.is_problem() || state.extras().flapping.is_some() || owed;
            prop_assert!(knows, "{} never heard the end of {}", contact, identity);
        }
    }

    /// Events cut anywhere, saved through the text that a store keeps, restored: the same mails and
    /// the same states, whatever is configured.
    #[test]
    fn a_cut_anywhere_changes_nothing_in_any_graph(
        edges in edges(), kind in kind(), steps in proptest::collection::vec(step(), 1..40), cut in 0..40_usize,
    ) {
        let (graph, ids) = graph(&edges, kind);
        let cut = cut % steps.len();
        let mut whole = World::new(graph.clone());
        let mut halves = World::new(graph.clone());
        for (n, step) in steps.iter().enumerate() {
            if n == cut {
                let saved = halves.saved();
                let globals = serde_json::from_str(&serde_json::to_string(&saved.globals).unwrap()).unwrap();
                let states = saved
                    .states
                    .iter()
                    .map(|(name, state)| {
                        (name.clone(), serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap())
                    })
                    .collect();
                let mails = std::mem::take(&mut halves.mails);
                let restored = Restored { states, globals, alive: Some(halves.now) };
                halves = World::restored(graph.clone(), restored, halves.now);
                halves.mails = mails;
            }
            take(&mut whole, &ids, *step);
            take(&mut halves, &ids, *step);
        }
        whole.pass(86_400);
        halves.pass(86_400);
        prop_assert_eq!(&whole.mails, &halves.mails);
        for id in graph.ids() {
            prop_assert_eq!(whole.engine.state(id), halves.engine.state(id));
        }
    }
}
