//! Runs one job as a process: reads its output, keeps its deadline, leaves no zombie.
//!
//! What happens to processes that a plugin leaves behind: after a normal end nothing (Nagios leaves
//! them alone too, and some plugins start daemons on purpose), but they do not hold up the result
//! even if they keep the pipe open. After a timeout the whole process group is killed.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::process::{Signal, WaitId, WaitIdOptions, WaitIdStatus};
use tokio::time::{Instant, sleep_until, timeout};

use crate::spawn::{Child, Spawner};
use crate::watch::{Watched, watch};
use crate::{Done, Job, MAX_OUTPUT, Outcome, Stopwatch};

/// A program that ends within this time costs one wake-up: its output waits in the pipe (64 KiB, or
/// a page at the least) until then. Only after it are we told of output as it comes.
const EARLY: Duration = Duration::from_millis(20);
/// How long output is waited for after the program's own end, if somebody else holds the pipe.
const LATE_OUTPUT: Duration = Duration::from_millis(100);
/// Between SIGTERM and SIGKILL at the deadline, so that a plugin can clean up.
const TERM_GRACE: Duration = Duration::from_millis(500);
/// How long a killed process is waited for. One in an uninterruptible system call (a dead NFS
/// server) may take for ever; its result does not.
const KILL_GRACE: Duration = Duration::from_millis(500);

/// Runs a job to its end. Inside a tokio runtime with I/O and time. Dropping the future kills the
/// process group.
pub async fn run(job: &Job, spawner: &Spawner) -> Done {
    let deadline = Instant::now() + job.timeout.min(Job::MAX_TIMEOUT);
    let clock = Stopwatch::start();
    let child = match spawner.spawn(&job.argv, &job.environment) {
        Ok(child) => child,
        Err(error) => return Done::not_started(job.id, error.to_string()),
    };
    match Running::new(child) {
        Ok(mut running) => {
            let (outcome, finished) = running.finish(deadline, clock).await;
            let stdout = std::mem::take(&mut running.output);
            Done { id: job.id, started: clock.started, finished, outcome, stdout }
        }
        Err(error) => Done::not_started(job.id, format!("cannot watch the process: {error}")),
    }
}

/// A process, its pipe, and what it printed so far. Dropped before its end, it is killed with its
/// group.
struct Running {
    process: Process,
    pipe: Pipe,
    output: Vec<u8>,
}

struct Process {
    pid: rustix::process::Pid,
    /// Only taken out when the process is reaped or handed on.
    pidfd: Option<Watched>,
}

/// The reading end, watched or not, or at its end.
enum Pipe {
    Idle(OwnedFd),
    Watched(Watched),
    Ended,
}

impl Running {
    fn new(child: Child) -> io::Result<Running> {
        let Child { pid, pidfd, stdout } = child;
        match watch(pidfd) {
            Ok(pidfd) => Ok(Running {
                process: Process { pid, pidfd: Some(pidfd) },
                pipe: Pipe::Idle(stdout),
                output: Vec::new(),
            }),
            Err((pidfd, error)) => {
                let _ = rustix::process::kill_process_group(pid, Signal::KILL);
                let _ = rustix::process::waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED);
                Err(error)
            }
        }
    }

    /// Waits for the end or brings it about.
    async fn finish(&mut self, deadline: Instant, clock: Stopwatch) -> (Outcome, i64) {
        let early = deadline.min(Instant::now() + EARLY);
        let ended =
            self.process.ended_by(early).await || (early < deadline && self.read_until_ended(deadline).await);
        let finished = clock.now();
        if !ended {
            self.kill().await;
            return (Outcome::TimedOut, finished);
        }
        let outcome = self.process.reap();
        self.read_late_output().await;
        (outcome, finished)
    }

    /// Reads until the process ends (`true`) or the time is over.
    async fn read_until_ended(&mut self, until: Instant) -> bool {
        self.pipe.watch();
        let mut time_is_over = std::pin::pin!(sleep_until(until));
        loop {
            tokio::select! {
                biased;
                () = self.process.ended() => return true,
                () = &mut time_is_over => return false,
                () = self.pipe.read_more(&mut self.output), if self.pipe.is_watched() => {}
            }
        }
    }

    /// What is in the pipe after the end; if a process that was left behind holds it, what comes
    /// within a moment.
    async fn read_late_output(&mut self) {
        self.pipe.read_now(&mut self.output);
        if matches!(self.pipe, Pipe::Ended) {
            return;
        }
        self.pipe.watch();
        let reading = async {
            while self.pipe.is_watched() {
                self.pipe.read_more(&mut self.output).await;
            }
        };
        // the rest belongs to nobody
        let _ = timeout(LATE_OUTPUT, reading).await;
    }

    /// Ends the whole group. The process is reaped last: until then its number, which is the
    /// group's, cannot become another's.
    async fn kill(&mut self) {
        self.process.signal(Signal::TERM);
        self.read_until_ended(Instant::now() + TERM_GRACE).await;
        self.process.signal(Signal::KILL);
        self.pipe.read_now(&mut self.output);
        if self.process.ended_by(Instant::now() + KILL_GRACE).await {
            self.process.reap();
        } else if let Some(pidfd) = self.process.pidfd.take() {
            tracing::warn!(pid = %self.process.pid, "a process does not die of SIGKILL; waiting for it aside");
            tokio::spawn(async move {
                let _ = pidfd.readable().await;
                wait(&pidfd);
            });
        }
    }
}

