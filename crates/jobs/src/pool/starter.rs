//! Starts worker processes, on a thread of its own.
//!
//! A worker asks to be killed when its parent dies (`PR_SET_PDEATHSIG`), and to the kernel the
//! parent is the *thread* that started it. Threads of a runtime come and go; this one lasts as long
//! as the pool.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use tokio::sync::oneshot;

use crate::pool::Settings;

type Started = io::Result<(Child, UnixStream)>;

/// Ask it for a process.
#[derive(Clone)]
pub(super) struct Starter(mpsc::Sender<oneshot::Sender<Started>>);

impl Starter {
    pub(super) fn new(settings: &Settings) -> Starter {
        let (sender, requests) = mpsc::channel::<oneshot::Sender<Started>>();
        let settings = settings.clone();
        std::thread::spawn(move || {
            for request in requests {
                // an answer that nobody waits for closes the socket, at which the worker ends
                let _ = request.send(start(&settings));
            }
        });
        Starter(sender)
    }

    pub(super) async fn start(&self) -> Started {
        let (sender, answer) = oneshot::channel();
        self.0.send(sender).map_err(|_| io::Error::other("the thread that starts workers is gone"))?;
        answer.await.unwrap_or_else(|_| Err(io::Error::other("the thread that starts workers is gone")))
    }
}

/// A group of its own: an interrupt typed at the terminal is the daemon's business.
fn start(settings: &Settings) -> Started {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let child = Command::new(&settings.program)
        .args(&settings.arguments)
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()?;
    Ok((child, ours))
}
