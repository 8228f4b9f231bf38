//! Trust and versions of TLS, made once; and sessions to resume.

use std::fmt;

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{
    SslContext, SslMethod, SslMode, SslOptions, SslRef, SslSession, SslSessionCacheMode, SslVersion,
};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;

/// Most certificates that are trusted at once.
const MAX_ANCHORS: usize = 1000;

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// TLS 1.0 (RFC 2246), deprecated by RFC 8996.
    Tls10,
    /// TLS 1.1 (RFC 4346), deprecated by RFC 8996.
    Tls11,
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446; in EAP RFC 9190 and RFC 9427).
    Tls13,
}

impl Version {
    fn number(self) -> SslVersion {
        match self {
            Version::Tls10 => SslVersion::TLS1,
            Version::Tls11 => SslVersion::TLS1_1,
            Version::Tls12 => SslVersion::TLS1_2,
            Version::Tls13 => SslVersion::TLS1_3,
        }
    }

    pub(crate) fn of(ssl: &SslRef) -> Option<Version> {
        Some(match ssl.version2()? {
            SslVersion::TLS1 => Version::Tls10,
            SslVersion::TLS1_1 => Version::Tls11,
            SslVersion::TLS1_2 => Version::Tls12,
            SslVersion::TLS1_3 => Version::Tls13,
            _ => return None,
        })
    }

    /// Deprecated by RFC 8996.
    pub fn is_old(self) -> bool {
        self < Version::Tls12
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Version::Tls10 => "TLS 1.0",
            Version::Tls11 => "TLS 1.1",
            Version::Tls12 => "TLS 1.2",
            Version::Tls13 => "TLS 1.3",
        })
    }
}

/// A client certificate with its key, PEM.
#[derive(Clone)]
pub struct ClientIdentity {
    /// The certificate, and those between it and its root.
    pub certificates: Vec<u8>,
    /// Its key.
    pub key: Vec<u8>,
    /// What the key is encrypted with, if it is.
    pub passphrase: Option<crate::Password>,
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity(…)")
    }
}

/// What [`Tls`] is made of.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// Certificates to trust, PEM; None: whoever shows any certificate gets the password.
    pub anchors: Option<Vec<u8>>,
    /// The oldest version to speak.
    pub oldest: Version,
    /// The newest.
    pub newest: Version,
    /// Also ciphers, keys and signatures that are too weak for OpenSSL's usual level. Implied by an
    /// old `oldest`, which cannot be spoken without.
    pub weak: bool,
    /// For EAP-TLS.
    pub client: Option<ClientIdentity>,
}

impl Default for TlsConfig {
    /// TLS 1.2 and 1.3, nothing weak, any server.
    fn default() -> TlsConfig {
        TlsConfig { anchors: None, oldest: Version::Tls12, newest: Version::Tls13, weak: false, client: None }
    }
}

