//! What an SMTP server may send: so much and no more, and nothing in the clear behind its answer to
//! STARTTLS.
//!
//! A machine in the middle could put a line of its own behind that answer; it would be read from
//! the buffer after the handshake as if it had come encrypted, and every answer after it would be
//! taken for the one to the next command.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes of one dialogue, which is that of one mail, that are read; certificates and answers are a few
/// thousand. lettre parses an answer anew for each of its lines, so this bounds the time as well.
const MAX_READ: usize = 128 * 1024;

/// A connection under these two rules.
#[derive(Debug)]
pub(crate) struct Guard {
    stream: TcpStream,
    left: usize,
    awaits_go: bool,
}

impl Guard {
    pub(crate) fn new(stream: TcpStream) -> Guard {
        Guard { stream, left: MAX_READ, awaits_go: false }
    }

    fn check(&mut self, read: &[u8]) -> io::Result<()> {
        let refuse = |why| Err(io::Error::new(io::ErrorKind::InvalidData, why));
        let Some(left) = self.left.checked_sub(read.len()) else {
            return refuse("the server sends more than 128 KiB");
        };
        self.left = left;
        let end_of_line = read.iter().position(|byte| *byte == b'\n');
        if self.awaits_go && end_of_line.is_some_and(|end| end + 1 < read.len()) {
            return refuse("text in the clear behind the answer to STARTTLS");
        }
        Ok(())
    }
}

impl AsyncRead for Guard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                let read = buf.filled().get(before..).unwrap_or_default();
                Poll::Ready(self.check(read))
            }
            other => other,
        }
    }
}

impl AsyncWrite for Guard {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.awaits_go = buf == b"STARTTLS\r\n";
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Guard {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}
