//! The command file: a FIFO into which scripts write external commands, as Nagios has it.
//!
//! Whoever may write it may give any command, so it belongs to the daemon's user and group (mode
//! 0660). Lines of up to `PIPE_BUF` bytes arrive whole, however many write at once: the kernel sees
//! to that. Nothing is read before the core has dealt with what was read: a flood fills the pipe, and
//! its writers wait.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::fs::{Mode, OFlags};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{mpsc, oneshot};

use crate::core::Input;
use crate::lines::Lines;

/// Read at once, in bytes: what a pipe holds.
const CHUNK: usize = 64 * 1024;

/// Commands that the core takes at once, before it looks at its checks again.
const AT_ONCE: usize = 100;

/// A line whose end does not come is taken as it is after so long without a byte: its writer forgot
/// the newline, and the next one's line must not be glued to it.
const PATIENCE: Duration = Duration::from_secs(1);

/// An open command file; one that we made goes when this does.
#[derive(Debug)]
pub(crate) struct Pipe {
    file: Option<File>,
    path: PathBuf,
    ours: bool,
}

impl Pipe {
    /// Makes it, or takes over a FIFO that is there.
    pub fn open(path: &Path) -> Result<Pipe> {
        let ours = make(path)?;
        // held open for writing as well, it never ends when a writer goes; and a link is not followed
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file: File = rustix::fs::open(path, flags, Mode::empty())
            .with_context(|| format!("cannot open the command file {}", path.display()))?
            .into();
        let found = file.metadata()?;
        if !found.file_type().is_fifo() {
            bail!("the command file {} was replaced meanwhile: it is no FIFO any more", path.display());
        }
        if ours {
            // the umask has taken from it
            file.set_permissions(std::fs::Permissions::from_mode(0o660))?;
        } else if found.mode() & 0o002 != 0 {
            tracing::warn!("anybody may write commands into {}: chmod o-w it", path.display());
        }
        Ok(Pipe { file: Some(file), path: path.to_owned(), ours })
    }

    /// Hands what is written to the core, for ever. To be called once, within the runtime.
    pub fn serve(&mut self, core: mpsc::UnboundedSender<Input>) -> Result<()> {
        let file = self.file.take().context("the command file is read already")?;
        let receiver = Receiver::from_file(file)?;
        let path = self.path.clone();
        tokio::spawn(async move {
            if let Err(error) = read(receiver, core).await {
                tracing::error!("commands are not read any more: {}: {error}", path.display());
            }
        });
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if self.ours {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes the FIFO; false if there is one. Anything else in its place is not touched.
fn make(path: &Path) -> Result<bool> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty() && !dir.exists()) {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_fifo() => Ok(false),
        Ok(found) => {
            let kind = match found.file_type() {
                kind if kind.is_dir() => "a folder",
                kind if kind.is_symlink() => "a symbolic link",
                kind if kind.is_file() => "a file",
                _ => "something else",
            };
            bail!(
                "the command file {} is {kind}, no FIFO: remove it, or set `command_file:` to another path",
                path.display()
            )
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mode = Mode::from_raw_mode(0o660);
            rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0)
                .with_context(|| format!("cannot make the command file {}", path.display()))?;
            Ok(true)
        }
        Err(error) => {
            Err(error).with_context(|| format!("cannot look at the command file {}", path.display()))
        }
    }
}

async fn read(mut pipe: Receiver, core: mpsc::UnboundedSender<Input>) -> std::io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    let mut lines = Lines::default();
    loop {
        let read = pipe.read(&mut buffer);
        let complete = if lines.is_empty() {
            let n = read.await?;
            lines.add(&buffer[..n])
        } else {
            match tokio::time::timeout(PATIENCE, read).await {
                Ok(n) => {
                    let n = n?;
                    lines.add(&buffer[..n])
                }
                Err(_) => lines.rest().into_iter().collect(),
            }
        };
        for some in complete.chunks(AT_ONCE) {
            let (taken, wait) = oneshot::channel();
            // the core ends after us only when everything ends
            if core.send(Input::Commands(some.to_vec(), taken)).is_err() || wait.await.is_err() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fifo_is_taken_over_and_only_our_own_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/command");
        let pipe = Pipe::open(&path).unwrap();
        let found = std::fs::metadata(&path).unwrap();
        assert!(found.file_type().is_fifo());
        assert_eq!(found.mode() & 0o7777, 0o660);
        let second = Pipe::open(&path).unwrap();
        drop(second);
        assert!(path.exists(), "who found it leaves it");
        drop(pipe);
        assert!(!path.exists());
        let file = dir.path().join("file");
        std::fs::write(&file, "precious").unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for (path, kind) in
            [(&file, "a file"), (&link, "a symbolic link"), (&dir.path().to_owned(), "a folder")]
        {
            let error = Pipe::open(path).unwrap_err().to_string();
            assert!(
                error.contains(&format!("is {kind}, no FIFO: remove it, or set `command_file:`")),
                "{error}"
            );
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    }
}
