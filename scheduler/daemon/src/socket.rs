//! The local socket: who may open it may ask anything, so its file belongs to the daemon's user and
//! group (mode 0660).

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as Client;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

use crate::core::Input;
use crate::wire::{Answer, MAX_LINE, MAX_QUESTION, Request};

/// A client that neither asks nor reads is hung up on.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens the socket; one that a dead daemon left behind is replaced, a living one's is not.
pub(crate) fn listen(path: &Path) -> Result<UnixListener> {
    if let Some(dir) = path.parent().filter(|dir| !dir.exists()) {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    if Client::connect(path).is_ok() {
        bail!("another hlidka listens on {}: stop it, or set `socket:` to another path", path.display());
    }
    if path.exists() {
        std::fs::remove_file(path).with_context(|| format!("cannot replace {}", path.display()))?;
    }
    let listener =
        UnixListener::bind(path).with_context(|| format!("cannot open the socket {}", path.display()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Takes questions until the core is gone.
pub(crate) async fn serve(listener: UnixListener, core: mpsc::UnboundedSender<Input>) {
    while let Ok((client, _)) = listener.accept().await {
        let core = core.clone();
        tokio::spawn(async move {
            if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, converse(client, core)).await {
                tracing::debug!("a client of the socket went away: {error:#}");
            }
        });
    }
}

async fn converse(client: UnixStream, core: mpsc::UnboundedSender<Input>) -> Result<()> {
    let (read, mut write) = client.into_split();
    let mut line = String::new();
    tokio::io::BufReader::new(read.take(MAX_QUESTION)).read_line(&mut line).await?;
    let answer = match serde_json::from_str::<Request>(&line) {
        Err(error) => Answer::Refused { reasons: vec![format!("not understood: {error}")] },
        Ok(request) => {
            let (reply, answered) = oneshot::channel();
            core.send(Input::Asked(request, reply)).map_err(|_| anyhow::anyhow!("the daemon stops"))?;
            answered.await?
        }
    };
    let mut text = serde_json::to_vec(&answer)?;
    text.push(b'\n');
    write.write_all(&text).await?;
    Ok(write.shutdown().await?)
}

/// Asks a running daemon.
pub(crate) fn ask(path: &Path, request: &Request) -> Result<Answer> {
    let mut stream = Client::connect(path).with_context(|| {
        format!(
            "no hlidka answers on {} (is it running? another socket is named by --socket or --config)",
            path.display()
        )
    })?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = serde_json::to_vec(request)?;
    text.push(b'\n');
    stream.write_all(&text)?;
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE)).read_line(&mut line).context("the daemon did not answer")?;
    serde_json::from_str(&line).context("the daemon answered something else: is it of the same version?")
}
