//! One mail to a file: for tests, for machines without mail, for programs that carry mails on.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use engine::Notification;
use lettre::Message;

use crate::SendError;

/// A directory of `.eml` files.
pub(crate) struct Files {
    directory: PathBuf,
}

impl Files {
    pub(crate) fn new(directory: PathBuf) -> Files {
        Files { directory }
    }

    /// Writes one mail. Names sort by time, and a retry has the same name: nothing is there twice,
    /// and nothing half.
    pub(crate) async fn send(&self, notification: &Notification, message: &Message) -> Result<(), SendError> {
        let name = format!("{}.eml", name(notification, message));
        let (path, temporary) = (self.directory.join(&name), self.directory.join(format!(".{name}.part")));
        let mail = message.formatted();
        let failed = |why: String| SendError::Unavailable(format!("{}: {why}", self.directory.display()));
        let written = tokio::task::spawn_blocking(move || write(&path, &temporary, &mail)).await;
        written.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))
    }
}

/// `20261121T130312.000000Z-hlidka.1f….3.1.problem.9a…`: when, and the left part of the Message-ID.
fn name(notification: &Notification, message: &Message) -> String {
    let at = jiff::Timestamp::from_microsecond(notification.at.micros()).unwrap_or_default();
    let id = message.headers().get_raw("Message-ID").unwrap_or_default();
    let id = id.trim_start_matches('<').split('@').next().unwrap_or_default();
    format!("{}-{id}", at.strftime("%Y%m%dT%H%M%S.%6fZ"))
}

fn write(path: &Path, temporary: &Path, mail: &[u8]) -> std::io::Result<()> {
    let mut file: File =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(temporary)?;
    file.write_all(mail)?;
    file.sync_all()?;
    std::fs::rename(temporary, path)
}
