//! What is asked of a worker, and what it answers.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Most of a plugin's standard output that is kept, in bytes; the rest is read and dropped.
pub const MAX_OUTPUT: usize = 64 * 1024;

/// A command to run once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The submitter's own number; it comes back in [`Done::id`].
    pub id: u64,
    /// Program and arguments. A program without a slash is looked for in the worker's `PATH`.
    pub argv: Vec<String>,
    /// Variables on top of the worker's own environment. Only exec'ed programs can have any.
    pub environment: Vec<(String, String)>,
    /// How long it may run; at most [`Job::MAX_TIMEOUT`].
    pub timeout: Duration,
}

impl Job {
    /// A longer timeout is cut to this: one day.
    pub const MAX_TIMEOUT: Duration = Duration::from_secs(86_400);
}

/// What became of a [`Job`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// [`Job::id`].
    pub id: u64,
    /// When the process, or the check in the worker, really started: microseconds since the epoch.
    pub started: i64,
    /// When it ended, likewise; for [`Outcome::TimedOut`] the moment its time was over, even if it
    /// took a while longer to die.
    pub finished: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// Standard output, at most [`MAX_OUTPUT`] bytes. Standard error is thrown away.
    pub stdout: Vec<u8>,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that was not ours.
    Signalled(i32),
    /// Its time was over; its process group was killed.
    TimedOut,
    /// It never ran: why, and the way out.
    NotStarted(String),
    /// The worker that ran it died, and so did the one that ran it again.
    Lost,
}

impl Done {
    /// A job that never ran.
    pub fn not_started(id: u64, why: impl Into<String>) -> Done {
        let now = Stopwatch::start().started;
        Done { id, started: now, finished: now, outcome: Outcome::NotStarted(why.into()), stdout: Vec::new() }
    }
}

/// The two times of a [`Done`]: what lies between them is right even if somebody sets the clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    /// Wall-clock time of the start, in microseconds since the epoch.
    pub started: i64,
    since: Instant,
}

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Stopwatch {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Stopwatch { started: i64::try_from(epoch.as_micros()).unwrap_or(i64::MAX), since: Instant::now() }
    }

    /// Now, in microseconds since the epoch.
    pub fn now(&self) -> i64 {
        let elapsed = i64::try_from(self.since.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.started.saturating_add(elapsed)
    }
}
