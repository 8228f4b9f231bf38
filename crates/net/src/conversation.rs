//! Talking with a peer in turns: every answer has a limit, every wait the check's deadline, and
//! every failure says what was being waited for.

use std::future::Future;
use std::io;
use std::time::Duration;

use check::{CheckError, Ctx};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::Stream;

/// Most bytes of one answer. Mail servers greet in a few lines, XMPP servers list their features in
/// a few kilobytes.
pub const MAX_ANSWER: usize = 64 * 1024;

/// How much earlier than the check's own deadline a wait ends, so that the message can say what was slow.
const HAIR: Duration = Duration::from_millis(20);

/// What a reader makes of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// The answer is not complete.
    More,
    /// The answer, and how many bytes it took.
    Done(T, usize),
}

impl<T> Progress<T> {
    /// The same, with another answer.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Progress<U> {
        match self {
            Progress::More => Progress::More,
            Progress::Done(answer, used) => Progress::Done(change(answer), used),
        }
    }
}

/// A conversation in progress, with what has been read of it and not yet understood.
pub struct Conversation {
    stream: Stream,
    place: String,
    unread: Vec<u8>,
}

/// Why a conversation ended.
#[derive(Debug, thiserror::Error)]
pub enum TalkError {
    /// Nothing, or not enough, came in time.
    #[error("{place}: no {wanted} within {seconds} seconds")]
    Silent {
        /// Whom we talked to.
        place: String,
        /// What was waited for, without an article: `greeting`.
        wanted: String,
        /// The check's timeout.
        seconds: f64,
    },
    /// The peer hung up.
    #[error("{place}: closed the connection instead of sending its {wanted}{}", shown(so_far))]
    Closed {
        /// Whom we talked to.
        place: String,
        /// What was waited for.
        wanted: String,
        /// What had come of it.
        so_far: Vec<u8>,
    },
    /// The answer does not end.
    #[error("{place}: its {wanted} is longer than {limit} bytes{}", shown(so_far))]
    TooLong {
        /// Whom we talked to.
        place: String,
        /// What was waited for.
        wanted: String,
        /// The limit.
        limit: usize,
        /// How it starts.
        so_far: Vec<u8>,
    },
    /// The connection broke.
    #[error("{place}: {source}, waiting for its {wanted}")]
    Broken {
        /// Whom we talked to.
        place: String,
        /// What was waited for.
        wanted: String,
        /// What the system or the TLS library said.
        source: io::Error,
    },
    /// Bytes came before they could be an answer.
    #[error(
        "{place}: sent text behind its go-ahead for TLS{}: somebody on the way may be adding it",
        shown(so_far)
    )]
    Ahead {
        /// Whom we talked to.
        place: String,
        /// The text.
        so_far: Vec<u8>,
    },
}

impl From<TalkError> for CheckError {
    fn from(error: TalkError) -> CheckError {
        match error {
            TalkError::Silent { .. } => CheckError::timeout(error),
            _ => CheckError::target(error),
        }
    }
}

impl Conversation {
    /// Starts talking; `place` names the peer in messages.
    pub fn new(stream: impl Into<Stream>, place: impl Into<String>) -> Conversation {
        Conversation { stream: stream.into(), place: place.into(), unread: Vec::new() }
    }

    /// Whom we talk to.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Is it under TLS?
    pub fn is_encrypted(&self) -> bool {
        self.stream.is_encrypted()
    }

    /// Sends, so that `wanted` comes back.
    pub async fn send(&mut self, bytes: &[u8], wanted: &str, ctx: &Ctx) -> Result<(), TalkError> {
        let stream = &mut self.stream;
        let sending = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        in_time(sending, ctx)
            .await
            .ok_or_else(|| silent(&self.place, wanted, ctx))?
            .map_err(|source| self.broken(wanted, source))
    }

