//! TLS in memory: messages in, messages out, plain text of the tunnel.

use std::io::{self, Read, Write};

use openssl::error::ErrorStack;
use openssl::ssl::{self, ErrorCode, ShutdownState, Ssl, SslStream};

use crate::certificates::{Expected, Watch};
use crate::config::{Config, Method};
use crate::facts::{Msk, TlsFacts};
use crate::failure::{Cause, Doubt, Sender};
use crate::fragments::MAX_MESSAGE;
use crate::packet::EapType;
use crate::tls::{Session, Tls, Version};

/// What OpenSSL reads from and writes to.
#[derive(Debug, Default)]
struct Memory {
    inbound: Vec<u8>,
    taken: usize,
    outbound: Vec<u8>,
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.inbound.get(self.taken..).unwrap_or_default();
        if left.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let length = left.len().min(buffer.len());
        buffer[..length].copy_from_slice(&left[..length]);
        self.taken += length;
        Ok(length)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outbound.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One TLS connection of a login.
pub(crate) struct Tunnel {
    stream: SslStream<Memory>,
    tls: Tls,
    watch: Watch,
    finished: bool,
    /// Was a session offered?
    pub(crate) offered: bool,
}

impl Tunnel {
    /// A connection whose hello is not sent; `now` is in seconds of Unix time.
    pub(crate) fn new(config: &Config, now: i64) -> Result<Tunnel, ErrorStack> {
        let mut ssl = Ssl::new(&config.tls.context)?;
        ssl.param_mut().set_time(now);
        let expected = Expected { names: config.names.clone(), subject: config.subject.clone() };
        let watch = Watch::on(&mut ssl, expected, config.tls.enforced);
        let offered = match &config.session {
            Some(session) => session.offer(&mut ssl)?,
            None => false,
        };
        let stream = SslStream::new(ssl, Memory::default())?;
        Ok(Tunnel { stream, tls: config.tls.clone(), watch, finished: false, offered })
    }

    /// Takes a message of the server (none at the start) and gives the plain text that came in the
    /// tunnel. What is to be sent is in [`Tunnel::output`], after a failure too: the alert.
    pub(crate) fn advance(&mut self, message: Vec<u8>) -> Result<Vec<u8>, Cause> {
        let memory = self.stream.get_mut();
        memory.inbound.drain(..memory.taken);
        memory.taken = 0;
        memory.inbound.extend(message);
        if !self.finished {
            match self.stream.connect() {
                Ok(()) => self.finished = true,
                Err(error) if is_waiting(&error) => return Ok(Vec::new()),
                Err(error) => return Err(self.cause(&error)),
            }
            // OpenSSL has ended the handshake of a certificate that it asked about: be sure of it
            if !self.resumed() {
                let seen = self.watch.seen();
                if seen.verdict != Some(true) {
                    return Err(Cause::Certificate(seen.doubts.clone()));
                }
            }
        }
        self.plaintext()
    }

    fn plaintext(&mut self) -> Result<Vec<u8>, Cause> {
        let mut text = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            match self.stream.ssl_read(&mut buffer) {
                Ok(length) => text.extend_from_slice(buffer.get(..length).unwrap_or_default()),
                Err(error) if is_waiting(&error) => return Ok(text),
                Err(error) if error.code() == ErrorCode::ZERO_RETURN => {
                    return Err(Cause::Alert { sender: Sender::Server, number: 0 });
                }
                Err(error) => return Err(self.cause(&error)),
            }
            // cannot be: text is never longer than what carried it
            if text.len() > MAX_MESSAGE {
                return Err(Cause::Violation(crate::failure::Violation::MessageTooLong));
            }
        }
    }

    /// Encrypts for the server.
    pub(crate) fn write(&mut self, text: &[u8]) -> Result<(), Cause> {
        match self.stream.ssl_write(text) {
            Ok(length) if length == text.len() => Ok(()),
            Ok(_) => Err(Cause::Tls("a write into memory stopped short".to_owned())),
            Err(error) => Err(self.cause(&error)),
        }
    }

