//! All I/O of `check_tcp`: connect, send, read until satisfied, hang up.

use std::borrow::Cow;
use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use check::{CheckError, Ctx, State};
use net::tls::{Doubt, Peer, handshake};
use net::{Stream, TlsServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Args;

/// What was seen of the peer.
pub(crate) struct Sample {
    /// From the first packet to the last byte that was waited for.
    pub seconds: f64,
    /// What it answered, up to `--maxbytes`.
    pub answer: Vec<u8>,
    /// The connection was refused, and `--refuse` names another state than CRITICAL.
    pub refused: Option<String>,
    /// What it showed in a TLS handshake.
    pub peer: Option<Peer>,
    /// Why not to trust it, if that was asked.
    pub doubts: Vec<Doubt>,
    /// Unix time.
    pub now: i64,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let mut sample =
        Sample { seconds: 0.0, answer: Vec::new(), refused: None, peer: None, doubts: Vec::new(), now };
    let stream = match args.dial.connect(args.host.name(), args.port, ctx).await {
        Ok(stream) => stream,
        Err(error) if args.refuse != State::Critical && is_refusal(&error) => {
            sample.seconds = start.elapsed().as_secs_f64();
            sample.refused = Some(error.to_string());
            return Ok(sample);
        }
        Err(error) => return Err(error.into()),
    };
    let mut stream = if args.wants_tls() {
        let (stream, peer) = secure(stream, args, ctx).await?;
        if args.verifies() {
            sample.doubts = args.tls_options.doubts(&peer, args.host.name(), now)?;
        }
        sample.peer = Some(peer);
        stream
    } else {
        Stream::from(stream)
    };
    if !sample.doubts.is_empty() {
        sample.seconds = start.elapsed().as_secs_f64();
        return Ok(sample);
    }
    let broken =
        |error: io::Error| CheckError::target(format!("{} port {}: {error}", args.host.name(), args.port));
    if let Some(text) = &args.send {
        stream.write_all(&unescape(text, args.escape)).await.map_err(broken)?;
    }
    if let Some(seconds) = args.delay {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }
    if !args.expect.is_empty() {
        let end = read_until_satisfied(&mut stream, args, ctx, &mut sample.answer).await.map_err(broken)?;
        if sample.answer.is_empty() && end != End::Enough {
            return Err(no_answer(end, args, ctx));
        }
    }
    sample.seconds = start.elapsed().as_secs_f64();
    if let Some(text) = &args.quit {
        // the answer is in; a peer that has hung up already is no failure
        let _ = stream.write_all(&unescape(text, args.escape)).await;
    }
    Ok(sample)
}

fn is_refusal(error: &net::Error) -> bool {
    matches!(error, net::Error::Connect { source, .. } if source.kind() == io::ErrorKind::ConnectionRefused)
}

/// Makes TLS of a connection.
async fn secure(stream: TcpStream, args: &Args, ctx: &Ctx) -> Result<(Stream, Peer), CheckError> {
    let (host, name) = (args.host.name(), args.tls_options.name(args.host.name()));
    match handshake(stream, name, None, ctx).await {
        Ok(done) => Ok(done),
        Err(error) => {
            let server =
                TlsServer { dial: &args.dial, host, port: args.port, starttls: None, name, alpn: None };
            Err(server.diagnose(error, ctx).await)
        }
    }
}

/// How reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// What was wanted came.
    Enough,
    /// The peer hung up, or `--maxbytes` were read.
    Over,
    /// Nothing more came before the deadline.
    Late,
}

async fn read_until_satisfied(
    stream: &mut Stream,
    args: &Args,
    ctx: &Ctx,
    answer: &mut Vec<u8>,
) -> io::Result<End> {
    let mut buffer = [0_u8; 4096];
    loop {
        let room = (args.maxbytes as usize - answer.len()).min(buffer.len());
        let left = ctx.remaining().saturating_sub(Duration::from_millis(20));
        let Ok(read) = tokio::time::timeout(left, stream.read(&mut buffer[..room])).await else {
            return Ok(End::Late);
        };
        let read = match read {
            Ok(0) => return Ok(End::Over),
            Ok(read) => read,
            // a reset after the text we wanted is the peer's way of hanging up
            Err(_) if !answer.is_empty() => return Ok(End::Over),
            Err(error) => return Err(error),
        };
        answer.extend_from_slice(&buffer[..read]);
        if matched(args, answer) {
            return Ok(End::Enough);
        }
        if answer.len() >= args.maxbytes as usize {
            return Ok(End::Over);
        }
    }
}

/// Not a wrong answer but none: `--mismatch` has no say in it, as with the peer.
fn no_answer(end: End, args: &Args, ctx: &Ctx) -> CheckError {
    let (host, port, expected) = (args.host.name(), args.port, args.expected());
    match end {
        End::Late => CheckError::timeout(format!(
            "No answer from {host} port {port} within {} seconds, expected {expected}",
            ctx.timeout.as_secs_f64()
        )),
        End::Enough | End::Over => {
            CheckError::target(format!("No data received from {host} port {port}, expected {expected}"))
        }
    }
}

/// Are the expected texts in the answer: one of them, or all with `--all`?
pub(crate) fn matched(args: &Args, answer: &[u8]) -> bool {
    let holds = |text: &String| {
        let text = text.as_bytes();
        text.is_empty() || answer.windows(text.len()).any(|window| window == text)
    };
    if args.all {
        args.expect.iter().all(holds)
    } else {
        args.expect.is_empty() || args.expect.iter().any(holds)
    }
}

/// `\n`, `\r`, `\t` and `\\`; any other escape stays as written.
fn unescape(text: &str, escapes: bool) -> Cow<'_, [u8]> {
    if !escapes {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b'r') => bytes.push(b'\r'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'\\') | None => bytes.push(b'\\'),
            Some(other) => bytes.extend([b'\\', other]),
        }
    }
    Cow::Owned(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_only_when_asked() {
        assert_eq!(&*unescape(r"QUIT\r\n", true), b"QUIT\r\n");
        assert_eq!(&*unescape(r"QUIT\r\n", false), br"QUIT\r\n");
        assert_eq!(&*unescape(r"a\\n\x\", true), br"a\n\x\");
    }
}
