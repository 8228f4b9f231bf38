//! One mail to a sendmail program.
//!
//! It is started by `posix_spawn` (no closure runs between fork and exec, no identity changes),
//! so that the size of the daemon costs nothing.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use lettre::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, Command};
use tokio::time::timeout;

use crate::SendError;
use crate::clean::line;

/// Until the program has ended.
const DEADLINE: Duration = Duration::from_secs(60);
/// For what it has written but we have not read yet.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// What is kept of its standard error, in bytes.
const MAX_SAID: u64 = 4096;

/// A program that takes a mail from its standard input and recipients as arguments.
pub(crate) struct Sendmail {
    program: PathBuf,
}

impl Sendmail {
    pub(crate) fn new(program: PathBuf) -> Sendmail {
        Sendmail { program }
    }

    /// Hands over one mail; returns when the program has taken it.
    pub(crate) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let ran = timeout(DEADLINE, self.run(message)).await;
        // a run that is dropped here kills the program
        let (status, said) = ran
            .unwrap_or_else(|_| Err(format!("did not end within {} seconds", DEADLINE.as_secs())))
            .map_err(|why| SendError::Unavailable(format!("{}: {why}", self.program.display())))?;
        judge(&self.program, status, &said)
    }

    async fn run(&self, message: &Message) -> Result<(ExitStatus, String), String> {
        let envelope = message.envelope();
        let mut command = Command::new(&self.program);
        command.arg("-i");
        if let Some(from) = envelope.from() {
            command.arg("-f").arg(from);
        }
        command.arg("--").args(envelope.to());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let (Some(mut input), Some(mut errors)) = (child.stdin.take(), child.stderr.take()) else {
            return Err("has no pipes".to_owned());
        };
        let mut said = Vec::new();
        let status = {
            let mail = message.formatted();
            let work = async {
                // a program that does not read to the end says why by its exit code
                let _ = input.write_all(&mail).await;
                drop(input);
                child.wait().await
            };
            // it may leave a child behind that delivers, and that keeps the pipe open: the end of
            // the program counts, not the end of the pipe
            tokio::select! {
                status = work => status,
                never = listen(&mut errors, &mut said) => never,
            }
        };
        let status = status.map_err(|error| error.to_string())?;
        if !status.success() {
            let _ = timeout(LAST_WORDS, listen::<()>(&mut errors, &mut said)).await;
        }
        Ok((status, line(&String::from_utf8_lossy(&said), 400)))
    }
}

/// Reads for ever and keeps the beginning.
async fn listen<T>(errors: &mut ChildStderr, said: &mut Vec<u8>) -> T {
    let room = MAX_SAID.saturating_sub(said.len() as u64);
    let _ = errors.take(room).read_to_end(said).await;
    let _ = tokio::io::copy(errors, &mut tokio::io::sink()).await;
    std::future::pending().await
}

/// Exit codes are those of sysexits.h.
fn judge(program: &Path, status: ExitStatus, said: &str) -> Result<(), SendError> {
    if status.success() {
        return Ok(());
    }
    let colon = if said.is_empty() { "" } else { ": " };
    let text = format!("{}: {status}{colon}{said}", program.display());
    Err(match status.code() {
        // bad data, no such user, no such host
        Some(65 | 67 | 68) => SendError::Permanent(text),
        // try again later
        Some(75) => SendError::Temporary(text),
        _ => SendError::Unavailable(text),
    })
}
