//! The engine in virtual time: the clock jumps from event to event, and checks answer at once with
//! what the scenario says.

use std::io::{self, Write};
use std::sync::Arc;

use engine::external::{self, Command, Order, Target};
use engine::{
    Action, CheckCommand, CheckResult, Condition, Engine, Event, Graph, Limits, Notification, ObjectId,
    Restored, StateType, Timestamp, counted,
};

use super::change::Subjects;
use super::report::{Line, Reason, Report};
use super::scenario::{Deed, Finding, Scenario};
use crate::deliver::own_commands;

/// The engine, its clock, and what checks will find.
pub(crate) struct World<W> {
    pub(super) engine: Engine,
    pub(super) now: Timestamp,
    /// What the check of each object will find from now on.
    pub(super) findings: Vec<Arc<Finding>>,
    pub(super) names: Vec<Arc<str>>,
    pub(super) subjects: Subjects,
    pub report: Report<W>,
    checks: u64,
}

impl<W: Write> World<W> {
    /// All is well, and has been for long.
    pub fn new(graph: &Arc<Graph>, report: Report<W>, start: Timestamp) -> World<W> {
        let well = Arc::new(Finding::well());
        World {
            findings: vec![well; graph.objects().len()],
            names: graph.ids().map(|id| graph.identity(id).to_string().into()).collect(),
            subjects: Subjects::of(graph),
            engine: Engine::new(graph.clone(), Limits::default(), Restored::steady(graph, start), start),
            now: start,
            report,
            checks: 0,
        }
    }

    /// Plays a scenario to its end.
    pub fn play(&mut self, scenario: &Scenario) -> io::Result<()> {
        let mut steps = scenario.steps.iter().peekable();
        loop {
            // what a line says holds for a check of the same moment
            while let Some(step) = steps.next_if(|step| step.at <= self.now) {
                self.act(&step.deed)?;
            }
            self.engine.handle_timeout(self.now);
            self.settle()?;
            let line = steps.peek().map_or(Timestamp::NEVER, |step| step.at);
            let next = self.engine.poll_timeout().min(line);
            if next > scenario.end {
                return Ok(());
            }
            self.now = self.now.max(next);
        }
    }

    /// How much happened in all, in one line.
    pub fn summary(&self, scenario: &Scenario) -> String {
        let lasted = scenario.end.since(scenario.start);
        let counts = &self.report.counts;
        let to = match counts.told.len() {
            0 => String::new(),
            n => format!(" to {}", counted(n, "contact")),
        };
        let (checks, changes) = (counted(self.checks, "check"), counted(counts.states, "state change"));
        let mails = counted(counts.mails, "notification");
        format!("{lasted} of virtual time: {checks}, {changes}, {mails}{to}, {} held back", counts.held)
    }

