//! A TLS handshake that observes: it completes whatever the certificate is, and tells what it saw.
//!
//! Invariant: nothing secret is sent on a stream from here before [`Anchors::doubts`] is empty or
//! the administrator said that it does not matter.
//!
//! [`Anchors::doubts`]: super::Anchors::doubts

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use check::Ctx;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::Certificate;
use super::credentials::Credentials;
use super::version::{Version, alert_name, cipher_name};
use crate::Stream;
use crate::conversation::{in_time, opening};
use crate::stream::Overheard;

/// Most certificates of a chain that are looked at.
const MAX_CHAIN: usize = 20;

/// What a server showed in a handshake.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Agreed version.
    pub version: Version,
    /// Agreed cipher suite; empty if the handshake did not get so far.
    pub cipher: String,
    /// The server's certificate first, then what it sent with it, at most 20.
    pub chain: Vec<Certificate>,
    /// Did it prove that it has the certificate's key? Else why that is not known.
    pub proof: Result<(), String>,
}

/// How a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The server sent an alert.
    #[error("the server refused the TLS handshake (alert `{0}`)")]
    Alert(String),
    /// It answered something else.
    #[error("the server does not speak TLS here, it said `{0}`")]
    NotTls(String),
    /// It hung up.
    #[error("the server closed the connection during the TLS handshake")]
    Closed,
    /// It broke the protocol, or offers nothing that we have.
    #[error("the TLS handshake failed: {0}")]
    Failed(String),
    /// No answer in time.
    #[error("no answer in the TLS handshake within {0} seconds")]
    TimedOut(String),
    /// Our own certificate is of no use, whatever the server.
    #[error("{0}")]
    Own(String),
}

/// Makes TLS of a connection, asking for `name` (SNI, unless it is an address) and, if given, for
/// one application protocol.
pub async fn handshake(
    stream: TcpStream,
    name: &str,
    alpn: Option<&str>,
    ctx: &Ctx,
) -> Result<(Stream, Peer), TlsError> {
    handshake_as(stream, name, alpn, None, ctx).await
}

/// The same, with a certificate of our own to show if the server asks for one. In TLS 1.3 a server that
/// does not like it says so only later, by an [`alert`].
pub async fn handshake_as(
    stream: TcpStream,
    name: &str,
    alpn: Option<&str>,
    credentials: Option<&Credentials>,
    ctx: &Ctx,
) -> Result<(Stream, Peer), TlsError> {
    let (stream, peer) = attempt_as(stream, name, alpn, credentials, ctx).await;
    match (stream?, peer) {
        (stream, Some(peer)) => Ok((stream, peer)),
        (_, None) => Err(TlsError::Failed("the server's certificate cannot be read".to_owned())),
    }
}

/// A handshake of which the peer is known from its certificate on, even if it fails after that: a
/// server that wants to see a certificate of ours hangs up so.
pub async fn attempt(
    stream: TcpStream,
    name: &str,
    alpn: Option<&str>,
    ctx: &Ctx,
) -> (Result<Stream, TlsError>, Option<Peer>) {
    attempt_as(stream, name, alpn, None, ctx).await
}

async fn attempt_as(
    stream: TcpStream,
    name: &str,
    alpn: Option<&str>,
    credentials: Option<&Credentials>,
    ctx: &Ctx,
) -> (Result<Stream, TlsError>, Option<Peer>) {
    let observer = Arc::new(Observer::new());
    let connected = match configuration(&observer, alpn, credentials) {
        Ok(config) => connect(config, stream, name, ctx).await,
        Err(error) => Err(error),
    };
    let mut peer = observer.peer();
    if let (Ok(tls), Some(peer)) = (&connected, &mut peer) {
        let session = tls.get_ref().1;
        peer.version = session.protocol_version().and_then(Version::of).unwrap_or(peer.version);
        let suite = session.negotiated_cipher_suite();
        peer.cipher = suite.map(|suite| cipher_name(u16::from(suite.suite()))).unwrap_or_default();
    }
    (connected.map(|tls| Stream::Tls(Box::new(tls))), peer)
}

async fn connect(
    config: ClientConfig,
    stream: TcpStream,
    name: &str,
    ctx: &Ctx,
) -> Result<TlsStream<Overheard>, TlsError> {
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| TlsError::Failed(format!("`{name}` is no name that a server can have")))?;
    let connecting =
        TlsConnector::from(Arc::new(config)).connect(server, Overheard::new(stream)).into_fallible();
    let outcome = in_time(connecting, ctx)
        .await
        .ok_or_else(|| TlsError::TimedOut(ctx.timeout.as_secs_f64().to_string()))?;
    outcome.map_err(|(error, stream)| explain(&error, stream.first()))
}

