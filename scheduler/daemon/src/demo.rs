//! `hlidka demo`: the main job in a newcomer's terminal. The configuration of `examples/demo` is
//! unpacked into a temporary folder and run by the very daemon; beside it, one TCP port opens and
//! closes, so that one sees a check go soft, then hard, a mail go out, and its recovery.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::render::{self, Detail, Paint};
use crate::run;
use crate::socket::ask;
use crate::wire::{Answer, Request};

const FILES: [(&str, &str); 2] = [
    ("hlidka.yaml", include_str!("../../../examples/demo/hlidka.yaml")),
    ("objects.cfg", include_str!("../../../examples/demo/objects.cfg")),
];

/// The port is open so long, then closed so long, and so on.
const OPEN: Duration = Duration::from_secs(8);
const CLOSED: Duration = Duration::from_secs(10);

/// Runs until interrupted, or for so many seconds.
pub(crate) fn run(seconds: Option<u64>) -> Result<ExitCode> {
    let dir = unpack()?;
    let (port, stop) = play_with_a_port()?;
    std::fs::write(dir.join("resource.cfg"), format!("$USER2$={port}\n"))?;
    tracing::info!("the demo lives in {}: state.db, and each mail as a file in mail/", dir.display());
    tracing::info!(
        "port {port} closes in {} seconds and opens again {} seconds later",
        OPEN.as_secs(),
        CLOSED.as_secs()
    );
    tracing::info!("in another terminal: hlidka status --all --config {}", dir.display());
    if let Some(seconds) = seconds {
        thread::spawn(move || {
            thread::sleep(Duration::from_secs(seconds));
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM)
        });
    }
    show_all_soon(dir.join("hlidka.sock"));
    let result = run::run(&dir);
    drop(stop);
    for mail in mails(&dir.join("mail")) {
        tracing::info!("mail written: {}", mail.display());
    }
    result
}

fn unpack() -> Result<PathBuf> {
    let name = format!("hlidka-demo-{}", rustix::process::getpid().as_raw_nonzero());
    let dir = std::env::temp_dir().join(name);
    std::fs::create_dir(&dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    std::fs::create_dir(dir.join("mail"))?;
    for (name, text) in FILES {
        std::fs::write(dir.join(name), text)?;
    }
    if let Some(plugins) = run::plugins_beside_us() {
        let yaml = format!("{}plugins: {}\n", FILES[0].1, plugins.display());
        std::fs::write(dir.join("hlidka.yaml"), yaml)?;
    }
    Ok(dir)
}

/// After a few seconds, once, what `hlidka status --all` says.
fn show_all_soon(socket: PathBuf) {
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(6));
        if let Ok(Answer::Status(overview)) = ask(&socket, &Request::Status { all: true }) {
            for line in render::status(&overview, Detail::Line, Paint::for_stdout()).lines() {
                tracing::info!("{line}");
            }
        }
    });
}

fn mails(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// Opens and closes a port of the loopback interface until the sender is dropped.
fn play_with_a_port() -> Result<(u16, mpsc::Sender<()>)> {
    let first = TcpListener::bind("127.0.0.1:0").context("no port to play with")?;
    let port = first.local_addr()?.port();
    let (stop, stopped) = mpsc::channel::<()>();
    thread::spawn(move || {
        let mut listener = first;
        loop {
            answer_until(&listener, Instant::now() + OPEN);
            drop(listener);
            tracing::info!("demo: port {port} is closed now");
            if stopped.recv_timeout(CLOSED) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            listener = match TcpListener::bind(("127.0.0.1", port)) {
                Ok(again) => again,
                Err(error) => return tracing::warn!("demo: port {port} cannot be opened again: {error}"),
            };
            tracing::info!("demo: port {port} is open now");
        }
    });
    Ok((port, stop))
}

/// Takes and drops connections.
fn answer_until(listener: &TcpListener, end: Instant) {
    if listener.set_nonblocking(true).is_err() {
        return;
    }
    while Instant::now() < end {
        while listener.accept().is_ok() {}
        thread::sleep(Duration::from_millis(50));
    }
}
