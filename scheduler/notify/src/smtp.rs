//! One mail to an SMTP server.
//!
//! lettre speaks the protocol; the dialogue is led here, since what a refusal means depends on the
//! command that it answers: a 5xx to a login or sender holds for every mail and may be mended, a
//! 5xx to a recipient is the end of this mail.

use std::error::Error as _;
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::clean::line;
use crate::guard::Guard;
use crate::{ConfigError, Security, SendError};

/// For name, connection, greeting, TLS and login.
const CONNECT: Duration = Duration::from_secs(30);
/// For the mail itself; a server that scans what it gets may take its time.
const TRANSACT: Duration = Duration::from_secs(60);
/// For a farewell that changes nothing any more.
const QUIT: Duration = Duration::from_secs(2);
/// Longest text of a server in a message, in characters.
const MAX_SAID: usize = 400;

/// A mail server.
pub(crate) struct Smtp {
    host: String,
    port: u16,
    security: Security,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
}

impl Smtp {
    /// Ready to send. `ca` holds certificates in PEM form that are trusted instead of the system's.
    pub(crate) fn new(
        host: String,
        port: u16,
        security: Security,
        ca: Option<&[u8]>,
        credentials: Option<Credentials>,
    ) -> Result<Smtp, ConfigError> {
        let tls = (security != Security::None).then(|| parameters(&host, security, ca)).transpose()?;
        Ok(Smtp { host, port, security, tls, credentials, hello: hello() })
    }

    /// Hands over one mail; returns when the server has taken it.
    pub(crate) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let late = |span: Duration| {
            SendError::Unavailable(self.names(&format!("no answer within {} seconds", span.as_secs())))
        };
        let connecting = timeout(CONNECT, self.connect()).await;
        let mut connection = connecting.map_err(|_| late(CONNECT))?.map_err(SendError::Unavailable)?;
        let sent = timeout(TRANSACT, self.transact(&mut connection, message)).await;
        if sent.is_ok() {
            let _ = timeout(QUIT, connection.quit()).await;
        }
        sent.map_err(|_| late(TRANSACT))?
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let said = |error: Error| self.names(&said(&error));
        let address = (self.host.as_str(), self.port);
        let mut connection = match (self.security, &self.tls) {
            (Security::Tls, tls) => {
                AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), &self.hello, tls.clone(), None)
                    .await
                    .map_err(said)?
            }
            (_, tls) => {
                let stream = TcpStream::connect(address)
                    .await
                    .map_err(|error| self.names(&format!("connect: {error}")))?;
                let mut connection =
                    AsyncSmtpConnection::connect_with_transport(Box::new(Guard::new(stream)), &self.hello)
                        .await
                        .map_err(said)?;
                if let Some(tls) = tls
                    && (self.security == Security::StartTls || connection.can_starttls())
                {
                    connection.starttls(tls.clone(), &self.hello).await.map_err(said)?;
                }
                connection
            }
        };
        if let Some(credentials) = &self.credentials {
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], credentials)
                .await
                .map_err(|error| self.names(&format!("login refused: {}", crate::smtp::said(&error))))?;
        }
        Ok(connection)
    }

    /// A recipient that is refused for good does not keep the others of the same contact from
    /// getting the mail; one that is refused for now does, or they would get it twice.
    async fn transact(
        &self,
        connection: &mut AsyncSmtpConnection,
        message: &Message,
    ) -> Result<(), SendError> {
        let envelope = message.envelope();
        connection.command(Mail::new(envelope.from().cloned(), Vec::new())).await.map_err(|error| {
            SendError::Unavailable(self.names(&format!("sender refused: {}", said(&error))))
        })?;
        let mut refused = Vec::new();
        for recipient in envelope.to() {
            let answer = connection.command(Rcpt::new(recipient.clone(), Vec::new())).await;
            match answer.map_err(|error| self.refusal(&error, &format!(" to {recipient}"))) {
                Ok(_) => {}
                Err(SendError::Permanent(why)) => refused.push(why),
                Err(other) => return Err(other),
            }
        }
        if refused.len() == envelope.to().len() {
            return Err(SendError::Permanent(refused.join("; ")));
        }
        connection.command(Data).await.map_err(|error| self.refusal(&error, " to the mail"))?;
        connection
            .message(&message.formatted())
            .await
            .map_err(|error| self.refusal(&error, " to the mail"))?;
        for why in refused {
            tracing::warn!("mail sent to others of the contact, but not to all: {why}");
        }
        Ok(())
    }

    fn refusal(&self, error: &Error, about: &str) -> SendError {
        let text = self.names(&format!("{}{about}", said(error)));
        let code = error.status().map(|code| code.to_string());
        if error.is_permanent() && code.as_deref() != Some("530") {
            SendError::Permanent(text)
        } else if error.is_transient() && code.as_deref() != Some("421") {
            SendError::Temporary(text)
        } else {
            // the connection is gone, the server is closing (421), or it wants a login (530)
            SendError::Unavailable(text)
        }
    }

    /// A message with the server in front.
    fn names(&self, text: &str) -> String {
        let (host, port) = (&self.host, self.port);
        if host.contains(':') { format!("[{host}]:{port}: {text}") } else { format!("{host}:{port}: {text}") }
    }
}

/// `550 no such user`, or what happened to the connection.
fn said(error: &Error) -> String {
    let cause = error.source().map(ToString::to_string);
    let text = match (error.status(), cause) {
        (Some(code), cause) => format!("{code} {}", cause.unwrap_or_default()),
        (None, Some(cause)) => cause,
        (None, None) => error.to_string(),
    };
    line(&text, MAX_SAID)
}

fn parameters(host: &str, security: Security, ca: Option<&[u8]>) -> Result<TlsParameters, ConfigError> {
    // one provider for the whole program, by name: with two compiled in, rustls would not choose.
    // An error means that the daemon has installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let failed = |error: Error| ConfigError::File { path: "TLS".to_owned(), why: said(&error) };
    let mut builder = TlsParametersBuilder::new(host.to_owned());
    match ca {
        Some(pem) => {
            // without one, every server would be refused and nobody would know why
            if !String::from_utf8_lossy(pem).contains("BEGIN CERTIFICATE") {
                return Err(ConfigError::File {
                    path: "TLS".to_owned(),
                    why: "holds no PEM certificate".to_owned(),
                });
            }
            builder = builder
                .certificate_store(CertificateStore::None)
                .add_root_certificate(Certificate::from_pem(pem).map_err(failed)?);
        }
        None if security == Security::Opportunistic => {
            builder = builder.certificate_store(CertificateStore::None).dangerous_accept_invalid_certs(true);
        }
        None => {}
    }
    builder.build().map_err(failed)
}

/// The machine's full name if it has one; many servers refuse a short one.
fn hello() -> ClientId {
    let name = rustix::system::uname();
    match name.nodename().to_str() {
        Ok(name)
            if name.contains('.')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')) =>
        {
            ClientId::Domain(name.to_owned())
        }
        _ => ClientId::default(),
    }
}
