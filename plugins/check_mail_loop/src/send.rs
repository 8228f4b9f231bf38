//! Sending the probe: lettre speaks SMTP, over a connection of `net`'s.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use check::{CheckError, Ctx, Secret};
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use net::{Starttls, Stream, excerpt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::Args;
use crate::probe::Probe;
use crate::server::Server;

/// Bytes that a server may say in all; a dialogue has a thousand.
const MAX_SAID: usize = 16 * 1024;
/// Lines that it may say in all: lettre reads an answer from its start again for every line that comes,
/// so that a long one would cost seconds.
const MAX_LINES: usize = 300;
/// Longest time for a farewell that changes nothing any more.
const FAREWELL: Duration = Duration::from_millis(500);

/// Why the probe is not on its way, or may not be.
pub(crate) struct Unsent {
    pub why: CheckError,
    /// The server may have taken it all the same: it was all sent, and no answer came.
    pub perhaps: bool,
}

impl From<CheckError> for Unsent {
    fn from(why: CheckError) -> Unsent {
        Unsent { why, perhaps: false }
    }
}

/// Hands the probe to the relay; its words when it took it.
pub(crate) async fn send(
    probe: &Probe,
    server: &Server<'_>,
    login: Option<(&str, &Secret)>,
    args: &Args,
    ctx: &Ctx,
) -> Result<String, Unsent> {
    let message = message(probe, args)?;
    let (stream, is_greeted) = server.connect(Starttls::Smtp, ctx).await?;
    let mut relay = Relay {
        place: format!("SMTP {}", server.place()),
        secrets: login.map(|(user, password)| forms(user, password)).unwrap_or_default(),
        step: "our connection",
    };
    let hello = args.fqdn().map_or_else(ClientId::default, ClientId::Domain);
    let dialogue = relay.talk(Guarded::new(stream, is_greeted), &hello, login, &message);
    // lettre would wait for ever
    let left = ctx.remaining().saturating_sub(HAIR);
    tokio::time::timeout(left, dialogue).await.unwrap_or_else(|_| {
        let (place, step, seconds) = (&relay.place, relay.step, ctx.timeout.as_secs_f64());
        Err(Unsent {
            why: CheckError::timeout(format!("{place}: no answer to {step} within {seconds} seconds")),
            perhaps: step == THE_MAIL,
        })
    })
}

/// The step from which on nobody knows whether the relay has the mail.
const THE_MAIL: &str = "the mail";
/// How much earlier than the check's own deadline a wait ends, so that the message can say what was slow.
const HAIR: Duration = Duration::from_millis(30);

/// The relay, as far as messages need to know it.
struct Relay {
    place: String,
    /// What must not be shown, though the server may repeat it.
    secrets: Vec<String>,
    /// What is being answered.
    step: &'static str,
}

impl Relay {
    async fn talk(
        &mut self,
        stream: Guarded,
        hello: &ClientId,
        login: Option<(&str, &Secret)>,
        message: &Message,
    ) -> Result<String, Unsent> {
        let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello)
            .await
            .map_err(|error| self.refused("no SMTP", &error))?;
        if let Some((user, password)) = login {
            self.step = "the login";
            let credentials = Credentials::new(user.to_owned(), password.expose().to_owned());
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await
                .map_err(|error| self.refused("the login was refused", &error))?;
        }
        let envelope = message.envelope();
        self.step = "the sender";
        connection
            .command(Mail::new(envelope.from().cloned(), Vec::new()))
            .await
            .map_err(|error| self.refused("the sender was refused", &error))?;
        self.step = "the recipient";
        for recipient in envelope.to() {
            connection
                .command(Rcpt::new(recipient.clone(), Vec::new()))
                .await
                .map_err(|error| self.refused(&format!("the recipient <{recipient}> was refused"), &error))?;
        }
        self.step = "DATA";
        connection.command(Data).await.map_err(|error| self.refused("the mail was refused", &error))?;
        self.step = THE_MAIL;
        let answer = connection.message(&message.formatted()).await.map_err(|error| Unsent {
            perhaps: error.status().is_none(),
            ..self.refused("the mail was refused", &error)
        })?;
        // whatever it says to that, the mail is taken
        let _ = tokio::time::timeout(FAREWELL, connection.quit()).await;
        Ok(excerpt(answer.message().collect::<Vec<_>>().join(" ").as_bytes()))
    }

    fn refused(&self, what: &str, error: &Error) -> Unsent {
        let said = self.secrets.iter().fold(said(error), |said, secret| said.replace(secret.as_str(), "***"));
        Unsent::from(CheckError::target(format!("{}: {what}: {}", self.place, excerpt(said.as_bytes()))))
    }
}

