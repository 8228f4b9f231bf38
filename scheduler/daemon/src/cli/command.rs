//! `hlidka command`: external commands by hand, or one a line from standard input.

use std::io::{BufRead as _, Read as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use engine::external::MAX_LINE;
use serde::Serialize;

use super::{Daemon, print};
use crate::wire::{Answer, Request};

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
    let limit = MAX_LINE as u64 + 2;
    loop {
        let mut line = Vec::new();
        let n =
            input.by_ref().take(limit).read_until(b'\n', &mut line).context("cannot read standard input")?;
        if n == 0 {
            return Ok(());
        }
        if n as u64 == limit && !line.ends_with(b"\n") {
            input.skip_until(b'\n').context("cannot read standard input")?;
        }
        let line = String::from_utf8_lossy(&line);
        if !line.trim().is_empty() {
            give(line.trim_end_matches(['\n', '\r']))?;
        }
    }
}
