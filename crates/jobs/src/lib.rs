//! Running plugins: the job and its result, the frames they travel in, and both ends of the wire.
//!
//! The daemon holds a [`Pool`] of worker processes, hands it [`Job`]s and gets [`Done`]s. A worker
//! [`serve`]s its socket and runs each job: by [`exec::run`], or in-process, which is the business
//! of the crate `worker`. [`Done::verdict`] reads a result as Nagios' users expect it.
//!
//! Left out on purpose: what a job means (the engine knows) and which checks exist (the worker
//! knows).
//!
//! Invariants: no shell is ever involved; a job that was submitted comes back exactly once while
//! the pool runs; the daemon's own process is never copied for a check.

pub mod examine;
pub mod exec;
pub mod frame;
mod job;
mod pool;
mod serve;
pub mod spawn;
mod verdict;
mod watch;

pub use job::{Done, Job, MAX_OUTPUT, Outcome, Stopwatch};
pub use pool::{Pool, PoolError, Settings, WorkerStatus};
pub use serve::serve;