impl Process {
    async fn ended(&self) {
        if let Some(pidfd) = &self.pidfd {
            // an error means that the runtime is going away, and this future with it
            let _ = pidfd.readable().await;
        }
    }

    async fn ended_by(&self, until: Instant) -> bool {
        tokio::time::timeout_at(until, self.ended()).await.is_ok()
    }

    fn signal(&self, signal: Signal) {
        let _ = rustix::process::kill_process_group(self.pid, signal);
        if let Some(pidfd) = &self.pidfd {
            // the process may have made a group of its own
            let _ = rustix::process::pidfd_send_signal(pidfd, signal);
        }
    }

    /// The end of a process that has ended.
    fn reap(&mut self) -> Outcome {
        let status = self.pidfd.take().and_then(|pidfd| wait(&pidfd));
        match status.map(|status| (status.exit_status(), status.terminating_signal())) {
            Some((Some(code), _)) => Outcome::Exited(code),
            Some((_, Some(signal))) => Outcome::Signalled(signal),
            _ => Outcome::NotStarted("the process' exit code is lost".to_owned()),
        }
    }
}

fn wait(pidfd: &Watched) -> Option<WaitIdStatus> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    rustix::process::waitid(WaitId::PidFd(pidfd.get_ref().as_fd()), options).ok().flatten()
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(pidfd) = &self.pidfd {
            self.signal(Signal::KILL);
            wait(pidfd);
        }
    }
}

impl Pipe {
    fn watch(&mut self) {
        *self = match std::mem::replace(self, Pipe::Ended) {
            // out of memory or watches: the process will run into a full pipe, or end well
            Pipe::Idle(fd) => watch(fd).map_or_else(|(fd, _)| Pipe::Idle(fd), Pipe::Watched),
            other => other,
        };
    }

    fn is_watched(&self) -> bool {
        matches!(self, Pipe::Watched(_))
    }

    /// Waits for output and reads some.
    async fn read_more(&mut self, output: &mut Vec<u8>) {
        let Pipe::Watched(fd) = self else { return };
        let Ok(mut ready) = fd.readable().await else { return };
        match ready.try_io(|fd| read_some(fd.get_ref(), output)) {
            Ok(Ok(0) | Err(_)) => {}
            Ok(Ok(_)) | Err(_) => return,
        }
        drop(ready);
        *self = Pipe::Ended;
    }

    /// Reads what is there, at most twice a pipe's capacity: a process left behind may go on writing.
    fn read_now(&mut self, output: &mut Vec<u8>) {
        let fd = match &*self {
            Pipe::Idle(fd) => fd.as_fd(),
            Pipe::Watched(fd) => fd.get_ref().as_fd(),
            Pipe::Ended => return,
        };
        let mut left = 2 * MAX_OUTPUT;
        loop {
            match read_some(fd, output) {
                Ok(0) => break,
                Ok(count) if count < left => left -= count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => return,
            }
        }
        *self = Pipe::Ended;
    }
}

/// One read; what is over the limit is dropped.
fn read_some(fd: impl AsFd, output: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0_u8; 4096];
    let count = rustix::io::read(fd, &mut buffer)?;
    let kept = count.min(MAX_OUTPUT.saturating_sub(output.len()));
    output.extend_from_slice(&buffer[..kept]);
    Ok(count)
}
