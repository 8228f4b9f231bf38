//! `ssh://`: `git-upload-pack` as a command of the server's.

use std::io::{self, Read, Write};

use check::CheckError;
use ssh::{Login, Session, Target};
use ssh2::Channel;

use crate::run::Run;

/// Most that is read of what the command complains.
const MAX_COMPLAINT: u64 = 4096;

/// The command, running. The channel goes before the session.
pub(super) struct Command {
    channel: Channel,
    session: Session,
}

pub(super) fn open(run: &Run) -> Result<Command, CheckError> {
    let (address, args) = (&run.address, &run.args);
    let user = args.login.user.as_ref().or(address.user.as_ref());
    let user = user.ok_or_else(|| {
        CheckError::usage("nothing says who logs in: write ssh://user@host/path, or give -l")
    })?;
    let target = Target { dial: args.dial.clone(), host: address.host.clone(), port: address.port };
    let keys = args.login.host_keys(&target.host, target.port)?;
    let account = args.login.account(user, None)?;
    let session = Session::open(&target, &keys, &run.apart)?;
    if let Login::Refused(why) = session.log_in(&account)? {
        return Err(CheckError::target(format!("{}: cannot log in: {why}", session.place())));
    }
    let wanted = "start of git-upload-pack";
    session.patience(wanted)?;
    let started = session.raw().channel_session().and_then(|mut channel| {
        channel.exec(&address.command())?;
        Ok(channel)
    });
    match started {
        Ok(channel) => Ok(Command { channel, session }),
        Err(error) => Err(session.explain(&error, wanted)),
    }
}

impl Command {
    fn patience(&self, run: &Run) -> io::Result<()> {
        self.session.patience(super::wanted(run)).map_err(|error| run.fail(error))
    }

    fn explained(&self, run: &Run, error: &io::Error) -> io::Error {
        run.fail(self.session.explain_io(error, super::wanted(run)))
    }

    /// The command ended before it said anything: what it said to the user.
    fn complaint(&mut self) -> CheckError {
        let mut said = Vec::new();
        if self.session.patience("end of git-upload-pack").is_ok() {
            // whatever came of it is shown
            let _ = self.channel.stderr().take(MAX_COMPLAINT).read_to_end(&mut said);
        }
        let place = self.session.place();
        if said.is_empty() {
            return CheckError::target(format!("{place}: ended git-upload-pack instead of sending its refs"));
        }
        CheckError::target(format!("{place}: git-upload-pack says `{}`", net::excerpt(&said)))
    }
}

impl Read for Command {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let run = super::run()?;
        self.patience(&run)?;
        match self.channel.read(buffer) {
            Ok(0) if run.received() == 0 => {
                let complaint = self.complaint();
                Err(run.fail(complaint))
            }
            Ok(read) => super::counted(&run, read),
            Err(error) => Err(self.explained(&run, &error)),
        }
    }
}

impl Write for Command {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let run = super::run()?;
        self.patience(&run)?;
        self.channel.write(bytes).map_err(|error| self.explained(&run, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
