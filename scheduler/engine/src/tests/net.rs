//! Random networks, and what happens to them.
//!
//! A network: hosts with random parents and dependencies; services on them, fed from elsewhere, checked
//! by hlidka, watched for freshness, or told of in a period or by escalation; and an aggregate.

use std::collections::BTreeSet;
use std::sync::Arc;

use nagios::State;
use proptest::prelude::*;

use super::world::{Plan, World, acknowledge, downtime, settings};
use crate::*;

/// One dependency: dependent, master (always an earlier one: no circles), criteria, group.
type Edge = (usize, usize, &'static str, Option<&'static str>);

/// The first objects are hosts, then services, then the aggregate, whose host is the first.
pub(super) const HOSTS: usize = 5;
const SERVICES: usize = 8;
pub(super) const CLUSTER: usize = HOSTS + SERVICES;
const OBJECTS: usize = CLUSTER + 1;

/// Services with something special, by their place among all objects.
const ESCALATED: usize = HOSTS;
pub(super) const IN_PERIOD: usize = HOSTS + 1;
const FRESH: usize = HOSTS + 2;
const DAILY: usize = HOSTS + 3;
const FIRST_CHECKED: usize = HOSTS + 5;

/// People are told of one service between these hours only.
pub(super) const OPEN: std::ops::Range<i64> = 9..17;

/// How one case is set up.
#[derive(Clone, Debug)]
pub(super) struct Net {
    /// Of each host, among the earlier ones.
    parents: Vec<Vec<usize>>,
    /// Host of each service.
    hosts: Vec<usize>,
    edges: Vec<Edge>,
    members: Vec<usize>,
    /// Are hosts checked by hlidka, or do their results come from elsewhere?
    hosts_checked: bool,
    attempts: u16,
    volatile: bool,
    flapping: bool,
    budget: bool,
    soft: bool,
    escalation_interval: i64,
}

fn edges(
    dependents: std::ops::Range<usize>,
    criteria: [&'static str; 4],
) -> impl Strategy<Value = Vec<Edge>> {
    let group = prop_oneof![3 => Just(None), 1 => Just(Some("a")), 1 => Just(Some("b"))];
    let first = dependents.start - 1;
    let edge = (dependents, any::<proptest::sample::Index>(), 0..4_usize, group).prop_map(
        move |(dependent, master, n, group)| {
            (dependent, first + master.index(dependent - first), criteria[n], group)
        },
    );
    proptest::collection::vec(edge, 0..12)
}

pub(super) fn net() -> impl Strategy<Value = Net> {
    let earlier = |n: usize| proptest::sample::subsequence((0..n).collect::<Vec<usize>>(), 0..=n.min(2));
    let parents = (0..HOSTS).map(earlier).collect::<Vec<_>>();
    let between_hosts = edges(1..HOSTS, ["d", "du", "o", "dup"]);
    let between_services = edges(HOSTS + 1..CLUSTER, ["c", "wuc", "o", "wucp"]);
    let members = proptest::sample::subsequence((HOSTS..CLUSTER).collect::<Vec<usize>>(), 1..=4);
    let graph =
        (parents, proptest::collection::vec(0..HOSTS, SERVICES), between_hosts, between_services, members);
    let kind =
        (any::<bool>(), 1..3_u16, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), 0..90_i64);
    (graph, kind).prop_map(|((parents, hosts, mut edges, more, members), kind)| {
        edges.extend(more);
        let (hosts_checked, attempts, volatile, flapping, budget, soft, escalation_interval) = kind;
        Net {
            parents,
            hosts,
            edges,
            members,
            hosts_checked,
            attempts,
            volatile,
            flapping,
            budget,
            soft,
            escalation_interval,
        }
    })
}

impl Net {
    pub fn graph(&self) -> (Arc<Graph>, Vec<ObjectId>) {
        let mut plan = Plan::new();
        let weekdays = std::array::from_fn(|_| {
            let [start, end] = [OPEN.start, OPEN.end].map(|hour| u16::try_from(hour * 60).unwrap());
            vec![DayRange { start, end }]
        });
        let period = plan.period(Timeperiod { weekdays, ..Timeperiod::default() });
        let fed = Settings {
            active_checks: false,
            max_check_attempts: self.attempts,
            is_volatile: self.volatile,
            flapping: self.flapping.then_some(FlapThresholds { low: 2000, high: 3000 }),
            failure_budget: self.budget.then(|| Budget::parse("2/2h,30%/1h").unwrap()),
            notification_interval: Span::from_secs(3600),
            contacts: Box::new([ContactId(0), ContactId(1)]),
            ..settings()
        };
        let checked = Settings { active_checks: true, ..fed.clone() };
        let mut ids: Vec<ObjectId> = Vec::new();
        for (n, parents) in self.parents.iter().enumerate() {
            let parents: Vec<ObjectId> = parents.iter().map(|parent| ids[*parent]).collect();
            let settings = if self.hosts_checked { checked.clone() } else { fed.clone() };
            ids.push(plan.host(&format!("h{n}"), &parents, Settings { is_volatile: false, ..settings }));
        }
        for (n, host) in self.hosts.iter().enumerate() {
            let settings = match HOSTS + n {
                IN_PERIOD => Settings { notification_period: Some(period), ..fed.clone() },
                FRESH => Settings { freshness: Some(Span::from_secs(1800)), ..fed.clone() },
                DAILY => Settings { check_interval: Span::from_secs(86_400), ..checked.clone() },
                n if n >= FIRST_CHECKED => checked.clone(),
                _ => fed.clone(),
            };
            ids.push(plan.service(ids[*host], &format!("s{n}"), settings));
        }
        let members: Vec<ObjectId> = self.members.iter().map(|n| ids[*n]).collect();
        let aggregate = Settings { max_check_attempts: 1, is_volatile: false, ..checked };
        ids.push(plan.cluster(ids[0], &members, [">=100%", ">50%"], aggregate));
        for (dependent, master, criteria, group) in &self.edges {
            for kind in [DependencyKind::Execution, DependencyKind::Notification] {
                plan.depend_by(ids[*dependent], ids[*master], kind, criteria, *group);
            }
        }
        plan.parts().parts().rules.soft_state_dependencies = self.soft;
        plan.parts().parts().escalations = vec![Escalation {
            first_notification: 2,
            last_notification: 0,
            notification_interval: Some(Span::from_secs(60 * self.escalation_interval)),
            period: None,
            options: Letters::ALL,
            contacts: Box::new([ContactId(1)]),
            origin: Origin::default(),
        }];
        for escalated in [ids[0], ids[ESCALATED]] {
            plan.parts().escalate(escalated, Box::new([EscalationId(0)]));
        }
        (plan.build(), ids)
    }

