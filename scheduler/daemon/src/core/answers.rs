//! Questions from the local socket.

use std::sync::Arc;

use config::Trust;
use engine::external::{Command, CommandError, Order, Target};
use engine::{Event, Identity, ObjectId, Timestamp};
use tokio::sync::oneshot;

use super::{Core, now};
use crate::storage::Task;
use crate::wire::{Answer, Line, Overview, Request};

impl Core {
    pub(super) fn asked(&mut self, request: Request, reply: oneshot::Sender<Answer>) {
        let answer = match request {
            Request::Status { all } => Answer::Status(Box::new(self.overview(all))),
            Request::History { object, since, limit } => {
                return self.storage.give(Task::History { object, since, limit, reply });
            }
            Request::Reload { force } => return self.read_again(force, Some(reply)),
            Request::Recheck { object } => self.recheck(&object),
            Request::Command { line } => answer(self.command(&line)),
            Request::Acknowledge { object, sticky, expires, persistent, notify, author, comment } => {
                self.give(object, Order::Acknowledge { sticky, notify, persistent, expires, author, comment })
            }
            Request::Unacknowledge { object } => self.give(object, Order::Unacknowledge),
            Request::Downtime { object, start, end, flexible, author, comment } => {
                let (trigger, triggers_children) = (None, false);
                let order =
                    Order::Downtime { start, end, flexible, trigger, triggers_children, author, comment };
                self.give(object, order)
            }
            Request::CancelDowntime { number } => self.cancel_downtime(number),
        };
        let _ = reply.send(answer);
    }

    /// An order for one object.
    fn give(&mut self, object: Identity, order: Order) -> Answer {
        let target = match object.service {
            Some(service) => Target::Service(object.host, service),
            None => Target::Host(object.host),
        };
        answer(self.order(&Command { at: None, name: "", target, order }))
    }

    /// Whosever downtime it is.
    fn cancel_downtime(&mut self, number: u64) -> Answer {
        let of = |target| Command { at: None, name: "", target, order: Order::DeleteDowntime };
        let of_host = self.order(&of(Target::OfHost(number)));
        answer(of_host.or_else(|_| self.order(&of(Target::OfService(number)))).map_err(|_| {
            CommandError::NoSuch { kind: "downtime with number", name: number.to_string(), nearest: None }
        }))
    }

    fn with(&mut self, object: &Identity, act: impl FnOnce(ObjectId, &mut Core) -> Answer) -> Answer {
        match self.engine.graph().find(object) {
            Some(id) => act(id, self),
            None => Answer::Refused { reasons: vec![format!("there is no {object}")] },
        }
    }

    /// A service, or a host and all its services (T22).
    fn recheck(&mut self, object: &Identity) -> Answer {
        self.with(object, |id, core| {
            let graph = core.engine.graph().clone();
            let all: Vec<ObjectId> = std::iter::once(id).chain(graph.services(id).iter().copied()).collect();
            let checked: Vec<ObjectId> =
                all.into_iter().filter(|id| graph.object(*id).check.is_some()).collect();
            for id in &checked {
                core.engine.handle(Event::Recheck { object: *id, at: now(), forced: true }, now());
            }
            match checked.len() {
                0 => Answer::Refused { reasons: vec![format!("{object} has no check command")] },
                1 => Answer::Done { message: format!("checking {}", graph.identity(checked[0])) },
                n => Answer::Done { message: format!("checking {n} objects of {object}") },
            }
        })
    }

    fn overview(&self, all: bool) -> Overview {
        let graph = self.engine.graph();
        let at = now();
        let shown = |id: &ObjectId| all || self.engine.state(*id).condition.is_problem();
        let (waiting, running) = self.engine.load();
        let hosts = graph.hosts().count();
        Overview {
            at,
            started: self.started,
            config: self.path.display().to_string(),
            hosts,
            services: graph.objects().len() - hosts,
            running,
            waiting,
            undelivered: self.undelivered.len(),
            set_aside: super::reload::set_aside(&self.configuration).collect(),
            switches: self.engine.globals().switches.clone(),
            objects: graph.ids().filter(shown).map(|id| self.line(id)).collect(),
        }
    }

    fn line(&self, id: ObjectId) -> Line {
        let (graph, state) = (self.engine.graph(), self.engine.state(id));
        let Identity { host, service } = graph.identity(id);
        let origin = &graph.object(id).origin;
        let trust = match self.configuration.foreigners.trust(id) {
            Trust::Trusted => String::new(),
            trust => format!(" ({trust})"),
        };
        let title: String =
            origin.puppet_title.as_ref().map(|title| format!(" (Puppet: {title})")).unwrap_or_default();
        Line {
            host,
            service,
            condition: state.condition,
            state_type: state.state_type,
            attempt: (state.attempt, graph.settings(id).max_check_attempts),
            since: state.since,
            last_check: state.last_check,
            next_check: Some(state.next_due).filter(|due| *due != Timestamp::NEVER),
            output: state.said.output().into(),
            perfdata: state.said.perfdata().into(),
            latency: state.latency,
            execution_time: state.execution_time,
            acknowledged: state.acknowledgement().is_some(),
            acknowledgement: state.acknowledgement().cloned(),
            downtime: state.in_downtime() || self.engine.state(graph.host_of(id)).in_downtime(),
            downtimes: state.extras().downtimes.clone(),
            comments: state.extras().comments.clone(),
            switches: state.extras().switches.clone(),
            blocked: state.blocked().cloned(),
            flapping: state.extras().flapping.is_some(),
            often_failing: state.extras().often_failing.is_some(),
            told: state.extras().told.iter().map(Arc::clone).collect(),
            defined: format!("{}:{}{trust}{title}", origin.file, origin.line),
        }
    }
}

/// What was done, or why not.
fn answer(done: Result<String, CommandError>) -> Answer {
    match done {
        Ok(message) => Answer::Done { message },
        Err(error) => Answer::Refused { reasons: vec![error.to_string()] },
    }
}
