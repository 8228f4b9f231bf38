//! A connection that may become TLS while it is spoken on.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Plain TCP (perhaps a proxy's tunnel), or TLS over it.
pub enum Stream {
    /// As it was dialled.
    Plain(TcpStream),
    /// After a handshake.
    Tls(Box<TlsStream<Overheard>>),
}

impl Stream {
    /// Is what is sent now hidden from the network?
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Stream::Tls(_))
    }

    /// Small messages go at once, without waiting for what went before to be acknowledged (TCP_NODELAY):
    /// for protocols of requests and answers, which wait for some 40 ms otherwise.
    pub fn set_nodelay(&self) -> io::Result<()> {
        match self {
            Stream::Plain(stream) => stream.set_nodelay(true),
            Stream::Tls(stream) => stream.get_ref().0.stream.set_nodelay(true),
        }
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Stream {
        Stream::Plain(stream)
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// A TCP stream that remembers the first bytes that came: when they are no TLS, a message can show
/// what they are.
pub struct Overheard {
    stream: TcpStream,
    first: Vec<u8>,
}

impl Overheard {
    /// Bytes remembered.
    const KEPT: usize = 80;

    pub(crate) fn new(stream: TcpStream) -> Overheard {
        Overheard { stream, first: Vec::new() }
    }

    /// What came first, at most 80 bytes.
    pub(crate) fn first(&self) -> &[u8] {
        &self.first
    }
}

impl AsyncRead for Overheard {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buf);
        let room = Overheard::KEPT.saturating_sub(this.first.len());
        if room > 0 {
            let new = buf.filled().get(before..).unwrap_or_default();
            this.first.extend(new.iter().take(room));
        }
        polled
    }
}

impl AsyncWrite for Overheard {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
