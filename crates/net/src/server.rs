//! A TLS server to be looked at: as often as it takes to describe it.

use check::{CheckError, Ctx};
use tokio::net::TcpStream;

use crate::dial::target;
use crate::tls::{Credentials, Offer, Peer, TlsError, Version, attempt, handshake_as, probe};
use crate::{DialOptions, Starttls, Stream};

/// Where a server is and how it is asked for TLS.
#[derive(Clone, Copy)]
pub struct TlsServer<'a> {
    /// The way to it.
    pub dial: &'a DialOptions,
    /// Name or address to connect to.
    pub host: &'a str,
    /// Port to connect to.
    pub port: u16,
    /// How TLS is asked for; `None`: it speaks TLS from the first byte.
    pub starttls: Option<Starttls>,
    /// The name that it is asked for, in TLS and in XMPP.
    pub name: &'a str,
    /// The application protocol to offer.
    pub alpn: Option<&'a str>,
}

impl TlsServer<'_> {
    /// `host:port`, for messages.
    pub fn place(&self) -> String {
        target(self.host, self.port)
    }

    /// Connects, and makes TLS of it. A server that cannot is asked once more what it can, so that
    /// the message says more than "handshake failure".
    pub async fn connect(&self, ctx: &Ctx) -> Result<(Stream, Peer), CheckError> {
        self.connect_as(None, ctx).await
    }

    /// The same, with a certificate of our own to show if the server asks for one.
    pub async fn connect_as(
        &self,
        credentials: Option<&Credentials>,
        ctx: &Ctx,
    ) -> Result<(Stream, Peer), CheckError> {
        let stream = self.ready(ctx).await?;
        match handshake_as(stream, self.name, self.alpn, credentials, ctx).await {
            Ok(done) => Ok(done),
            Err(error) => Err(self.diagnose(error, ctx).await),
        }
    }

    /// Connects to see the certificate, and hangs up. A server that ends the handshake after having
    /// shown it (it wants one of ours) is seen all the same; why it ended comes along.
    pub async fn look(&self, ctx: &Ctx) -> Result<(Peer, Option<TlsError>), CheckError> {
        let stream = self.ready(ctx).await?;
        match attempt(stream, self.name, self.alpn, ctx).await {
            (Ok(_), Some(peer)) => Ok((peer, None)),
            (Err(error @ TlsError::Alert(_)), Some(peer)) => Ok((peer, Some(error))),
            (Err(error), _) => Err(self.diagnose(error, ctx).await),
            (Ok(_), None) => {
                Err(CheckError::target(format!("{}: the server's certificate cannot be read", self.place())))
            }
        }
    }

    /// Why a handshake failed, with what the server would have taken, if it says so.
    pub async fn diagnose(&self, error: TlsError, ctx: &Ctx) -> CheckError {
        let place = self.place();
        let more = match &error {
            TlsError::TimedOut(_) => return CheckError::timeout(format!("{place}: {error}")),
            TlsError::Own(_) => return CheckError::internal(error),
            TlsError::NotTls(_) => match self.starttls {
                None => "; has it STARTTLS, or TLS on another port?".to_owned(),
                Some(_) => String::new(),
            },
            // an alert with a number of its own: any other hello would get it too
            TlsError::Alert(alert) if alert == "unrecognised name" => {
                format!("; it has no certificate for `{}`, name another by --sni", self.name)
            }
            TlsError::Alert(_) | TlsError::Closed | TlsError::Failed(_) => {
                match self.offer(Version::Tls12, ctx).await {
                    Ok(Ok(offer)) => described(&offer),
                    Ok(Err(TlsError::Alert(alert))) => {
                        format!("; it refuses every cipher of TLS 1.2 and older too (alert `{alert}`)")
                    }
                    _ => String::new(),
                }
            }
        };
        CheckError::target(format!("{place}: {error}{more}"))
    }

    /// What the server agrees to when a client has nothing newer than `newest`; the inner error is
    /// its refusal.
    pub async fn offer(&self, newest: Version, ctx: &Ctx) -> Result<Result<Offer, TlsError>, CheckError> {
        let stream = self.ready(ctx).await?;
        Ok(probe(stream, self.name, newest, ctx).await)
    }

    /// Connected, and ready for the first byte of TLS.
    async fn ready(&self, ctx: &Ctx) -> Result<TcpStream, CheckError> {
        let stream = self.dial.connect(self.host, self.port, ctx).await?;
        match self.starttls {
            None => Ok(stream),
            Some(protocol) => Ok(protocol.ask(stream, self.name, &self.place(), ctx).await?),
        }
    }
}

fn described(offer: &Offer) -> String {
    let certificate = match offer.chain.first() {
        Some(certificate) => {
            format!(
                ", certificate '{}' ({}, {}) until {}",
                certificate.title,
                certificate.key,
                certificate.signature,
                certificate.ends()
            )
        }
        None => String::new(),
    };
    format!(
        "; to a client of any age it offers {} with {}{certificate}, this check has TLS 1.2 and 1.3 with \
         forward secrecy",
        offer.version, offer.cipher
    )
}