    /// Blocked, computed anew from the definitions alone: recursive, without any stored flag.
    pub fn is_blocked(&self, world: &World, ids: &[ObjectId], of: usize) -> bool {
        let fails = |(_, master, criteria, _): &Edge| {
            let state = world.engine.state(ids[*master]);
            let condition = if self.soft { state.condition } else { state.hard };
            let letter = match condition {
                _ if state.last_check.is_none() => 'p',
                Condition::Ok | Condition::Up => 'o',
                other => other.letter(),
            };
            self.is_blocked(world, ids, *master) || criteria.contains(letter)
        };
        let mine: Vec<&Edge> = self.edges.iter().filter(|(dependent, ..)| *dependent == of).collect();
        let groups: BTreeSet<_> = mine.iter().filter_map(|(.., group)| *group).collect();
        let alone = mine.iter().any(|edge| edge.3.is_none() && fails(edge));
        alone
            || groups
                .into_iter()
                .any(|group| mine.iter().filter(|edge| edge.3 == Some(group)).all(|edge| fails(edge)))
    }

    /// What the aggregate must say, counted anew.
    pub fn aggregate(&self, world: &World, ids: &[ObjectId]) -> Condition {
        let (mut well, mut bad) = (0, 0);
        for member in &self.members {
            let state = world.engine.state(ids[*member]);
            match (self.is_blocked(world, ids, *member), state.last_check) {
                (false, None) => {}
                (false, Some(_)) if state.hard == Condition::Ok => well += 1,
                (true, _) | (false, Some(_)) => bad += 1,
            }
        }
        match (well, bad) {
            (_, 0) => Condition::Ok,
            (well, bad) if well > bad => Condition::Warning,
            _ => Condition::Critical,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A result from elsewhere.
    Result(usize, u8),
    /// What checks will find.
    Find(usize, u8),
    Acknowledge(usize, bool),
    Downtime {
        of: usize,
        minutes: i64,
        flexible: bool,
    },
    Cancel(usize),
    Switch(usize, bool),
    Notifications(bool),
    Pass(i64),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let code = || prop_oneof![3 => Just(0_u8), 3 => Just(2), 1 => Just(1), 1 => Just(3)];
    prop_oneof![
        10 => (0..CLUSTER, code()).prop_map(|(of, code)| Step::Result(of, code)),
        4 => (0..CLUSTER, code()).prop_map(|(of, code)| Step::Find(of, code)),
        1 => (0..OBJECTS, any::<bool>()).prop_map(|(of, sticky)| Step::Acknowledge(of, sticky)),
        2 => (0..OBJECTS, 1..90_i64, any::<bool>())
            .prop_map(|(of, minutes, flexible)| Step::Downtime { of, minutes, flexible }),
        1 => (0..4_usize).prop_map(Step::Cancel),
        1 => (0..OBJECTS, any::<bool>()).prop_map(|(of, on)| Step::Switch(of, on)),
        1 => any::<bool>().prop_map(Step::Notifications),
        4 => (1..200_i64).prop_map(Step::Pass),
    ]
}

/// A world whose checks take no time, so that none is under way between two steps.
pub(super) fn world(graph: Arc<Graph>) -> World {
    let mut world = World::new(graph);
    world.duration = Span::ZERO;
    world
}

pub(super) fn take(world: &mut World, ids: &[ObjectId], step: Step) {
    let state = |code: u8| State::from_exit_code(i32::from(code));
    match step {
        Step::Result(of, code) => world.passive(ids[of], state(code)),
        Step::Find(of, code) => world.set(ids[of], state(code)),
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
    world.until(world.now);
}

/// The same world after a cut: what is stored is all that is left of the engine.
pub(super) fn restarted(mut world: World) -> World {
    let saved = world.saved();
    let globals = serde_json::from_str(&serde_json::to_string(&saved.globals).unwrap()).unwrap();
    let text = |state: &Arc<Saved>| serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap();
    let states = saved.states.iter().map(|(name, state)| (name.clone(), text(state))).collect();
    let restored = Restored { states, globals, alive: Some(world.now) };
    world.engine = Engine::new(world.engine.graph().clone(), Limits::default(), restored, world.now);
    world.until(world.now);
    world
}
