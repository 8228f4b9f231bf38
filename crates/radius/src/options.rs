//! The options of every check that asks a RADIUS server: where it is, how to reach it, its secret.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use check::{CheckError, Ctx, Secret};
use net::tls::{CredentialOptions, Peer, TlsOptions};
use net::{DialOptions, TlsServer};

use crate::client::{Client, Demand, Options};

/// Environment variable with the shared secret.
pub const SECRET_VARIABLE: &str = "HLIDKA_RADIUS_SECRET";

/// Port of RADIUS over UDP (RFC 2865 section 3).
pub const UDP_PORT: u16 = 1812;
/// Port of RadSec (RFC 6614 section 2.1).
pub const RADSEC_PORT: u16 = 2083;
/// The secret of RadSec, where TLS protects (RFC 6614 section 2.3).
pub const RADSEC_SECRET: &str = "radsec";

/// How much earlier than the check's own deadline a wait ends, so that the message can say what was slow.
const HAIR: Duration = Duration::from_millis(30);

/// How to reach a server; a check adds the options that name it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ServerOptions {
    /// Shared secret, in the first line of this file (or in HLIDKA_RADIUS_SECRET; with --radsec it is
    /// `radsec` unless one is given)
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// RADIUS over TLS (RadSec) instead of UDP
    #[arg(long)]
    pub radsec: bool,
    /// The ways to it.
    #[command(flatten)]
    pub dial: DialOptions,
    /// Whom to trust.
    #[command(flatten)]
    pub tls: TlsOptions,
    /// Who we are to it.
    #[command(flatten)]
    pub credentials: CredentialOptions,
}

/// A server that can be asked, and what was seen on the way to it.
#[derive(Clone)]
pub struct Connected {
    /// To ask it.
    pub client: Client,
    /// The addresses that its name has, the asked one first.
    pub addresses: Vec<SocketAddr>,
    /// Over RadSec: version, cipher and certificate.
    pub peer: Option<Peer>,
    /// Seconds until it could be asked: connection and handshake. Next to nothing over UDP.
    pub seconds: f64,
}

impl ServerOptions {
    /// The port that is meant if none is given.
    pub fn default_port(&self) -> u16 {
        if self.radsec { RADSEC_PORT } else { UDP_PORT }
    }

    /// The shared secret from its file or the environment.
    pub fn secret(&self) -> Result<Secret, CheckError> {
        match Secret::from_file_or_env(self.secret_file.as_deref(), SECRET_VARIABLE)? {
            Some(secret) => Ok(secret),
            None if self.radsec => Ok(Secret::from_argument(RADSEC_SECRET)),
            None => Err(CheckError::usage(format!(
                "which shared secret? Give --secret-file FILE, or set {SECRET_VARIABLE}"
            ))),
        }
    }

    /// Makes ready to ask `host`. Over UDP nothing is sent yet; a proxy is refused, which UDP cannot
    /// pass. Over RadSec it connects, shows our certificate, and goes no further than the server's
    /// certificate unless that is trusted.
    pub async fn connect(
        &self,
        host: &str,
        port: Option<u16>,
        secret: Secret,
        demand: Demand,
        ctx: &Ctx,
    ) -> Result<Connected, CheckError> {
        self.connect_by(host, port, secret, Options { demand, ..Options::default() }, ctx).await
    }

    /// The same with more to say about how to ask over UDP; the local address is that of `--source`.
    pub async fn connect_by(
        &self,
        host: &str,
        port: Option<u16>,
        secret: Secret,
        asking: Options,
        ctx: &Ctx,
    ) -> Result<Connected, CheckError> {
        let port = port.unwrap_or_else(|| self.default_port());
        if self.radsec {
            self.radsec(host, port, secret, asking.demand, ctx).await
        } else {
            self.udp(host, port, secret, asking).await
        }
    }

    async fn udp(
        &self,
        host: &str,
        port: u16,
        secret: Secret,
        asking: Options,
    ) -> Result<Connected, CheckError> {
        if self.dial.proxy().is_some() {
            return Err(CheckError::usage(
                "--proxy: RADIUS over UDP cannot pass a SOCKS proxy, nothing was sent; --radsec can",
            ));
        }
        let start = Instant::now();
        let addresses = self.dial.resolve(host, port).await?;
        let server =
            *addresses.first().ok_or_else(|| CheckError::target(format!("{host} has no address")))?;
        let client = Client::udp(server, secret, Options { source: self.dial.source(), ..asking });
        Ok(Connected { client, addresses, peer: None, seconds: start.elapsed().as_secs_f64() })
    }

    async fn radsec(
        &self,
        host: &str,
        port: u16,
        secret: Secret,
        demand: Demand,
        ctx: &Ctx,
    ) -> Result<Connected, CheckError> {
        let start = Instant::now();
        let name = self.tls.name(host);
        let server = TlsServer { dial: &self.dial, host, port, starttls: None, name, alpn: None };
        let credentials = self.credentials.load()?;
        let (stream, peer) = server.connect_as(credentials.as_ref(), ctx).await?;
        let place = server.place();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let doubts = self.tls.doubts(&peer, host, i64::try_from(now).unwrap_or(i64::MAX))?;
        if !doubts.is_empty() {
            let all: Vec<String> = doubts.iter().map(ToString::to_string).collect();
            return Err(CheckError::target(format!(
                "{place}: the server's certificate {}; nothing was sent",
                all.join(", ")
            )));
        }
        let client = Client::radsec(stream, place, secret, demand);
        Ok(Connected {
            client,
            addresses: Vec::new(),
            peer: Some(peer),
            seconds: start.elapsed().as_secs_f64(),
        })
    }
}

/// When to stop waiting for a reply: a hair before the check is cut off, or after `most` if that is
/// sooner.
pub fn deadline(ctx: &Ctx, most: Option<Duration>) -> Instant {
    let end = ctx.deadline().checked_sub(HAIR).unwrap_or_else(|| ctx.deadline());
    most.map_or(end, |most| end.min(Instant::now() + most))
}
