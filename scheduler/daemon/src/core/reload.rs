//! A new configuration: refused with its reasons, or taken without a gap.

use std::sync::Arc;

use config::{Configuration, Options, Problem, Severity};
use engine::counted;
use tokio::sync::oneshot;

use super::{Core, Input, Purpose, now};
use crate::loss;
use crate::storage::Task;
use crate::wire::Answer;

/// A configuration that was read, and for whom.
pub(crate) struct Read {
    pub result: Result<Configuration, Vec<Problem>>,
    /// Taken whatever it loses.
    pub forced: bool,
    /// Who waits; nobody for a signal.
    pub reply: Option<oneshot::Sender<Answer>>,
}

impl Core {
    /// Reads the configuration beside the loop: a large one takes a while.
    pub(super) fn read_again(&self, forced: bool, reply: Option<oneshot::Sender<Answer>>) {
        let (path, itself) = (self.path.clone(), self.itself.clone());
        tokio::task::spawn_blocking(move || {
            let result = config::load(&path);
            let _ = itself.send(Input::Read(Box::new(Read { result, forced, reply })));
        });
    }

    /// Takes a new configuration, or says why the old one goes on.
    pub(super) fn reloaded(&mut self, read: Read) {
        let answer = match read.result {
            Ok(configuration) => {
                let most = configuration.options.reload.max_loss;
                match loss::too_much(self.engine.graph(), &configuration.graph, most) {
                    Some(reason) if !read.forced => {
                        refused([reason].into_iter().chain(set_aside(&configuration)).collect())
                    }
                    _ => self.take_over(configuration),
                }
            }
            Err(problems) => refused(problems.iter().map(ToString::to_string).collect()),
        };
        if let Some(reply) = read.reply {
            let _ = reply.send(answer);
        }
    }

    fn take_over(&mut self, mut configuration: Configuration) -> Answer {
        let at = now();
        // what the engine decided before names commands and objects of the old configuration
        self.carry_out(at);
        let graph = configuration.graph.clone();
        let returned = self.away.come_back(&graph);
        let gone = self.away.leave(&self.engine, &graph);
        self.batch.removed.extend(self.away.forget(at));
        // the engine forgets them: this is the last that is stored of them
        for identity in gone {
            if let Some(state) = self.away.state(&identity).cloned() {
                self.batch.states.push((identity, state));
            }
        }
        let new_ids = self.engine.reload(graph.clone(), returned, at);
        for purpose in self.jobs.values_mut() {
            if let Purpose::Check(object) = purpose {
                *object = object.and_then(|id| new_ids.get(id.0 as usize).copied().flatten());
            }
        }
        configuration.warnings.iter().for_each(log_problem);
        self.storage.give(Task::Keep(Box::new(std::mem::take(&mut configuration.last_good))));
        let later = at_next_start(&self.configuration.options, &configuration.options);
        if !later.is_empty() {
            tracing::warn!("hlidka.yaml: takes effect at the next start only: {}", later.join(", "));
        }
        configuration.globals.started = self.configuration.globals.started;
        self.configuration = Arc::new(configuration);
        let _ = self.current.send(self.configuration.clone());
        let hosts = graph.hosts().count();
        let services = graph.objects().len() - hosts;
        let mut message = format!("reloaded: {}, {}", counted(hosts, "host"), counted(services, "service"));
        tracing::info!("{message}");
        for reason in set_aside(&self.configuration) {
            message.push('\n');
            message.push_str(&reason);
        }
        Answer::Done { message }
    }
}

/// The keys of `hlidka.yaml` that changed, of those that are read at the start alone.
fn at_next_start(old: &Options, new: &Options) -> Vec<&'static str> {
    let keys = [
        ("store", old.store != new.store),
        ("plugins", old.plugins != new.plugins),
        ("workers", old.workers != new.workers),
        ("notify", old.notify != new.notify),
        ("socket", old.socket != new.socket),
        ("command_file", old.command_file != new.command_file),
        ("timezone (in mails)", old.timezone != new.timezone),
    ];
    keys.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| key).collect()
}

/// A problem at its level in the log.
pub(crate) fn log_problem(problem: &Problem) {
    match problem.severity {
        Severity::Error | Severity::Quarantined => tracing::error!("{problem}"),
        Severity::Warning => tracing::warn!("{problem}"),
    }
}

/// What monitored machines wrote and is not in force.
pub(super) fn set_aside(configuration: &Configuration) -> impl Iterator<Item = String> {
    let all = configuration.warnings.iter().filter(|problem| problem.severity == Severity::Quarantined);
    all.map(ToString::to_string)
}

fn refused(reasons: Vec<String>) -> Answer {
    tracing::error!("the new configuration is refused, the old one goes on; {} problems:", reasons.len());
    for reason in &reasons {
        tracing::error!("{reason}");
    }
    Answer::Refused { reasons }
}
