//! Laws over random networks and results, each against a witness that is written another way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::net::{CLUSTER, HOSTS, IN_PERIOD, OPEN, net, restarted, step, take, world};
use super::world::{START, World};
use crate::*;

/// What a person knows who reads history from its beginning, and nothing else.
struct Reader {
    graph: Arc<Graph>,
    ids: Vec<ObjectId>,
    read: usize,
    conditions: BTreeMap<ObjectId, (Condition, StateType)>,
    downtimes: BTreeMap<ObjectId, BTreeSet<u64>>,
    /// Who was told of a problem, and of nothing after it.
    open: BTreeSet<(ObjectId, Arc<str>)>,
    told: usize,
}

impl Reader {
    fn new(graph: Arc<Graph>, ids: &[ObjectId]) -> Reader {
        let well = |id: ObjectId| if graph.is_host(id) { Condition::Up } else { Condition::Ok };
        let conditions = ids.iter().map(|id| (*id, (well(*id), StateType::Hard))).collect();
        let (downtimes, open, ids) = (BTreeMap::new(), BTreeSet::new(), ids.to_vec());
        Reader { graph, ids, read: 0, conditions, downtimes, open, told: 0 }
    }

    fn is_bad(&self, id: ObjectId) -> bool {
        self.conditions[&id].0.is_problem()
    }

    fn in_downtime(&self, id: ObjectId) -> bool {
        self.downtimes.get(&id).is_some_and(|running| !running.is_empty())
    }

    /// Reads what is new.
    fn read(&mut self, world: &World) -> Result<(), TestCaseError> {
        for entry in &world.history[self.read..] {
            // what concerns all has no object
            let Some(id) = self.graph.find(&entry.identity) else { continue };
            match &entry.kind {
                EntryKind::State { condition, state_type, .. } => {
                    self.conditions.insert(id, (*condition, *state_type));
                    self.weigh_parents(id, entry)?;
                }
                EntryKind::DowntimeStarted { number } => {
                    self.downtimes.entry(id).or_default().insert(*number);
                }
                EntryKind::DowntimeEnded { number, .. } => {
                    self.downtimes.entry(id).or_default().remove(number);
                }
                EntryKind::Notified { contact, kind, condition } => {
                    self.told += 1;
                    let may_tell = world.engine.on(Switch::Notifications)
                        && world.engine.is_on(id, ObjectSwitch::Notifications);
                    prop_assert!(may_tell, "switched off: {:?}", entry);
                    self.mail(id, contact, *kind, *condition, entry)?;
                }
                _ => {}
            }
        }
        self.read = world.history.len();
        prop_assert_eq!(self.told, world.mails.len(), "history has every mail");
        Ok(())
    }

    /// DOWN while a parent is UP, or if it has none; UNREACHABLE when none is.
    fn weigh_parents(&self, id: ObjectId, entry: &Entry) -> Result<(), TestCaseError> {
        let parents = self.graph.parents(id);
        let cut_off = !parents.is_empty() && parents.iter().all(|parent| self.is_bad(*parent));
        match self.conditions[&id].0 {
            Condition::Down => prop_assert!(!cut_off, "no parent is up: {:?}", entry),
            Condition::Unreachable => prop_assert!(cut_off, "a parent is up, or there is none: {:?}", entry),
            _ => {}
        }
        Ok(())
    }

    fn mail(
        &mut self,
        id: ObjectId,
        contact: &Arc<str>,
        kind: NotificationKind,
        condition: Condition,
        entry: &Entry,
    ) -> Result<(), TestCaseError> {
        let key = (id, contact.clone());
        match kind {
            NotificationKind::Problem => {
                let (known, state_type) = self.conditions[&id];
                prop_assert!(known == condition && condition.is_problem(), "{:?} is {}", entry, known);
                prop_assert!(state_type == StateType::Hard, "soft: {:?}", entry);
                let host = self.graph.host_of(id);
                prop_assert!(!self.in_downtime(id) && !self.in_downtime(host), "in a downtime: {:?}", entry);
                let host_down = self.is_bad(host) && self.conditions[&host].1 == StateType::Hard;
                prop_assert!(host == id || !host_down, "its host is down: {:?}", entry);
                if id == self.ids[IN_PERIOD] {
                    let hour = entry.at.since(START).micros() / 3_600_000_000 % 24;
                    prop_assert!(OPEN.contains(&hour), "at {} o'clock: {:?}", hour, entry);
                }
                self.open.insert(key);
            }
            NotificationKind::Recovery => {
                prop_assert!(self.open.remove(&key), "a recovery without its problem: {:?}", entry);
            }
            // it says what became of it
            NotificationKind::FlappingStop if !condition.is_problem() => {
                self.open.remove(&key);
            }
            _ => {}
        }
        Ok(())
    }
}

