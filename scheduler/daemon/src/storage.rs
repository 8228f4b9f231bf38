//! The store on a thread of its own, so that a slow disk never delays a check.

use std::sync::mpsc as blocking;
use std::thread;

use config::LastGood;
use engine::{Entry, Identity, Notification, Timestamp};
use store::{Batch, DeliveryId, HistoryQuery, Scope, Store};
use tokio::sync::{mpsc, oneshot};

use crate::core::Input;
use crate::wire::Answer;

/// Lines that one step of pruning deletes.
const PRUNE_STEP: u32 = 1000;

/// What the thread is asked to do.
pub(crate) enum Task {
    /// Store; notifications come back with their numbers by [`Input::Stored`].
    Commit(Box<Batch>),
    /// A message was taken.
    Delivered(DeliveryId, Timestamp),
    /// A message was not; with no next time it is given up.
    Failed { id: DeliveryId, at: Timestamp, error: String, next_try: Option<Timestamp> },
    /// Read history for somebody.
    History { object: Option<Identity>, since: Timestamp, limit: u32, reply: oneshot::Sender<Answer> },
    /// Forget history older than this.
    Prune(Timestamp),
    /// Keep last good versions of what monitored machines wrote.
    Keep(Box<LastGood>),
}

/// The way to the thread.
pub(crate) struct Storage {
    tasks: Option<blocking::Sender<Task>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Storage {
    /// Gives the store to its thread.
    pub fn start(store: Store, core: mpsc::UnboundedSender<Input>) -> std::io::Result<Storage> {
        let (sender, tasks) = blocking::channel();
        let thread = thread::Builder::new().name("store".into()).spawn(move || work(store, &tasks, &core))?;
        Ok(Storage { tasks: Some(sender), thread: Some(thread) })
    }

    /// Hands over a task.
    pub fn give(&self, task: Task) {
        if self.tasks.as_ref().is_none_or(|tasks| tasks.send(task).is_err()) {
            tracing::error!("the store's thread is gone: nothing is stored any more");
        }
    }

    /// Waits until everything handed over is stored.
    pub fn finish(&mut self) {
        self.tasks = None;
        let panicked = self.thread.take().is_some_and(|thread| thread.join().is_err());
        if panicked {
            tracing::error!("the store's thread ended in a panic");
        }
    }
}

fn work(mut store: Store, tasks: &blocking::Receiver<Task>, core: &mpsc::UnboundedSender<Input>) {
    while let Ok(task) = tasks.recv() {
        let failure = match task {
            Task::Commit(batch) => {
                commit(&mut store, *batch, core);
                None
            }
            Task::Delivered(id, at) => store.delivered(id, at).err(),
            Task::Failed { id, at, error, next_try } => store.failed(id, at, &error, next_try).err(),
            Task::History { object, since, limit, reply } => {
                let _ = reply.send(history(&store, object.as_ref(), since, limit));
                None
            }
            Task::Prune(before) => store.prune(before, PRUNE_STEP).err(),
            Task::Keep(last_good) => {
                keep(&last_good);
                None
            }
        };
        if let Some(error) = failure {
            tracing::error!("{error}");
        }
    }
}

/// Keeps last good versions; what cannot be kept is only missed after the next bad file.
fn keep(last_good: &LastGood) {
    if let Err((path, error)) = last_good.keep() {
        tracing::error!("cannot keep the last good version {}: {error}", path.display());
    }
}

/// A commit that fails is tried again as long as the daemon lives: what it holds must not be lost,
/// and its messages must not go out unstored.
fn commit(store: &mut Store, batch: Batch, core: &mpsc::UnboundedSender<Input>) {
    let mut pause = std::time::Duration::from_millis(100);
    loop {
        match store.commit(&batch) {
            Ok(ids) => {
                let told: Vec<(DeliveryId, Notification)> =
                    ids.into_iter().zip(batch.notifications).collect();
                let _ = core.send(Input::Stored(told));
                return;
            }
            Err(error) => {
                tracing::error!("cannot store what happened, trying again: {error}");
                thread::sleep(pause);
                pause = (pause * 2).min(std::time::Duration::from_secs(10));
                if core.is_closed() {
                    return;
                }
            }
        }
    }
}

fn history(store: &Store, object: Option<&Identity>, since: Timestamp, limit: u32) -> Answer {
    let scope = match object {
        None => Scope::All,
        Some(Identity { host, service: None }) => Scope::HostWithServices(host),
        Some(identity) => Scope::Object(identity),
    };
    match store.history(&HistoryQuery { scope, since, limit }) {
        Ok(rows) => Answer::History { entries: rows.rows as Vec<Entry>, warnings: rows.warnings },
        Err(error) => Answer::Refused { reasons: vec![error.to_string()] },
    }
}