/// Why there is no [`Tls`].
#[derive(Debug, thiserror::Error)]
pub enum TlsConfigError {
    /// The text to trust holds no certificate.
    #[error("there is no certificate in PEM among those to trust")]
    NoAnchors,
    /// More than anybody needs.
    #[error("there are more than {MAX_ANCHORS} certificates to trust")]
    ManyAnchors,
    /// The text to trust cannot be read.
    #[error("the certificates to trust cannot be read: {0}")]
    Anchors(#[source] ErrorStack),
    /// The client's certificate cannot be used.
    #[error("the client certificate cannot be used: {0}")]
    Certificate(#[source] ErrorStack),
    /// The client's key cannot be used: another's, or another passphrase.
    #[error("the client key cannot be used (is the passphrase right, and does it fit the certificate?): {0}")]
    Key(#[source] ErrorStack),
    /// The versions are the wrong way round.
    #[error("the oldest version of TLS is newer than the newest")]
    Versions,
    /// OpenSSL itself.
    #[error("OpenSSL: {0}")]
    Library(#[from] ErrorStack),
}

/// Whom to trust and what to speak. Cheap to clone; logins share it.
#[derive(Clone)]
pub struct Tls {
    pub(crate) context: SslContext,
    /// Is a certificate that is not trusted the end?
    pub(crate) enforced: bool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls(enforced: {})", self.enforced)
    }
}

impl Tls {
    /// Reads certificates and key.
    pub fn new(config: &TlsConfig) -> Result<Tls, TlsConfigError> {
        if config.oldest > config.newest {
            return Err(TlsConfigError::Versions);
        }
        let mut context = SslContext::builder(SslMethod::tls_client())?;
        context.set_min_proto_version(Some(config.oldest.number()))?;
        context.set_max_proto_version(Some(config.newest.number()))?;
        if config.weak || config.oldest.is_old() {
            context.set_cipher_list("DEFAULT:@SECLEVEL=0")?;
            // servers from before RFC 5746
            context.set_options(SslOptions::from_bits_retain(0x4)); // SSL_OP_LEGACY_SERVER_CONNECT
        }
        // a server that asks for a new handshake inside the old could ask for ever
        context.set_options(SslOptions::NO_RENEGOTIATION | SslOptions::NO_COMPRESSION);
        // a thousand logins in flight keep no buffers they do not need
        context.set_mode(SslMode::RELEASE_BUFFERS);
        // sessions are kept by whoever wants them, not by a cache that grows
        context.set_session_cache_mode(SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL);
        let mut store = X509StoreBuilder::new()?;
        if let Some(pem) = &config.anchors {
            let anchors = X509::stack_from_pem(pem).map_err(TlsConfigError::Anchors)?;
            match anchors.len() {
                0 => return Err(TlsConfigError::NoAnchors),
                1..=MAX_ANCHORS => {}
                _ => return Err(TlsConfigError::ManyAnchors),
            }
            for anchor in anchors {
                store.add_cert(anchor)?;
            }
        }
        context.set_cert_store(store.build());
        if let Some(client) = &config.client {
            let chain = X509::stack_from_pem(&client.certificates).map_err(TlsConfigError::Certificate)?;
            let mut chain = chain.into_iter();
            let own = chain.next().ok_or(TlsConfigError::NoAnchors)?;
            context.set_certificate(&own).map_err(TlsConfigError::Certificate)?;
            for above in chain {
                context.add_extra_chain_cert(above).map_err(TlsConfigError::Certificate)?;
            }
            let passphrase = client.passphrase.as_ref().map_or("", |passphrase| passphrase.expose());
            let key = PKey::private_key_from_pem_passphrase(&client.key, passphrase.as_bytes());
            context.set_private_key(&*key.map_err(TlsConfigError::Key)?).map_err(TlsConfigError::Key)?;
            context.check_private_key().map_err(TlsConfigError::Key)?;
        }
        Ok(Tls { context: context.build(), enforced: config.anchors.is_some() })
    }
}

/// A session that a server may resume. It can be offered under the [`Tls`] it was made with.
#[derive(Clone)]
pub struct Session {
    session: SslSession,
    context: SslContext,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)")
    }
}

impl Session {
    pub(crate) fn new(session: SslSession, context: SslContext) -> Session {
        Session { session, context }
    }

    /// Has it an identifier or ticket that a server can find it by?
    pub fn can_be_offered(&self) -> bool {
        !self.session.id().is_empty()
    }

    /// Offers it in a handshake that has not begun; false if it is of another [`Tls`].
    pub(crate) fn offer(&self, ssl: &mut SslRef) -> Result<bool, ErrorStack> {
        if self.context.as_ptr() != ssl.ssl_context().as_ptr() {
            return Ok(false);
        }
        #[expect(
            unsafe_code,
            reason = "OpenSSL asks that session and handshake be of one context: just compared"
        )]
        unsafe { ssl.set_session(&self.session) }.map(|()| true)
    }
}