/// A host that is DOWN for good is so with a parent that is UP, or without any: what happens above it
/// reaches it at once, whoever brought the news.
fn none_is_down_behind_the_dead(world: &World, ids: &[ObjectId]) -> Result<(), TestCaseError> {
    let graph = world.engine.graph();
    for id in &ids[..HOSTS] {
        let (state, parents) = (world.engine.state(*id), graph.parents(*id));
        let down = state.condition == Condition::Down && state.state_type == StateType::Hard;
        let cut_off = parents.iter().all(|parent| world.engine.state(*parent).condition.is_problem());
        prop_assert!(
            !down || parents.is_empty() || !cut_off,
            "{} is DOWN behind the dead",
            graph.identity(*id)
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn the_laws_hold_in_any_network(net in net(), steps in proptest::collection::vec(step(), 1..60)) {
        let (graph, ids) = net.graph();
        let mut world = world(graph.clone());
        let mut reader = Reader::new(graph, &ids);
        for step in steps {
            take(&mut world, &ids, step);
            reader.read(&world)?;
            for (n, id) in ids.iter().enumerate() {
                let blocked = world.engine.state(*id).blocked().is_some();
                prop_assert_eq!(blocked, net.is_blocked(&world, &ids, n), "object {} after {:?}", n, step);
            }
            none_is_down_behind_the_dead(&world, &ids)?;
            world.event(Event::Recheck { object: ids[CLUSTER], at: world.now, forced: true });
            let aggregate = world.engine.state(ids[CLUSTER]).condition;
            prop_assert_eq!(aggregate, net.aggregate(&world, &ids), "the aggregate after {:?}", step);
            reader.read(&world)?;
        }
        // nobody is left with a problem that is over
        for (id, contact) in &reader.open {
            let state = world.engine.state(*id);
            let off = !world.engine.on(Switch::Notifications) || !world.engine.is_on(*id, ObjectSwitch::Notifications);
            let owed = off && state.extras().owed.iter().any(|owed| owed.contact == *contact);
            let knows = state.condition.is_problem() || state.extras().flapping.is_some() || owed;
            prop_assert!(knows, "{} never heard the end of {}", contact, world.engine.graph().identity(*id));
        }
    }

    /// Events cut anywhere, saved through the text that a store keeps, restored: the same mails and
    /// the same states, whatever is configured; no check earlier, none later.
    #[test]
    fn a_cut_anywhere_changes_nothing_in_any_network(
        net in net(), steps in proptest::collection::vec(step(), 1..40), cut in 0..40_usize,
    ) {
        let (graph, ids) = net.graph();
        let cut = cut % steps.len();
        let mut whole = world(graph.clone());
        let mut halves = world(graph.clone());
        for (n, step) in steps.iter().enumerate() {
            if n == cut {
                halves = restarted(halves);
            }
            take(&mut whole, &ids, *step);
            take(&mut halves, &ids, *step);
        }
        whole.pass(86_400);
        halves.pass(86_400);
        prop_assert_eq!(&whole.runs, &halves.runs);
        prop_assert_eq!(&whole.mails, &halves.mails);
        for id in graph.ids() {
            prop_assert_eq!(whole.engine.state(id), halves.engine.state(id), "{}", graph.identity(id));
        }
    }

    /// The same for a reload: nothing early, nothing lost, wherever it comes.
    #[test]
    fn a_reload_anywhere_changes_nothing_in_any_network(
        net in net(), steps in proptest::collection::vec(step(), 1..40), every in 1..6_usize,
    ) {
        let (graph, ids) = net.graph();
        let mut whole = world(graph.clone());
        let mut reloaded = world(graph.clone());
        for (n, step) in steps.iter().enumerate() {
            if n % every == 0 {
                reloaded.engine.reload(graph.clone(), Vec::new(), reloaded.now);
                reloaded.until(reloaded.now);
            }
            take(&mut whole, &ids, *step);
            take(&mut reloaded, &ids, *step);
        }
        whole.pass(86_400);
        reloaded.pass(86_400);
        prop_assert_eq!(&whole.runs, &reloaded.runs);
        prop_assert_eq!(&whole.mails, &reloaded.mails);
        for id in graph.ids() {
            prop_assert_eq!(whole.engine.state(id), reloaded.engine.state(id), "{}", graph.identity(id));
        }
    }
}
