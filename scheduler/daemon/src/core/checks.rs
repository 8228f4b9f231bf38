//! From a due check to its result.

use std::time::Duration;

use config::CheckMacros;
use engine::{CheckResult, Event, Job as Due, ObjectId, Timestamp};
use jobs::{Done, Job, Outcome};
use tokio::sync::oneshot;

use super::{Core, Purpose, now};
use crate::pools::into_argv;

/// A check that has no end is ended after this, unless the configuration says otherwise.
const SERVICE_TIMEOUT: Duration = Duration::from_secs(60);
const HOST_TIMEOUT: Duration = Duration::from_secs(30);

impl Core {
    /// Starts a check: expands its command line and gives it to the right pool.
    pub(super) fn check(&mut self, due: Due, at: Timestamp) {
        let is_host = self.engine.graph().is_host(due.object);
        let timeout = if is_host { HOST_TIMEOUT } else { SERVICE_TIMEOUT };
        let command = CheckMacros::new(&self.configuration, due.object, at).expand();
        // the engine asks only for what has a command; one without words is refused by the worker
        let (argv, environment) = command.map(into_argv).unwrap_or_default();
        let id = self.number(Purpose::Check(Some(due.object)));
        self.submit(Job { id, argv, environment, timeout });
    }

    /// Runs a command for a message.
    pub(super) fn run_for(&mut self, mut job: Job, reply: oneshot::Sender<Done>) {
        job.id = self.number(Purpose::Command(reply));
        self.submit(job);
    }

    fn submit(&self, job: Job) {
        if let Some(pools) = &self.pools {
            pools.submit(job);
        }
    }

    fn number(&mut self, purpose: Purpose) -> u64 {
        let id = self.next_job;
        self.next_job += 1;
        self.jobs.insert(id, purpose);
        id
    }

    /// A job came back.
    pub(super) fn done(&mut self, done: Done) {
        match self.jobs.remove(&done.id) {
            Some(Purpose::Check(Some(object))) => {
                let event = if done.outcome == Outcome::Lost {
                    Event::Lost(object)
                } else {
                    Event::Result(result(object, &done))
                };
                self.engine.handle(event, now());
            }
            Some(Purpose::Command(reply)) => drop(reply.send(done)),
            // of an object that a reload took away
            Some(Purpose::Check(None)) => {}
            None => tracing::error!("job {} came back that was never sent", done.id),
        }
    }
}

fn result(object: ObjectId, done: &Done) -> CheckResult {
    let (state, printed) = done.verdict();
    CheckResult {
        object,
        started: Timestamp::from_micros(done.started),
        finished: Timestamp::from_micros(done.finished),
        state,
        output: printed.text.into(),
        long_output: printed.long_text.into(),
        perfdata: printed.perfdata.into(),
    }
}