/// The words of the alert by which a server ended a connection; `None` if it ended otherwise.
pub fn alert(error: &io::Error) -> Option<String> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => Some(alert_name(u8::from(*alert))),
        _ => None,
    }
}

/// A chain of what can be read; only an unreadable first certificate is an error.
pub(super) fn read_chain(
    ders: impl Iterator<Item = CertificateDer<'static>>,
) -> Result<Vec<Certificate>, super::Unreadable> {
    let mut chain = Vec::new();
    for (i, der) in ders.take(MAX_CHAIN).enumerate() {
        match Certificate::read(&der) {
            Ok(certificate) => chain.push(certificate),
            Err(error) if i == 0 => return Err(error),
            Err(_) => {}
        }
    }
    Ok(chain)
}

impl Peer {
    /// The server's own certificate.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    #[cfg(test)]
    pub(super) fn with_chain(chain: Vec<Certificate>) -> Peer {
        Peer { version: Version::Tls13, cipher: String::new(), chain, proof: Ok(()) }
    }
}

fn configuration(
    observer: &Arc<Observer>,
    alpn: Option<&str>,
    credentials: Option<&Credentials>,
) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(observer.provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Failed(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(observer.clone());
    let mut config = match credentials {
        None => builder.with_no_client_auth(),
        Some(own) => builder
            .with_client_auth_cert(own.chain.clone(), own.key.clone_key())
            .map_err(|error| TlsError::Own(own.unfit(&error)))?,
    };
    config.alpn_protocols = alpn.map(|name| name.as_bytes().to_vec()).into_iter().collect();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

fn explain(error: &io::Error, first: &[u8]) -> TlsError {
    // a TLS record starts with its type, 20 to 23, and the version's major number
    let looks_like_tls = matches!(first, [20..=23, 3, ..] | []);
    if !looks_like_tls {
        return TlsError::NotTls(opening(first));
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(alert)) => TlsError::Alert(alert_name(u8::from(*alert))),
        Some(error) => TlsError::Failed(error.to_string()),
        None if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
            TlsError::Closed
        }
        None => TlsError::Failed(error.to_string()),
    }
}

/// Accepts every certificate, and notes it and whether the handshake is signed with its key.
#[derive(Debug)]
struct Observer {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    chain: Vec<CertificateDer<'static>>,
    proof: Option<(Version, Result<(), String>)>,
}

impl Observer {
    fn new() -> Observer {
        Observer { provider: Arc::new(rustls::crypto::ring::default_provider()), seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn peer(&self) -> Option<Peer> {
        let mut seen = self.seen();
        let (version, proof) = seen.proof.take()?;
        let chain = read_chain(std::mem::take(&mut seen.chain).into_iter()).ok()?;
        Some(Peer { version, cipher: String::new(), chain, proof })
    }

    /// Whatever comes of it, the handshake goes on.
    fn note(
        &self,
        version: Version,
        verify: impl FnOnce(&WebPkiSupportedAlgorithms) -> Result<HandshakeSignatureValid, rustls::Error>,
    ) -> HandshakeSignatureValid {
        let verified = verify(&self.provider.signature_verification_algorithms);
        self.seen().proof = Some((version, verified.map(|_| ()).map_err(|error| error.to_string())));
        HandshakeSignatureValid::assertion()
    }
}

impl ServerCertVerifier for Observer {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(leaf).chain(above).take(MAX_CHAIN);
        self.seen().chain = chain.map(|der| der.clone().into_owned()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(self.note(Version::Tls12, |algorithms| {
            verify_tls12_signature(message, certificate, signed, algorithms)
        }))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(self.note(Version::Tls13, |algorithms| {
            verify_tls13_signature(message, certificate, signed, algorithms)
        }))
    }

    /// Those that can be verified, then those that only old or odd servers sign with: such a server
    /// is to be described, not missed.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        schemes.extend([
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureScheme::ED448,
            SignatureScheme::RSA_PKCS1_SHA1,
            SignatureScheme::ECDSA_SHA1_Legacy,
        ]);
        schemes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_came_instead_of_tls() {
        let error = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::General("x".to_owned()));
        assert_eq!(
            explain(&error, b"220 mail\r\n554 NUL characters\r\n"),
            TlsError::NotTls("220 mail".to_owned())
        );
        assert_eq!(explain(&error, &[22, 3, 3]), TlsError::Failed("unexpected error: x".to_owned()));
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion);
        let alert = io::Error::new(io::ErrorKind::InvalidData, alert);
        assert_eq!(explain(&alert, &[21, 3, 1]), TlsError::Alert("protocol version".to_owned()));
        let eof = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(explain(&eof, &[]), TlsError::Closed);
    }
}
