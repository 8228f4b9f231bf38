//! The ways to a repository, instead of libgit2's own: all go through [`net::DialOptions`], so that a
//! proxy resolves the names, every wait has a deadline, and what is read has a limit.
//!
//! One transport is registered for a scheme of our own, which no URL from outside can have; it looks
//! at the run's address for the way. libgit2's own transports are never asked.

mod http;
mod plain;
mod ssh;

use std::io::{self, Read, Write};
use std::rc::Rc;
use std::sync::OnceLock;

use check::CheckError;
use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};

use crate::address::Scheme;
use crate::run::Run;

/// What libgit2 takes for the repository's URL.
pub(crate) const URL: &str = "hlidka://repository";

const SCHEME: &str = "hlidka";

/// Registers the transport, once in a process, and has libgit2 read no configuration of this
/// machine: a rule of somebody's `.gitconfig` must not lead elsewhere.
#[expect(unsafe_code, reason = "libgit2's registry and its options are the process's own")]
pub(crate) fn register() -> Result<(), CheckError> {
    static REGISTERED: OnceLock<Result<(), String>> = OnceLock::new();
    let done = REGISTERED.get_or_init(|| {
        use git2::ConfigLevel::{Global, ProgramData, System, XDG};
        // SAFETY: both must not run beside other uses of libgit2. Every run of the check comes through
        // here before its first call, and waits until the first of them is done.
        unsafe {
            for level in [Global, ProgramData, System, XDG] {
                git2::opts::set_search_path(level, "").map_err(|error| error.to_string())?;
            }
            git2::transport::register(SCHEME, |remote| {
                let run = Run::current()?;
                let is_stateless = matches!(run.address.scheme, Scheme::Http | Scheme::Https);
                Transport::smart(remote, is_stateless, Way)
            })
            .map_err(|error| error.to_string())
        }
    });
    done.clone().map_err(|error| CheckError::internal(format!("libgit2: {error}")))
}

/// Opens streams for the run of this thread.
struct Way;

impl SmartSubtransport for Way {
    fn action(&self, _: &str, service: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let run = Run::current()?;
        let failed = |error| run.fails(error);
        match (service, run.address.scheme) {
            (Service::ReceivePackLs | Service::ReceivePack, _) => {
                Err(git2::Error::from_str("this check never pushes"))
            }
            (_, Scheme::Git) => Ok(Box::new(plain::open(&run).map_err(failed)?)),
            (_, Scheme::Ssh) => Ok(Box::new(ssh::open(&run).map_err(failed)?)),
            (Service::UploadPackLs, Scheme::Http | Scheme::Https) => {
                Ok(Box::new(http::refs(&run).map_err(failed)?))
            }
            (Service::UploadPack, Scheme::Http | Scheme::Https) => Ok(Box::new(http::Exchange::new())),
        }
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// The run that a stream works for, if its thread still has one.
fn run() -> io::Result<Rc<Run>> {
    Run::current().map_err(|_| io::Error::other("no check runs on this thread"))
}

/// Reads from a connection; its end before the first byte means that the server would not.
fn counted(run: &Run, read: usize) -> io::Result<usize> {
    if read == 0 && run.received() == 0 {
        let place = run.address.place();
        return Err(run.fail(CheckError::target(format!(
            "{place}: closed the connection instead of sending its refs"
        ))));
    }
    run.count(read)?;
    Ok(read)
}

/// What a stream waits for, in messages.
fn wanted(run: &Run) -> &'static str {
    if run.received() == 0 { "refs" } else { "rest of its answer" }
}

/// A stream whose answer is all here.
struct Answered(io::Cursor<Vec<u8>>);

impl Read for Answered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Answered {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("nothing is asked any more"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
