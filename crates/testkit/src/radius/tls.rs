//! The server's side of TLS inside EAP: fragments, a handshake in memory, sessions, keys.

use std::io::{self, Read, Write};

use openssl::ssl::{
    ErrorCode, ShutdownState, Ssl, SslContext, SslMethod, SslOptions, SslRef, SslSessionCacheMode, SslStream,
};

use super::fault::Resumption;
use super::settings::{RadiusMock, TTLS};

const LENGTH_INCLUDED: u8 = 0x80;
const MORE_FRAGMENTS: u8 = 0x40;

/// What all conversations share: certificate, versions, sessions.
pub(super) fn context(mock: &RadiusMock) -> SslContext {
    let mut context = SslContext::builder(SslMethod::tls_server()).expect("OpenSSL has a server");
    // before the certificate, which may be a weak one; and TLS 1.0 and 1.1 have no signatures but SHA-1
    context.set_cipher_list("DEFAULT:@SECLEVEL=0").expect("OpenSSL knows its defaults");
    let (own, above) = mock.chain.split_first().expect("the server's certificate is the first");
    context.set_certificate(own).expect("a certificate");
    for certificate in above {
        context.add_extra_chain_cert(certificate.clone()).expect("a certificate");
    }
    context.set_private_key(&mock.key).expect("the key is the certificate's");
    context.set_min_proto_version(Some(mock.versions.0)).expect("a version");
    context.set_max_proto_version(Some(mock.versions.1)).expect("a version");
    context.set_session_id_context(b"hlidka").expect("a short name");
    let keeps = mock.resumption != Resumption::Off;
    context.set_session_cache_mode(if keeps {
        SslSessionCacheMode::SERVER
    } else {
        SslSessionCacheMode::OFF
    });
    if !(keeps && mock.tickets) {
        context.set_options(SslOptions::NO_TICKET);
    }
    context.set_num_tickets(0).expect("none is a number of tickets");
    context.build()
}

/// One TLS connection in EAP-TLS packets.
pub(super) struct Tunnel {
    stream: SslStream<Memory>,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    sent: usize,
    fragment: usize,
}

/// What the peer's packet amounts to.
pub(super) enum Received {
    /// One fragment of more: it wants an acknowledgement.
    Fragment,
    /// It has our fragment, and waits for the next.
    Acknowledgement,
    /// A whole message, perhaps empty.
    Message(Vec<u8>),
}

impl Tunnel {
    pub fn new(context: &SslContext, fragment: usize) -> Tunnel {
        let ssl = Ssl::new(context).expect("memory for a connection");
        let stream = SslStream::new(ssl, Memory::default()).expect("memory for a connection");
        Tunnel { stream, incoming: Vec::new(), outgoing: Vec::new(), sent: 0, fragment }
    }

    /// Reads flags and what follows them.
    pub fn receive(&mut self, octets: &[u8]) -> Option<Received> {
        let (flags, mut octets) = octets.split_first()?;
        if flags & LENGTH_INCLUDED != 0 {
            octets = octets.get(4..)?;
        }
        self.incoming.extend(octets);
        if flags & MORE_FRAGMENTS != 0 {
            return Some(Received::Fragment);
        }
        let message = std::mem::take(&mut self.incoming);
        let is_waiting = self.sent < self.outgoing.len();
        Some(if message.is_empty() && is_waiting {
            Received::Acknowledgement
        } else {
            Received::Message(message)
        })
    }

    /// The next packet's flags and data: a fragment of what TLS has to say, or nothing but the flags.
    pub fn next_packet(&mut self) -> Vec<u8> {
        if self.sent == self.outgoing.len() {
            self.outgoing = std::mem::take(&mut self.stream.get_mut().to_peer);
            self.sent = 0;
        }
        let rest = &self.outgoing[self.sent..];
        let part = &rest[..rest.len().min(self.fragment)];
        let is_last = part.len() == rest.len();
        let mut packet = vec![if is_last { 0 } else { MORE_FRAGMENTS }];
        if self.sent == 0 && !is_last {
            packet[0] |= LENGTH_INCLUDED;
            packet.extend(u32::try_from(rest.len()).expect("a flight is short").to_be_bytes());
        }
        packet.extend(part);
        self.sent += part.len();
        packet
    }