    /// Carries out what is to be done now.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Run(job) => self.check(job.object)?,
                Action::Skip { object, master } => {
                    let by = self.names[master.0 as usize].clone();
                    let reason = Some(Reason::Words(format!("blocked by {by}")));
                    let line = Line { reason, by: Some(by), ..self.line(object, "skip") };
                    self.report.line(&line, self.now)?;
                }
                Action::Notify(mail) => {
                    let commands = self.own_commands(&mail);
                    self.report.mail(&mail, commands, self.now)?;
                }
                Action::Record(entry) => {
                    let object = self.engine.graph().find(&entry.identity);
                    let state = object.map(|id| self.state(id));
                    self.report.entry(&entry, state)?;
                }
                Action::Handle(handling) => {
                    let name = self.engine.graph().command(handling.command.command).name.clone();
                    let line = Line { text: Some(name), ..self.line(handling.object, "handler") };
                    self.report.line(&line, self.now)?;
                }
            }
        }
        self.report.settle()
    }

    /// The commands that a contact has for this, in words.
    fn own_commands(&self, mail: &Notification) -> Vec<Arc<str>> {
        let graph = self.engine.graph();
        let by = |command: &CheckCommand| {
            format!("{} by {}", mail.contact, graph.command(command.command).name).into()
        };
        own_commands(graph, mail).iter().map(by).collect()
    }

    /// A check runs and ends at once.
    fn check(&mut self, id: ObjectId) -> io::Result<()> {
        let finding = self.findings[id.0 as usize].clone();
        let result = self.result(id, &finding);
        self.engine.handle(Event::Result(result), self.now);
        self.checks += 1;
        if self.report.shows_checks() { self.found(id, "check") } else { Ok(()) }
    }

    /// What a result found, and what it made of its object.
    fn found(&mut self, id: ObjectId, event: &'static str) -> io::Result<()> {
        let (condition, state_type, attempt) = self.state(id);
        let line = Line {
            state: Some(condition),
            state_type: Some(state_type),
            attempt: Some(attempt),
            text: Some(self.engine.state(id).said.output().into()),
            ..self.line(id, event)
        };
        self.report.line(&line, self.now)
    }

    fn result(&self, id: ObjectId, finding: &Finding) -> CheckResult {
        CheckResult {
            object: id,
            started: self.now,
            finished: self.now,
            state: finding.state,
            said: finding.said.clone(),
        }
    }

    /// A line of the scenario.
    fn act(&mut self, deed: &Deed) -> io::Result<()> {
        match deed {
            Deed::Find(objects, finding) => {
                for id in objects.iter().filter_map(|id| self.subjects.get(*id)) {
                    self.findings[id.0 as usize] = finding.clone();
                }
            }
            Deed::Order(objects, order) => {
                for subject in objects {
                    self.order(*subject, order)?;
                    self.settle()?;
                }
            }
            Deed::Reload(path) => self.reload(path)?,
            Deed::Command(command) => {
                let line = match self.carry_out(command) {
                    Ok(done) => Line { event: "command", text: Some(done.into()), ..Line::default() },
                    Err(reason) => {
                        Line { event: "refused", reason: Some(Reason::Words(reason)), ..Line::default() }
                    }
                };
                self.report.line(&line, self.now)?;
                self.settle()?;
            }
        }
        Ok(())
    }

    /// Does something to one of the objects that a line names.
    fn order(&mut self, subject: ObjectId, order: &Order) -> io::Result<()> {
        let done = match self.subjects.get(subject) {
            Some(id) => {
                let command = Command { at: None, name: "", target: self.target(id), order: order.clone() };
                self.carry_out(&command).map(|_| id)
            }
            None => Err("it is not in the configuration any more".to_owned()),
        };
        match done {
            Ok(id) if matches!(order, Order::Result { .. }) => self.found(id, "result"),
            Ok(_) => Ok(()),
            Err(reason) => {
                let reason = Some(Reason::Words(reason));
                let line = Line { reason, ..Line::of(self.subjects.name(subject).into(), "refused") };
                self.report.line(&line, self.now)
            }
        }
    }

    /// What was done, or why not.
    fn carry_out(&mut self, command: &Command) -> Result<String, String> {
        let events = external::resolve(command, &self.engine, self.now).map_err(|error| error.to_string())?;
        let done = external::done(&events, &self.engine);
        for event in events {
            self.engine.handle(event, self.now);
        }
        Ok(done)
    }

    fn target(&self, id: ObjectId) -> Target {
        let name = self.engine.graph().identity(id);
        match name.service {
            Some(service) => Target::Service(name.host, service),
            None => Target::Host(name.host),
        }
    }

    fn state(&self, id: ObjectId) -> (Condition, StateType, u16) {
        let state = self.engine.state(id);
        (state.condition, state.state_type, state.attempt)
    }

    fn line(&self, id: ObjectId, event: &'static str) -> Line {
        Line::of(self.names[id.0 as usize].clone(), event)
    }
}