    /// Reads until `reader` has its answer, which `wanted` names; what came behind it is kept.
    pub async fn receive<T>(
        &mut self,
        wanted: &str,
        mut reader: impl FnMut(&[u8]) -> Progress<T>,
        ctx: &Ctx,
    ) -> Result<T, TalkError> {
        let mut buffer = [0_u8; 4096];
        loop {
            if !self.unread.is_empty()
                && let Progress::Done(answer, used) = reader(&self.unread)
            {
                self.unread.drain(..used.min(self.unread.len()));
                return Ok(answer);
            }
            if self.unread.len() >= MAX_ANSWER {
                return Err(TalkError::TooLong {
                    place: self.place.clone(),
                    wanted: wanted.to_owned(),
                    limit: MAX_ANSWER,
                    so_far: self.unread.clone(),
                });
            }
            let room = (MAX_ANSWER - self.unread.len()).min(buffer.len());
            let read = in_time(self.stream.read(&mut buffer[..room]), ctx)
                .await
                .ok_or_else(|| silent(&self.place, wanted, ctx))?
                .map_err(|source| self.broken(wanted, source))?;
            if read == 0 {
                return Err(self.broken(wanted, io::ErrorKind::UnexpectedEof.into()));
            }
            self.unread.extend_from_slice(&buffer[..read]);
        }
    }

    /// A peer that resets the connection, or ends it without TLS's goodbye, has hung up too.
    fn broken(&self, wanted: &str, source: io::Error) -> TalkError {
        let (place, wanted) = (self.place.clone(), wanted.to_owned());
        match source.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                TalkError::Closed { place, wanted, so_far: self.unread.clone() }
            }
            _ => TalkError::Broken { place, wanted, source },
        }
    }

    /// The stream, for a TLS handshake. Text that came before it was asked for is an error: under
    /// TLS it would pass for the peer's own.
    pub fn into_stream(self) -> Result<Stream, TalkError> {
        if self.unread.is_empty() {
            return Ok(self.stream);
        }
        Err(TalkError::Ahead { place: self.place, so_far: self.unread })
    }
}

/// One line without its end; a line break may be `\n` alone.
pub fn line(bytes: &[u8]) -> Progress<String> {
    match bytes.iter().position(|byte| *byte == b'\n') {
        None => Progress::More,
        Some(end) => {
            let line = bytes.get(..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            Progress::Done(String::from_utf8_lossy(line).into_owned(), end + 1)
        }
    }
}

/// What a peer said, for a message: one line, at most 80 characters, no control characters.
pub fn excerpt(said: &[u8]) -> String {
    const SHOWN: usize = 80;
    let text = String::from_utf8_lossy(said.get(..4 * SHOWN).unwrap_or(said));
    let text = text.trim();
    let mut line: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > SHOWN || said.len() > 4 * SHOWN {
        line.push('…');
    }
    line
}

/// The [`excerpt`] of the first line: a server that was greeted with something else than it speaks may
/// have gone on to complain, in time to be heard or not.
pub(crate) fn opening(said: &[u8]) -> String {
    let said = said.trim_ascii_start();
    excerpt(said.split(|byte| *byte == b'\n').next().unwrap_or(said))
}

/// The future's outcome, or `None` a hair before the check's deadline.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>, ctx: &Ctx) -> Option<T> {
    tokio::time::timeout(ctx.remaining().saturating_sub(HAIR), future).await.ok()
}

fn shown(so_far: &[u8]) -> String {
    if so_far.is_empty() { String::new() } else { format!(" (it said `{}`)", excerpt(so_far)) }
}

fn silent(place: &str, wanted: &str, ctx: &Ctx) -> TalkError {
    TalkError::Silent {
        place: place.to_owned(),
        wanted: wanted.to_owned(),
        seconds: ctx.timeout.as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_either_break() {
        assert_eq!(line(b"220 x"), Progress::More);
        assert_eq!(line(b"220 x\r\nrest"), Progress::Done("220 x".to_owned(), 7));
        assert_eq!(line(b"\nrest"), Progress::Done(String::new(), 1));
    }

    #[test]
    fn excerpts_are_short_and_on_one_line() {
        assert_eq!(excerpt(b" a\r\nb\x1b[1m "), "a  b [1m");
        assert_eq!(excerpt(&[b'x'; 500]).chars().count(), 81);
        assert_eq!(excerpt("é".repeat(81).as_bytes()).chars().count(), 81);
        assert_eq!(excerpt(&[0xff; 3]), "\u{fffd}\u{fffd}\u{fffd}");
    }
}
