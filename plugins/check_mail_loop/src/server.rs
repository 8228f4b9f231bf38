//! A mail server, and the way to it: plain, TLS from the first byte, or by STARTTLS.

use std::time::{SystemTime, UNIX_EPOCH};

use check::{CheckError, Ctx};
use net::tls::TlsOptions;
use net::{DialOptions, Starttls, Stream, TlsServer};

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    None,
    Starttls,
    Tls,
}

/// Where a server is and whether it is to be trusted.
pub(crate) struct Server<'a> {
    pub dial: &'a DialOptions,
    pub tls: &'a TlsOptions,
    pub host: &'a str,
    pub port: u16,
    pub security: Security,
    /// Must its certificate be one to trust?
    pub verifies: bool,
}

impl Server<'_> {
    /// `host:port`, for messages.
    pub(crate) fn place(&self) -> String {
        self.asked(None).place()
    }

    /// Connects. `true` if the server has greeted already, on the way to STARTTLS.
    pub(crate) async fn connect(&self, protocol: Starttls, ctx: &Ctx) -> Result<(Stream, bool), CheckError> {
        let asked = match self.security {
            Security::None => {
                let stream = self.dial.connect(self.host, self.port, ctx).await?;
                return Ok((stream.into(), false));
            }
            Security::Starttls => self.asked(Some(protocol)),
            Security::Tls => self.asked(None),
        };
        let (stream, peer) = asked.connect(ctx).await?;
        if self.verifies {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let now = i64::try_from(now).unwrap_or(i64::MAX);
            if let Some(doubt) = self.tls.doubts(&peer, self.host, now)?.first() {
                let place = self.place();
                return Err(CheckError::target(format!(
                    "{place}: the certificate is not to be trusted: {doubt}; nothing was sent"
                )));
            }
        }
        Ok((stream, self.security == Security::Starttls))
    }

    fn asked(&self, starttls: Option<Starttls>) -> TlsServer<'_> {
        let name = self.tls.name(self.host);
        TlsServer { dial: self.dial, host: self.host, port: self.port, starttls, name, alpn: None }
    }
}