    /// What is to be sent, taken.
    pub(crate) fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.stream.get_mut().outbound)
    }

    /// Has this side finished its handshake?
    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Does the server take up the offered session?
    pub(crate) fn resumed(&self) -> bool {
        self.stream.ssl().session_reused()
    }

    /// The version spoken; what was hoped for before the server has answered.
    pub(crate) fn version(&self) -> Option<Version> {
        Version::of(self.stream.ssl())
    }

    /// Have the server's certificates been judged, and found acceptable?
    pub(crate) fn certificate_verdict(&self) -> Option<bool> {
        self.watch.seen().verdict
    }

    pub(crate) fn has_chain(&self) -> bool {
        !self.watch.seen().chain.is_empty()
    }

    /// All that is known of it now.
    pub(crate) fn facts(&self) -> TlsFacts {
        let ssl = self.stream.ssl();
        let (mut chain, doubts, verdict) = {
            let seen = self.watch.seen();
            (seen.chain.clone(), seen.doubts.clone(), seen.verdict)
        };
        if chain.is_empty()
            && let Some(stack) = ssl.peer_cert_chain()
        {
            chain = stack.iter().filter_map(|certificate| certificate.to_der().ok()).collect();
        }
        let spoken = ssl.current_cipher();
        // a handshake that was broken off at the certificate has a version and no cipher
        let chosen = spoken.is_some() || !chain.is_empty();
        TlsFacts {
            version: self.version().filter(|_| chosen),
            cipher: spoken.map(|cipher| cipher.standard_name().unwrap_or(cipher.name()).to_owned()),
            offered: self.offered,
            resumed: self.resumed(),
            finished: self.finished,
            doubts,
            trusted: self.tls.enforced.then(|| self.resumed() || verdict == Some(true)),
            chain,
        }
    }

    /// The session to resume, if there is one to be had.
    pub(crate) fn session(&mut self) -> Option<Session> {
        if !self.finished {
            return None;
        }
        // OpenSSL gives up the session of a connection that was not shut down properly
        self.stream.set_shutdown(ShutdownState::SENT | ShutdownState::RECEIVED);
        let session = self.stream.ssl().session()?.to_owned();
        Some(Session::new(session, self.tls.context.clone())).filter(Session::can_be_offered)
    }

    /// The master session key (RFC 5216 §2.3, RFC 5281 §8, RFC 9190 §2.3, RFC 9427 §2.1).
    pub(crate) fn msk(&self, method: Method) -> Option<Msk> {
        let (label, kind) = match method {
            Method::Tls => ("client EAP encryption", EapType::TLS),
            Method::Peap(_) => ("client EAP encryption", EapType::PEAP),
            Method::Ttls(_) => ("ttls keying material", EapType::TTLS),
        };
        // MSK and EMSK at once: in TLS 1.3 the length asked for goes into the keys
        let mut keys = [0; 128];
        let context = [kind.0];
        let exported = if self.version() == Some(Version::Tls13) {
            self.export("EXPORTER_EAP_TLS_Key_Material", Some(&context), &mut keys)
        } else {
            self.export(label, None, &mut keys)
        };
        let msk = keys.first_chunk::<64>()?;
        exported.then_some(Msk(*msk))
    }

    /// Octets that both sides compute from the tunnel.
    pub(crate) fn export(&self, label: &str, context: Option<&[u8]>, out: &mut [u8]) -> bool {
        self.stream.ssl().export_keying_material(out, label, context).is_ok()
    }

    /// What an error of OpenSSL means: it says by its numbers who broke off, and why.
    fn cause(&self, error: &ssl::Error) -> Cause {
        let seen = self.watch.seen();
        if seen.verdict == Some(false) {
            let doubts: Vec<Doubt> = seen.doubts.clone();
            return Cause::Certificate(doubts);
        }
        drop(seen);
        let errors = error.ssl_error().map(ErrorStack::errors).unwrap_or_default();
        let received = errors.iter().find_map(|error| {
            let number = error.reason_code().checked_sub(ALERTS)?;
            u8::try_from(number).ok()
        });
        if let Some(number) = received {
            return Cause::Alert { sender: Sender::Server, number };
        }
        if let Some(number) = plain_alert(&self.stream.get_ref().outbound) {
            return Cause::Alert { sender: Sender::Peer, number };
        }
        let words = errors.iter().find_map(openssl::error::Error::reason);
        Cause::Tls(words.map_or_else(|| "the handshake failed".to_owned(), str::to_owned))
    }
}

/// `SSL_AD_REASON_OFFSET`: reasons from here on are received alerts.
const ALERTS: i32 = 1000;

fn is_waiting(error: &ssl::Error) -> bool {
    error.code() == ErrorCode::WANT_READ
}

/// The alert at the end of what is to be sent, if it can be read: once keys are in use it cannot.
fn plain_alert(records: &[u8]) -> Option<u8> {
    let [21, 3, _, 0, 2, _, number] = records.last_chunk::<7>()? else { return None };
    Some(*number)
}
