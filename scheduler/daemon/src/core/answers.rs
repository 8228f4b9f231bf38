//! Questions from the local socket.

use std::sync::Arc;

use config::Trust;
use engine::{Acknowledgement, Event, Identity, NewDowntime, ObjectId, Timestamp};
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
            Request::Acknowledge { object, sticky, expires, author, comment } => {
                self.with(&object, |id, core| {
                    if !core.engine.state(id).condition.is_problem() {
                        return Answer::Refused {
                            reasons: vec![format!("{object} is no problem: there is nothing to acknowledge")],
                        };
                    }
                    let at = now();
                    let acknowledgement =
                        Acknowledgement { sticky, expires, persistent: false, author, comment, at };
                    core.engine.handle(Event::Acknowledge { object: id, acknowledgement, notify: true }, at);
                    Answer::Done { message: format!("acknowledged {object}") }
                })
            }
            Request::Unacknowledge { object } => self.with(&object, |id, core| {
                core.engine.handle(Event::Unacknowledge(id), now());
                Answer::Done { message: format!("removed the acknowledgement of {object}") }
            }),
            Request::Downtime { object, start, end, author, comment } => self.with(&object, |id, core| {
                let number = core.engine.next_number();
                let downtime = NewDowntime { start, end, flexible: None, trigger: None, author, comment };
                core.engine.handle(Event::Downtime { object: id, downtime }, now());
                let length = end.since(start);
                Answer::Done { message: format!("{object} is in downtime {number} for {length}") }
            }),
        };
        let _ = reply.send(answer);
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
            output: state.output.clone(),
            perfdata: state.perfdata.clone(),
            latency: state.latency,
            execution_time: state.execution_time,
            acknowledged: state.acknowledgement().is_some(),
            downtime: state.in_downtime() || self.engine.state(graph.host_of(id)).in_downtime(),
            blocked: state.blocked().cloned(),
            flapping: state.extras().flapping.is_some(),
            often_failing: state.extras().often_failing.is_some(),
            told: state.told.iter().map(Arc::clone).collect(),
            defined: format!("{}:{}{trust}{title}", origin.file, origin.line),
        }
    }
}
