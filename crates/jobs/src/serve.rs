//! The worker's end of the wire.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::frame::{Decoder, Frame, encode_done};
use crate::{Done, Job};

/// Says hello, then runs every job that comes, all at once (the pool bounds how many it sends),
/// until the daemon hangs up. Jobs that still run then are dropped, which stops them.
pub async fn serve<F>(
    stream: UnixStream,
    programs: Vec<String>,
    mut run: impl FnMut(Job) -> F,
) -> io::Result<()>
where
    F: Future<Output = Done> + Send + 'static,
{
    let mut pending = Vec::new();
    Frame::Hello { programs }.encode(&mut pending).map_err(io::Error::other)?;
    let outbox = Arc::new(Outbox { frames: Mutex::new(pending), filled: Notify::new() });
    outbox.filled.notify_one();
    let mut running = JoinSet::new();
    let mut decoder = Decoder::default();
    let mut sending = Vec::new();
    loop {
        let interest =
            if sending.is_empty() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
        tokio::select! {
            ready = stream.ready(interest) => {
                if ready?.is_readable() && !read(&stream, &mut decoder)? {
                    return Ok(());
                }
                while let Some(frame) = decoder.next_frame().map_err(io::Error::other)? {
                    let Frame::Job(job) = frame else {
                        return Err(io::Error::other("the daemon sent something else than a job"));
                    };
                    let (result, outbox) = (run(job), outbox.clone());
                    running.spawn(async move { outbox.push(&result.await) });
                }
            }
            () = outbox.filled.notified() => {}
            Some(_) = running.join_next() => {}
        }
        sending.append(&mut outbox.lock());
        write(&stream, &mut sending)?;
    }
}

/// Results on their way out. Those that end together travel together.
struct Outbox {
    frames: Mutex<Vec<u8>>,
    filled: Notify,
}

impl Outbox {
    fn push(&self, done: &Done) {
        if encode_done(done, &mut self.lock()).is_ok() {
            self.filled.notify_one();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads once; `false` at the end.
pub(crate) fn read(stream: &UnixStream, decoder: &mut Decoder) -> io::Result<bool> {
    match stream.try_read(decoder.room()) {
        Ok(0) => Ok(false),
        Ok(count) => {
            decoder.filled(count);
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(error),
    }
}

/// Writes as much as goes without waiting.
pub(crate) fn write(stream: &UnixStream, pending: &mut Vec<u8>) -> io::Result<()> {
    let mut sent = 0;
    while sent < pending.len() {
        match stream.try_write(&pending[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    pending.drain(..sent);
    Ok(())
}
