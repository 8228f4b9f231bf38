//! A world for tests: a few objects, answers that tests set, and a clock that jumps from event to
//! event.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use nagios::State;

use crate::*;

/// A Monday, 0:00 UTC.
pub(super) const START: Timestamp = Timestamp::from_secs(1_795_996_800);

/// Settings as most tests want them: 5 minutes, 1 minute, 3 attempts, one mail.
pub(super) fn settings() -> Settings {
    Settings {
        max_check_attempts: 3,
        check_interval: Span::from_secs(300),
        retry_interval: Span::from_secs(60),
        check_period: None,
        active_checks: true,
        passive_checks: true,
        is_volatile: false,
        notifications: true,
        notification_interval: Span::ZERO,
        first_notification_delay: Span::ZERO,
        notification_period: None,
        notification_options: Letters::ALL,
        contacts: Box::new([ContactId(0)]),
        ..Settings::default()
    }
}

/// The one command.
pub(super) fn command() -> CheckCommand {
    CheckCommand { command: CommandId(0), arguments: Box::new([]) }
}

/// An acknowledgement, as most people write it.
pub(super) fn acknowledge(object: ObjectId, sticky: bool) -> Event {
    let (author, comment) = ("a".into(), "b".into());
    let at = Timestamp::EPOCH;
    let acknowledgement = Acknowledgement { sticky, expires: None, persistent: false, author, comment, at };
    Event::Acknowledge { object, acknowledgement, notify: true }
}

/// A fixed downtime.
pub(super) fn downtime(object: ObjectId, start: Timestamp, end: Timestamp) -> Event {
    let (author, comment) = ("a".into(), "b".into());
    Event::Downtime {
        object,
        downtime: NewDowntime { start, end, flexible: None, trigger: None, author, comment },
    }
}

/// Collects objects; `alice` wants everything but downtimes, `bob` wants CRITICAL, DOWN and recoveries.
pub(super) struct Plan {
    builder: GraphBuilder,
}

impl Plan {
    pub fn new() -> Plan {
        let mut builder = GraphBuilder::new(TimeZone::UTC);
        let side = |options| ContactSide { enabled: true, period: None, options, commands: Box::new([]) };
        let contact = |name: &str, options: Letters| Contact {
            name: name.into(),
            alias: name.into(),
            email: Some(format!("{name}@example.org").into()),
            pager: None,
            addresses: Box::new([]),
            host: side(options),
            service: side(options),
            variables: Box::new([]),
            origin: Origin::default(),
        };
        let all = ['w', 'u', 'c', 'd', 'r', 'f'].into_iter().fold(Letters::NONE, Letters::with);
        let some = Letters::NONE.with('c').with('d').with('r');
        builder.parts().contacts = vec![contact("alice", all), contact("bob", some)];
        builder.parts().commands =
            vec![Command { name: "check".into(), line: "/bin/true".into(), origin: Origin::default() }];
        Plan { builder }
    }

    pub fn period(&mut self, period: Timeperiod) -> PeriodId {
        self.builder.parts().periods.push(period);
        PeriodId(u32::try_from(self.builder.parts().periods.len() - 1).unwrap())
    }

    fn add(&mut self, name: &str, kind: Kind, settings: Settings, checked: bool) -> ObjectId {
        let settings = self.builder.settings(settings);
        let check = checked.then(|| Check::Command(command()));
        self.builder.object(Object {
            name: name.into(),
            kind,
            settings,
            definition: Arc::new(Definition { check, ..Definition::default() }),
        })
    }

    /// A host that is never checked.
    pub fn bare_host(&mut self, name: &str) -> ObjectId {
        self.add(name, Kind::host([], "192.0.2.1"), settings(), false)
    }

    pub fn host(&mut self, name: &str, parents: &[ObjectId], settings: Settings) -> ObjectId {
        self.add(name, Kind::host(parents, "192.0.2.1"), settings, true)
    }

    pub fn service(&mut self, host: ObjectId, name: &str, settings: Settings) -> ObjectId {
        self.add(name, Kind::Service { host }, settings, true)
    }

    /// A service that takes its state from others.
    pub fn cluster(
        &mut self,
        host: ObjectId,
        members: &[ObjectId],
        limits: [&str; 2],
        settings: Settings,
    ) -> ObjectId {
        let id = self.service(host, "cluster", settings);
        let [warning, critical] = limits.map(|limit| Quorum::parse(limit).unwrap());
        let cluster = Cluster { members: members.into(), warning, critical, command: "".into() };
        self.builder.check(id, Check::Cluster(Box::new(cluster)));
        id
    }

    /// Both kinds of dependency, failed when the master is anything but well.
    pub fn depend(&mut self, dependent: ObjectId, master: ObjectId) {
        self.depend_by(dependent, master, DependencyKind::Execution, "wucd", None);
        self.depend_by(dependent, master, DependencyKind::Notification, "wucd", None);
    }

