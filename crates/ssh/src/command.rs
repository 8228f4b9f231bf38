//! Running a command, and finding out whether there is a shell.

use std::io::{ErrorKind, Read, Write};

use check::CheckError;
use ssh2::{Channel, ErrorCode, ExtendedData};

use crate::Session;

/// Most that is kept of a command's output.
const MAX_OUTPUT: usize = 64 * 1024;

/// Most that is read of it: who prints more does not end.
const MAX_READ: usize = 4 * 1024 * 1024;

/// What a shell prints of the command below, and nothing that only repeats it would.
const PROOF: &str = "hlidka-shell-probe";

/// Works in every Unix shell.
const PROBE: &str = "echo hlidka\"-shell\"-probe\nexit\n";

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ran {
    /// The server does not run it.
    Denied,
    /// It ended.
    Ended {
        /// Its exit status, if it has one: not after a signal.
        status: Option<i32>,
        /// What it printed, standard output and error together, at most 64 KiB.
        output: String,
    },
}

/// Runs a command, as `ssh host command` does.
pub fn run(session: &Session, command: &str) -> Result<Ran, CheckError> {
    let wanted = format!("end of `{}`", crate::clean(command));
    let Some(mut channel) = open(session, &wanted)? else { return Ok(Ran::Denied) };
    match channel.exec(command) {
        Ok(()) => {}
        Err(error) if Session::is_denied(&error) => return Ok(Ran::Denied),
        Err(error) => return Err(session.explain(&error, &wanted)),
    }
    let output = finish(session, &mut channel, &wanted)?;
    let is_signal = channel.exit_signal().is_ok_and(|signal| signal.exit_signal.is_some());
    let status = channel.exit_status().ok().filter(|_| !is_signal);
    Ok(Ran::Ended { status, output })
}

/// Asks for a shell and has it prove itself. A menu, a message and SFTP are no shells.
pub fn has_shell(session: &Session) -> Result<bool, CheckError> {
    let wanted = "end of the shell";
    let Some(mut channel) = open(session, wanted)? else { return Ok(false) };
    match channel.shell() {
        Ok(()) => {}
        Err(error) if Session::is_denied(&error) => return Ok(false),
        Err(error) => return Err(session.explain(&error, wanted)),
    }
    // what is no shell may have ended already
    if let Err(error) = channel.write_all(PROBE.as_bytes())
        && error.kind() == ErrorKind::TimedOut
    {
        return Err(session.explain_io(&error, wanted));
    }
    let output = finish(session, &mut channel, wanted)?;
    Ok(output.contains(PROOF))
}

/// A channel with both outputs as one; none if the server gives out none.
fn open(session: &Session, wanted: &str) -> Result<Option<Channel>, CheckError> {
    session.patience(wanted)?;
    match session.raw().channel_session() {
        Ok(mut channel) => {
            channel
                .handle_extended_data(ExtendedData::Merge)
                .map_err(|error| session.explain(&error, wanted))?;
            Ok(Some(channel))
        }
        Err(error) if Session::is_denied(&error) => Ok(None),
        Err(error) => Err(session.explain(&error, wanted)),
    }
}

/// No input, all output, the end.
fn finish(session: &Session, channel: &mut Channel, wanted: &str) -> Result<String, CheckError> {
    let lost = |error: &ssh2::Error| session.explain(error, wanted);
    session.patience(wanted)?;
    channel.send_eof().or_else(ended).map_err(|error| lost(&error))?;
    let mut output = Vec::new();
    let mut buffer = [0_u8; 4096];
    let mut all = 0;
    loop {
        session.patience(wanted)?;
        match channel.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                all += read;
                let room = read.min(MAX_OUTPUT.saturating_sub(output.len()));
                output.extend_from_slice(buffer.get(..room).unwrap_or_default());
            }
            Err(error) => return Err(session.explain_io(&error, wanted)),
        }
        if all > MAX_READ {
            let place = session.place();
            return Err(CheckError::target(format!(
                "{place}: more than {MAX_READ} bytes came before the {wanted}"
            )));
        }
    }
    session.patience(wanted)?;
    channel.close().or_else(ended).map_err(|error| lost(&error))?;
    session.patience(wanted)?;
    channel.wait_close().or_else(ended).map_err(|error| lost(&error))?;
    Ok(String::from_utf8_lossy(&output).into_owned())
}

/// The other side was faster.
fn ended(error: ssh2::Error) -> Result<(), ssh2::Error> {
    const CHANNEL_CLOSED: i32 = -26;
    const EOF_SENT: i32 = -27;
    match error.code() {
        ErrorCode::Session(CHANNEL_CLOSED | EOF_SENT) => Ok(()),
        _ => Err(error),
    }
}