fn message(probe: &Probe, args: &Args) -> Result<Message, CheckError> {
    let from = &args.mailfrom;
    let domain = from.email.domain().to_owned();
    let mut subject = "hlidka probe".to_owned();
    let mut builder = Message::builder()
        .from(from.clone())
        .to(args.mailto.clone())
        .message_id(Some(probe.message_id(&domain)))
        .date_now();
    // no vacation mail shall answer
    let automatic = ("Auto-Submitted".to_owned(), "auto-generated".to_owned());
    for (name, value) in std::iter::once(&automatic).chain(&args.header) {
        if name.eq_ignore_ascii_case("subject") {
            subject.clone_from(value);
            continue;
        }
        let header = HeaderName::new_from_ascii(name.clone())
            .map_err(|_| CheckError::usage(format!("--header: `{name}` is no name of a header")))?;
        builder = builder.raw_header(HeaderValue::new(header, value.clone()));
    }
    builder
        .subject(format!("{subject} {}", probe.token))
        .body(args.body.clone().unwrap_or_else(|| BODY.to_owned()))
        .map_err(|error| CheckError::usage(format!("no mail can be made of this: {error}")))
}

const BODY: &str = "A probe of the mail loop, sent by a monitoring system, which removes it when it arrives.\r\n\
                    If it is still here, it came too late.\r\n";

/// The forms in which a password is on the wire, the longest first: a server may repeat what it got.
fn forms(user: &str, password: &Secret) -> Vec<String> {
    let password = password.expose();
    vec![STANDARD.encode(format!("\0{user}\0{password}")), STANDARD.encode(password), password.to_owned()]
}

/// `550 no such user`, or what happened to the connection.
fn said(error: &Error) -> String {
    let cause = error.source().map(ToString::to_string);
    match (error.status(), cause) {
        (Some(code), cause) => format!("{code} {}", cause.unwrap_or_default()),
        (None, Some(cause)) => cause,
        (None, None) => error.to_string(),
    }
}

/// A connection with a limit to what is read. One on which STARTTLS has been asked for has greeted
/// already; lettre expects a greeting on every connection that it is given, and gets one.
struct Guarded {
    stream: Stream,
    greeting: &'static [u8],
    /// Read so far.
    bytes: usize,
    lines: usize,
}

impl Guarded {
    fn new(stream: Stream, is_greeted: bool) -> Guarded {
        let greeting: &[u8] = if is_greeted { b"220 under TLS now\r\n" } else { b"" };
        Guarded { stream, greeting, bytes: 0, lines: 0 }
    }
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let (now, later) = self.greeting.split_at(self.greeting.len().min(buf.remaining()));
            buf.put_slice(now);
            self.greeting = later;
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let read = buf.filled().get(before..).unwrap_or_default();
        self.bytes += read.len();
        self.lines += read.iter().map(|byte| usize::from(*byte == b'\n')).sum::<usize>();
        if self.bytes > MAX_SAID || self.lines > MAX_LINES {
            let why = format!("the server says more than {MAX_SAID} bytes or {MAX_LINES} lines");
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)));
        }
        polled
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Guarded {
    /// Nobody's: it may be a proxy's.
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
