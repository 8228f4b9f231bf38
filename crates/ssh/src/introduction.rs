//! Is it SSH at all? What a server says before its version is read here, so that libssh2, which reads
//! over any number of lines in silence, is given only what begins with one.

use std::time::Duration;

use check::{CheckError, Ctx};
use net::Progress;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::left;
use crate::wire::{Malformed, version};

/// Most bytes of lines before the version: servers write a few, if any.
const MAX_BEFORE: usize = 64 * 1024;

/// How much of them is kept for a message.
const MAX_SHOWN: usize = 320;

/// What a version begins with (RFC 4253, 4.2).
const START: &[u8] = b"SSH-";

/// A start that is no whole [`START`] is looked at again after this time, so many times.
const PAUSE: Duration = Duration::from_millis(10);
const LOOKS: usize = 100;

/// Reads up to the version and leaves that unread. What can be seen of it must be one.
pub(crate) async fn introduction(stream: &mut TcpStream, place: &str, ctx: &Ctx) -> Result<(), CheckError> {
    let mut seen = [0; 1024];
    let (mut said, mut read, mut begins, mut looks) = (Vec::new(), 0, true, 0);
    let strange = |error: Malformed| CheckError::target(format!("{place}: {error}"));
    let no_version = |said: &[u8]| strange(Malformed::NoVersion(net::excerpt(said)));
    loop {
        let peeked = timeout(left(ctx).unwrap_or_default(), stream.peek(&mut seen)).await;
        let bytes = match peeked {
            Err(_) | Ok(Ok(0)) if !said.is_empty() => return Err(no_version(&said)),
            Err(_) => {
                let seconds = ctx.timeout.as_secs_f64();
                return Err(CheckError::timeout(format!("{place}: no version within {seconds} seconds")));
            }
            Ok(Ok(0)) => {
                return Err(CheckError::target(format!(
                    "{place}: closed the connection instead of sending its version"
                )));
            }
            Ok(Err(error)) => {
                return Err(CheckError::target(format!("{place}: {error}, waiting for its version")));
            }
            Ok(Ok(length)) => seen.get(..length).unwrap_or_default(),
        };
        let line = match step(bytes, begins) {
            Step::Version => {
                return match version(bytes) {
                    Progress::Done(Err(error), _) => Err(strange(error)),
                    Progress::Done(Ok(_), _) | Progress::More => Ok(()),
                };
            }
            Step::Look if looks < LOOKS => {
                looks += 1;
                sleep(PAUSE.min(left(ctx).unwrap_or_default())).await;
                continue;
            }
            Step::Look => return Ok(()),
            Step::Skip(line) => line,
        };
        said.extend(bytes.iter().take(line).take(MAX_SHOWN - said.len()));
        begins = bytes.get(line - 1) == Some(&b'\n');
        read += line;
        if read > MAX_BEFORE {
            return Err(no_version(&said));
        }
        let line = seen.get_mut(..line).unwrap_or_default();
        stream.read_exact(line).await.map_err(|error| CheckError::target(format!("{place}: {error}")))?;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Here it is.
    Version,
    /// Too little to say.
    Look,
    /// So many bytes, at least one, of a line that is no version.
    Skip(usize),
}

/// What the next bytes are, at the begin of a line or inside one. There is at least one.
fn step(bytes: &[u8], begins: bool) -> Step {
    if begins && bytes.starts_with(START) {
        return Step::Version;
    }
    if begins && START.starts_with(bytes) {
        return Step::Look;
    }
    Step::Skip(bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_passed_over_until_a_version() {
        assert_eq!(step(b"SSH-2.0-x\r\n", true), Step::Version);
        assert_eq!(step(b"SSH-2.0-x\r\n", false), Step::Skip(11));
        assert_eq!(step(b"SS", true), Step::Look);
        assert_eq!(step(b"SSL?\nSSH-", true), Step::Skip(5));
        assert_eq!(step(b"220 mail", true), Step::Skip(8));
        assert_eq!(step(b"\nSSH-", true), Step::Skip(1));
    }
}
