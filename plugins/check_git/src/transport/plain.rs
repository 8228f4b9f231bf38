//! `git://`: the protocol over TCP as it stands.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

use check::CheckError;

use crate::run::Run;

/// A connection that has been asked for the repository.
pub(super) struct Plain(TcpStream);

pub(super) fn open(run: &Run) -> Result<Plain, CheckError> {
    let address = &run.address;
    let dial = run.args.dial.connect(&address.host, address.port, run.ctx());
    let stream = run.apart.wait(dial)?;
    let blocking = stream.into_std().and_then(|stream| stream.set_nonblocking(false).map(|()| stream));
    let stream =
        blocking.map_err(|error| CheckError::internal(format!("cannot use the connection: {error}")))?;
    let mut plain = Plain(stream);
    // why it failed is kept by the run
    let lost = |error: io::Error| CheckError::target(format!("{}: {error}", address.place()));
    plain.write_all(&address.request()).map_err(lost)?;
    Ok(plain)
}

impl Plain {
    /// Gives the next call the time that is left.
    fn patience(&self, run: &Run) -> io::Result<()> {
        match ssh::left(run.ctx()) {
            None => Err(run.fail(run.too_slow(super::wanted(run)))),
            left => self.0.set_read_timeout(left).and_then(|()| self.0.set_write_timeout(left)),
        }
    }
}

fn explained(run: &Run, error: &io::Error) -> io::Error {
    run.fail(match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => run.too_slow(super::wanted(run)),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => CheckError::target(format!(
            "{}: closed the connection instead of sending its {}",
            run.address.place(),
            super::wanted(run)
        )),
        _ => CheckError::target(format!("{}: {error}", run.address.place())),
    })
}

impl Read for Plain {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let run = super::run()?;
        self.patience(&run)?;
        let read = self.0.read(buffer).map_err(|error| explained(&run, &error))?;
        super::counted(&run, read)
    }
}

impl Write for Plain {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let run = super::run()?;
        self.patience(&run)?;
        self.0.write(bytes).map_err(|error| explained(&run, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
