//! Keeps one worker alive and talks to it.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::oneshot;

use crate::frame::{Decoder, Frame};
use crate::pool::starter::Starter;
use crate::pool::{PoolError, Shared};
use crate::serve::{read, write};
use crate::verdict::signal_name;
use crate::watch::{Watched, watch};

/// The first pause before a worker is started again; it doubles as long as workers die young.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(10);
/// A worker that lived so long did not die young.
const GROWN_UP: Duration = Duration::from_secs(10);
/// How long a worker may take to end what it runs and itself.
const STOP_GRACE: Duration = Duration::from_secs(3);
/// How often a worker is looked at for jobs that should have come back.
const LOOK: Duration = Duration::from_secs(1);

/// The programs that a worker runs in-process, or why it is no worker.
type Greeting = oneshot::Sender<Result<Vec<String>, PoolError>>;

/// Why a conversation ended.
enum End {
    Stopping,
    Broken(String),
}

/// Starts a worker, again and again, until the pool stops or the first start fails.
pub(super) async fn tend(worker: usize, shared: Arc<Shared>, starter: Starter, greeting: Greeting) {
    let program = shared.settings.program.display().to_string();
    let mut stopping = shared.stopping.subscribe();
    let mut greeting = Some(greeting);
    let mut pause = FIRST_PAUSE;
    loop {
        let born = Instant::now();
        let process = starter.start().await.and_then(|(child, socket)| {
            Ok(Process { exit: watch_exit(&child), child, stream: UnixStream::from_std(socket)? })
        });
        let reason = match process {
            Ok(mut process) => {
                let end = tokio::select! {
                    biased;
                    _ = stopping.wait_for(|stop| *stop) => End::Stopping,
                    reason = converse(worker, &mut process, &shared, &mut greeting) => End::Broken(reason),
                };
                match end {
                    End::Stopping => {
                        process.end(Signal::TERM).await;
                        return;
                    }
                    End::Broken(reason) => format!("{reason}; {}", process.end(Signal::KILL).await),
                }
            }
            Err(source) => match greeting.take() {
                Some(greeting) => {
                    let _ = greeting.send(Err(PoolError::Start { program, source }));
                    return;
                }
                None => source.to_string(),
            },
        };
        if let Some(greeting) = greeting.take() {
            let _ = greeting.send(Err(PoolError::NoHello { program, reason }));
            return;
        }
        tracing::warn!(program, reason, "a worker ended; its jobs are run again");
        shared.bury(worker, reason);
        pause = if born.elapsed() >= GROWN_UP { FIRST_PAUSE } else { (pause * 2).min(LAST_PAUSE) };
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl Shared {
    /// Gives the jobs of a dead worker to the others.
    fn bury(&self, worker: usize, reason: String) {
        let (lost, wake) = {
            let mut dispatch = self.dispatch();
            (dispatch.down(worker, reason), dispatch.refill_all(Instant::now()))
        };
        for done in lost {
            self.give(done);
        }
        self.wake(wake);
    }
}

/// Exchanges frames until something breaks, and says what.
async fn converse(
    worker: usize,
    process: &mut Process,
    shared: &Shared,
    greeting: &mut Option<Greeting>,
) -> String {
    let Some(wake) = shared.wake.get(worker) else { return String::new() };
    let stream = &process.stream;
    let mut decoder = Decoder::default();
    let mut sending = Vec::new();
    let mut look = tokio::time::interval(LOOK);
    let mut ready_for_jobs = false;
    loop {
        shared.dispatch().take_outgoing(worker, &mut sending);
        if let Err(error) = write(stream, &mut sending) {
            return format!("cannot send to it: {error}");
        }
        let interest =
            if sending.is_empty() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
        tokio::select! {
            ready = stream.ready(interest) => match ready {
                Ok(ready) if !ready.is_readable() => {}
                Ok(_) => match read(stream, &mut decoder) {
                    Ok(true) => {}
                    Ok(false) => return "it hung up".to_owned(),
                    Err(error) => return format!("cannot read from it: {error}"),
                },
                Err(error) => return format!("cannot wait for it: {error}"),
            },
            () = wake.notified() => {}
            _ = look.tick() => if shared.dispatch().is_stuck(worker, Instant::now()) {
                return "it was stuck".to_owned();
            },
        }
        loop {
            match decoder.next_frame() {
                Ok(None) => break,
                Ok(Some(Frame::Done(done))) => {
                    let finished = shared.dispatch().finished(worker, done, Instant::now());
                    match finished {
                        Some(done) => shared.give(done),
                        None => return "it sent a result that nobody asked for".to_owned(),
                    }
                }
                Ok(Some(Frame::Hello { programs })) if !ready_for_jobs => {
                    ready_for_jobs = true;
                    shared.dispatch().up(worker, process.child.id(), Instant::now());
                    if let Some(greeting) = greeting.take() {
                        let _ = greeting.send(Ok(programs));
                    }
                }
                Ok(Some(_)) => return "it sent a message out of turn".to_owned(),
                Err(error) => return format!("it sent nonsense: {error}"),
            }
        }
    }
}

/// A worker process and its socket.
struct Process {
    child: Child,
    stream: UnixStream,
    /// Readable when the process has ended; without it (no descriptor left) we ask now and then.
    exit: Option<Watched>,
}

fn watch_exit(child: &Child) -> Option<Watched> {
    let pid = Pid::from_raw(i32::try_from(child.id()).ok()?)?;
    let pidfd = rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok()?;
    watch(pidfd).ok()
}

impl Process {
    /// Ends the process, which may have ended already, and tells how it did.
    async fn end(mut self, signal: Signal) -> String {
        // not yet reaped, so the number is still its own
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, signal);
        }
        let mut status = tokio::time::timeout(STOP_GRACE, self.ended()).await;
        if status.is_err() {
            let _ = self.child.kill();
            status = tokio::time::timeout(STOP_GRACE, self.ended()).await;
        }
        match status {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => format!("exit code {code}"),
                (_, Some(signal)) => format!("killed by {}", signal_name(signal)),
                _ => "ended".to_owned(),
            },
            Err(_) => format!("process {} does not die of SIGKILL", self.child.id()),
        }
    }

    async fn ended(&mut self) -> ExitStatus {
        loop {
            match &self.exit {
                Some(exit) => drop(exit.readable().await),
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
            match self.child.try_wait() {
                Ok(Some(status)) => return status,
                Ok(None) => {}
                Err(_) => return ExitStatus::default(),
            }
        }
    }
}
