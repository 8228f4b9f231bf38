//! `hlidka command`: external commands by hand, or one a line from standard input.

use std::io::{ErrorKind, Read as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::{Daemon, print};
use crate::lines::Lines;
use crate::wire::{Answer, Request};

/// Read at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// What became of one command.
#[derive(Serialize)]
struct Outcome<'a> {
    command: &'a str,
    done: bool,
    message: String,
}

/// Gives each command to the daemon; 1 if any was refused.
pub(super) fn run(daemon: &Daemon, commands: &[String], json: bool) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    let mut give = |command: &str| -> Result<()> {
        let (done, message) = match daemon.ask(&Request::Command { line: command.to_owned() })? {
            Answer::Done { message } => (true, message),
            Answer::Refused { reasons } => (false, reasons.join("; ")),
            _ => bail!("the daemon answered something else: is it of the same version?"),
        };
        if !done {
            code = ExitCode::FAILURE;
        }
        if json {
            print(&format!("{}\n", serde_json::to_string(&Outcome { command, done, message })?))?;
        } else if done {
            print(&format!("{message}\n"))?;
        } else {
            // what cannot be said cannot be helped
            let _ = writeln!(std::io::stderr(), "hlidka: refused: {message}");
        }
        Ok(())
    };
    for command in commands {
        if command == "-" {
            for_each_line(&mut give)?;
        } else {
            give(command)?;
        }
    }
    Ok(code)
}

/// The lines of standard input that are not blank. One that is too long is passed on as such, to be
/// refused like any other.
fn for_each_line(give: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
    let mut input = std::io::stdin().lock();
    let mut lines = Lines::default();
    let mut buffer = vec![0; CHUNK];
    loop {
        let n = match input.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read.context("cannot read standard input")?,
        };
        let complete = if n == 0 { lines.rest().into_iter().collect() } else { lines.add(&buffer[..n]) };
        for line in complete {
            give(line.trim_end_matches('\r'))?;
        }
        if n == 0 {
            return Ok(());
        }
    }
}