    /// Has TLS something to say that is not sent yet?
    pub fn has_more(&self) -> bool {
        self.sent < self.outgoing.len() || !self.stream.get_ref().to_peer.is_empty()
    }

    /// Goes on with the handshake by a message of the peer. An error has left an alert to be sent.
    pub fn handshake(&mut self, message: &[u8]) -> Result<(), openssl::ssl::Error> {
        self.stream.get_mut().from_peer.extend(message);
        match self.stream.accept() {
            Err(error) if error.code() == ErrorCode::WANT_READ => Ok(()),
            done => done,
        }
    }

    /// What to say instead of what TLS would.
    pub fn say(&mut self, records: &[u8]) {
        records.clone_into(&mut self.stream.get_mut().to_peer);
    }

    pub fn is_finished(&self) -> bool {
        self.ssl().is_init_finished()
    }

    pub fn ssl(&self) -> &SslRef {
        self.stream.ssl()
    }

    /// What names the session: the secret that a resumed one inherits, up to TLS 1.2.
    pub fn session_secret(&self) -> Vec<u8> {
        let Some(session) = self.ssl().session() else { return Vec::new() };
        let mut secret = vec![0; session.master_key_len()];
        session.master_key(&mut secret);
        secret
    }

    /// The peer's data in clear.
    pub fn decrypt(&mut self, message: &[u8]) -> Result<Vec<u8>, openssl::ssl::Error> {
        self.stream.get_mut().from_peer.extend(message);
        let mut clear = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            match self.stream.ssl_read(&mut buffer) {
                Ok(length) => clear.extend(&buffer[..length]),
                Err(error) if error.code() == ErrorCode::WANT_READ => return Ok(clear),
                Err(error) => return Err(error),
            }
        }
    }

    /// Puts data for the peer into the tunnel.
    pub fn encrypt(&mut self, clear: &[u8]) {
        self.stream.write_all(clear).expect("the tunnel stands");
    }

    /// The Master Session Key (RFC 5281, 8; RFC 9427 for TLS 1.3).
    pub fn keys(&self, method: u8) -> [u8; 64] {
        // with TLS 1.3 they depend on how much is asked for: the extended key is behind them
        let mut keys = [0; 128];
        let label = match (self.ssl().version_str(), method) {
            ("TLSv1.3", _) => "EXPORTER_EAP_TLS_Key_Material",
            (_, TTLS) => "ttls keying material",
            _ => "client EAP encryption",
        };
        let kind = [method];
        let context = (label.starts_with("EXPORTER")).then_some(&kind[..]);
        self.ssl().export_keying_material(&mut keys, label, context).expect("the handshake is complete");
        keys.first_chunk().copied().expect("128 are more than 64")
    }

    /// The challenge that both sides derive (RFC 5281, 11.1), and the identifier behind it.
    pub fn implicit_challenge(&self) -> [u8; 17] {
        let mut challenge = [0; 17];
        self.ssl()
            .export_keying_material(&mut challenge, "ttls challenge", None)
            .expect("the handshake is complete");
        challenge
    }
}

impl Drop for Tunnel {
    /// A connection that ends without having been shut down takes its session out of the memory.
    fn drop(&mut self) {
        self.stream.set_shutdown(ShutdownState::SENT | ShutdownState::RECEIVED);
    }
}

#[derive(Default)]
struct Memory {
    from_peer: Vec<u8>,
    to_peer: Vec<u8>,
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.from_peer.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let length = buffer.len().min(self.from_peer.len());
        buffer[..length].copy_from_slice(&self.from_peer[..length]);
        self.from_peer.drain(..length);
        Ok(length)
    }
}

impl Write for Memory {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.to_peer.extend(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