    pub fn depend_by(
        &mut self,
        dependent: ObjectId,
        master: ObjectId,
        kind: DependencyKind,
        criteria: &str,
        group: Option<&str>,
    ) {
        let rule = DependencyRule {
            kind,
            failure_criteria: criteria.chars().fold(Letters::NONE, Letters::with),
            inherits_parent: false,
            period: None,
            redundancy_group: group.map(Into::into),
            origin: Origin::default(),
        };
        let rule = self.builder.dependency_rule(rule);
        self.builder.dependency(dependent, master, rule);
    }

    pub fn parts(&mut self) -> &mut GraphBuilder {
        &mut self.builder
    }

    pub fn build(self) -> Arc<Graph> {
        Arc::new(self.builder.build())
    }
}

/// The engine, its clock, what checks will find, and what came out.
pub(super) struct World {
    pub engine: Engine,
    pub now: Timestamp,
    pub answers: BTreeMap<ObjectId, State>,
    /// How long a check takes.
    pub duration: Span,
    /// Checks under way: due end, object, start.
    running: Vec<(Timestamp, ObjectId, Timestamp)>,
    pub runs: Vec<(Timestamp, ObjectId)>,
    pub skips: Vec<(Timestamp, ObjectId, ObjectId)>,
    pub handled: Vec<Handling>,
    pub mails: Vec<Notification>,
    pub history: Vec<Entry>,
}

impl World {
    pub fn new(graph: Arc<Graph>) -> World {
        World::restored(graph, Restored::default(), START)
    }

    pub fn restored(graph: Arc<Graph>, restored: Restored, now: Timestamp) -> World {
        World {
            engine: Engine::new(graph, Limits::default(), restored, now),
            now,
            answers: BTreeMap::new(),
            duration: Span::from_micros(10_000),
            running: Vec::new(),
            runs: Vec::new(),
            skips: Vec::new(),
            handled: Vec::new(),
            mails: Vec::new(),
            history: Vec::new(),
        }
    }

    /// What is stored, as a restart would find it.
    pub fn saved(&self) -> Restored {
        let graph = self.engine.graph();
        let states = graph.ids().map(|id| (graph.identity(id), self.engine.snapshot(id))).collect();
        Restored { states, globals: self.engine.globals().clone(), alive: Some(self.now) }
    }

    pub fn set(&mut self, id: ObjectId, state: State) {
        self.answers.insert(id, state);
    }

    /// Carries out all actions that are due now.
    pub fn settle(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Run(job) => {
                    self.runs.push((self.now, job.object));
                    self.running.push((self.now + self.duration, job.object, self.now));
                }
                Action::Skip { object, master } => self.skips.push((self.now, object, master)),
                Action::Handle(handling) => self.handled.push(*handling),
                Action::Notify(mail) => self.mails.push(*mail),
                Action::Record(entry) => self.history.push(*entry),
            }
        }
    }

    /// Lets time pass up to a moment.
    pub fn until(&mut self, end: Timestamp) {
        loop {
            self.settle();
            let result = self.running.iter().map(|(at, ..)| *at).min().unwrap_or(Timestamp::NEVER);
            let next = self.engine.poll_timeout().min(result);
            if next > end {
                self.now = end;
                return;
            }
            self.now = self.now.max(next);
            let done: Vec<_> = self.running.iter().filter(|(at, ..)| *at <= self.now).copied().collect();
            self.running.retain(|(at, ..)| *at > self.now);
            for (at, id, started) in done {
                let state = self.answers.get(&id).copied().unwrap_or(State::Ok);
                self.engine.handle(Event::Result(result_of(id, state, started, at)), self.now);
            }
            self.engine.handle_timeout(self.now);
        }
    }

    pub fn pass(&mut self, seconds: i64) {
        self.until(self.now + Span::from_secs(seconds));
    }

    pub fn event(&mut self, event: Event) {
        self.engine.handle(event, self.now);
        self.settle();
    }

    /// One passive result, now.
    pub fn passive(&mut self, id: ObjectId, state: State) {
        self.event(Event::Passive(result_of(id, state, self.now, self.now)));
        self.now = self.now + Span::from_secs(1);
    }

    /// `CS2`, `OH1`, `UH3`: first letter of the condition, soft or hard, attempt.
    pub fn short(&self, id: ObjectId) -> String {
        let state = self.engine.state(id);
        let letter = |text: &str| text.chars().next().unwrap();
        format!("{}{}{}", letter(state.condition.as_str()), letter(state.state_type.as_str()), state.attempt)
    }

    /// Mails so far: kind, condition and contact of each.
    pub fn told(&self) -> Vec<String> {
        self.mails
            .iter()
            .map(|m| format!("{} {} {} {}", m.identity, m.kind.as_str(), m.condition, m.contact))
            .collect()
    }

    /// Reasons of held notifications, in order.
    pub fn held(&self) -> Vec<HoldReason> {
        let reason = |entry: &Entry| match entry.kind {
            EntryKind::Held { reason, .. } => Some(reason),
            _ => None,
        };
        self.history.iter().filter_map(reason).collect()
    }
}

/// One answer to a check.
pub(super) fn result_of(id: ObjectId, state: State, started: Timestamp, finished: Timestamp) -> CheckResult {
    CheckResult { object: id, started, finished, state, said: state.as_str().into() }
}
