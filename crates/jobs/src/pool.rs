//! The daemon's side: worker processes that are kept alive, and who gets which job.

mod dispatch;
mod starter;
mod tend;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::frame::FrameError;
use crate::{Done, Job};
use dispatch::Dispatch;

/// How long workers may take to say hello, on a machine that is busy booting.
const HELLO: Duration = Duration::from_secs(30);

/// What a pool is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The worker program.
    pub program: PathBuf,
    /// Its arguments; they choose what kind of pool it is.
    pub arguments: Vec<String>,
    /// How many worker processes; at least one. Two where there are two cores is enough.
    pub workers: usize,
    /// How many jobs a worker has at once; at least one. Further ones wait in the pool. A worker
    /// that execs needs two file descriptors for each: stay under 480 where the limit is 1024.
    pub window: usize,
}

/// Why there is no pool.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The program cannot be run.
    #[error("cannot start the worker {program}: {source}")]
    Start {
        /// Its path.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It ran, but not as a worker.
    #[error("the worker {program} did not say hello: {reason}")]
    NoHello {
        /// Its path.
        program: String,
        /// What it did instead.
        reason: String,
    },
}

/// Worker processes and the jobs they run. Results come out of the channel that [`Pool::start`]
/// returns, in no particular order.
///
/// A worker that dies is started again, and what it had not finished is run again once; a job that
/// loses two workers comes back as [`Outcome::Lost`](crate::Outcome::Lost), so that a job which
/// kills its worker cannot go on for ever. Jobs that have lost one worker are run one at a time in
/// each worker, so that the one which kills takes no innocent ones with it. A worker that sits on a
/// job well past the job's timeout is killed.
pub struct Pool {
    shared: Arc<Shared>,
    programs: HashSet<String>,
    tenders: Vec<JoinHandle<()>>,
}

/// One worker as seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerStatus {
    /// Its process id, if it runs and has said hello.
    pub pid: Option<u32>,
    /// Jobs that it has now.
    pub jobs: usize,
    /// How often it was started again.
    pub restarts: u64,
    /// Why it ended the last time.
    pub last_end: Option<String>,
}

/// What the pool and the tasks that tend its workers have in common.
struct Shared {
    settings: Settings,
    dispatch: Mutex<Dispatch>,
    /// One for each worker: something is to be sent to it.
    wake: Vec<Notify>,
    stopping: tokio::sync::watch::Sender<bool>,
    results: mpsc::UnboundedSender<Done>,
}

impl Shared {
    fn dispatch(&self) -> MutexGuard<'_, Dispatch> {
        self.dispatch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, workers: impl IntoIterator<Item = usize>) {
        workers.into_iter().filter_map(|worker| self.wake.get(worker)).for_each(Notify::notify_one);
    }

    fn give(&self, done: Done) {
        // nobody listens any more when the daemon ends
        let _ = self.results.send(done);
    }
}

impl Pool {
    /// Starts the workers and waits until each has said hello. Needs a tokio runtime with I/O and
    /// time, which also has to stay.
    pub async fn start(settings: Settings) -> Result<(Pool, mpsc::UnboundedReceiver<Done>), PoolError> {
        let workers = settings.workers.max(1);
        let (results, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            dispatch: Mutex::new(Dispatch::new(workers, settings.window.max(1))),
            settings,
            wake: (0..workers).map(|_| Notify::new()).collect(),
            stopping: tokio::sync::watch::Sender::new(false),
            results,
        });
        let starter = starter::Starter::new(&shared.settings);
        let mut tenders = Vec::with_capacity(workers);
        let mut greetings = Vec::with_capacity(workers);
        for worker in 0..workers {
            let (sender, greeting) = oneshot::channel();
            tenders.push(tokio::spawn(tend::tend(worker, shared.clone(), starter.clone(), sender)));
            greetings.push(greeting);
        }
        let mut pool = Pool { shared, programs: HashSet::new(), tenders };
        for greeting in greetings {
            let programs = match tokio::time::timeout(HELLO, greeting).await {
                Ok(Ok(greeting)) => greeting?,
                Ok(Err(_)) | Err(_) => return Err(pool.no_hello(format!("nothing within {HELLO:?}"))),
            };
            pool.programs.extend(programs);
        }
        Ok((pool, receiver))
    }

    fn no_hello(&self, reason: String) -> PoolError {
        PoolError::NoHello { program: self.shared.settings.program.display().to_string(), reason }
    }

    /// Hands over a job; it is run as soon as a worker has room. Never waits. A job that cannot be
    /// sent (a command line over a megabyte) comes back as not started.
    pub fn submit(&self, job: Job) {
        let id = job.id;
        let submitted = self.shared.dispatch().submit(job, Instant::now());
        match submitted {
            Ok(worker) => self.shared.wake(worker),
            Err(error) => self.shared.give(refused(id, &error)),
        }
    }

    /// Do the workers run this in-process? If not, it belongs in a pool that execs.
    pub fn runs_in_process(&self, job: &Job) -> bool {
        job.environment.is_empty() && job.argv.first().is_some_and(|program| self.programs.contains(program))
    }

    /// Jobs that wait for room in a worker.
    pub fn waiting(&self) -> usize {
        self.shared.dispatch().waiting()
    }

    /// How the workers are, in a fixed order.
    pub fn workers(&self) -> Vec<WorkerStatus> {
        self.shared.dispatch().status()
    }

    /// Ends all workers and what they run, and waits for them. Jobs that are not finished do not
    /// come back.
    pub async fn stop(mut self) {
        self.shared.stopping.send_replace(true);
        for tender in std::mem::take(&mut self.tenders) {
            // it fails only if the runtime is going away
            let _ = tender.await;
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stopping.send_replace(true);
    }
}

fn refused(id: u64, error: &FrameError) -> Done {
    Done::not_started(id, format!("the command line is too long: {error}"))
}
