//! One way from options to a connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use check::{CheckError, Ctx, Secret};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_socks::tcp::Socks5Stream;

use crate::tunnel::tunnel;
use crate::{Proxy, ProxyKind};

/// Environment variable with the proxy's password.
const PASSWORD_VARIABLE: &str = "HLIDKA_PROXY_PASSWORD";

/// Which addresses of a name to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Whatever the name has, in the resolver's order.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl Family {
    /// Is this address of the family?
    pub fn admits(self, address: IpAddr) -> bool {
        match self {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Family::Any => "",
            Family::V4 => "IPv4 ",
            Family::V6 => "IPv6 ",
        }
    }
}

/// Whom to ask: `-H`, or the first word.
#[derive(Clone, Debug, clap::Args)]
pub struct HostOptions {
    /// Host name or address (may also be given without -H)
    #[arg(short = 'H', long, value_name = "HOST", required_unless_present = "positional_host")]
    hostname: Option<String>,
    #[arg(value_name = "HOST", conflicts_with = "hostname", hide = true)]
    positional_host: Option<String>,
}

impl HostOptions {
    /// As it was given.
    pub fn name(&self) -> &str {
        self.hostname.as_deref().or(self.positional_host.as_deref()).unwrap_or_default()
    }
}

/// How to reach the target: `-4`, `-6`, `--source` and `--proxy`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct DialOptions {
    /// Use IPv4 only
    #[arg(help_heading = "Connection", short = '4', long, conflicts_with = "use_ipv6")]
    use_ipv4: bool,
    /// Use IPv6 only
    #[arg(help_heading = "Connection", short = '6', long)]
    use_ipv6: bool,
    /// Connect from this local address
    #[arg(help_heading = "Connection", long, value_name = "ADDRESS", conflicts_with = "proxy")]
    source: Option<IpAddr>,
    /// Go through this proxy, which resolves the names too: socks5h://[user@]host:port, or
    /// http://[user@]host:port (by CONNECT; plain HTTP is asked in absolute form)
    #[arg(help_heading = "Connection", long, value_name = "URL", conflicts_with_all = ["use_ipv4", "use_ipv6"])]
    proxy: Option<Proxy>,
    /// Password of the proxy's user, in the first line of this file (or in HLIDKA_PROXY_PASSWORD)
    #[arg(help_heading = "Connection", long, value_name = "FILE", requires = "proxy")]
    proxy_password_file: Option<PathBuf>,
}

/// Why there is no connection. The message names the target and, if it was the proxy, the proxy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name has no address, or none of the wanted family.
    #[error("{0}")]
    Resolve(String),
    /// The connection was refused, or there is no route.
    #[error("connect to {target}: {source}")]
    Connect {
        /// Host and port.
        target: String,
        /// What the system said.
        source: io::Error,
    },
    /// No answer in time.
    #[error("connect to {target}: no answer within {seconds} seconds")]
    TimedOut {
        /// Host and port.
        target: String,
        /// Time waited.
        seconds: f64,
    },
    /// The resolver says nothing in time.
    #[error("cannot resolve {host}: no answer from the resolver within {seconds} seconds")]
    NotResolved {
        /// The name.
        host: String,
        /// Time waited.
        seconds: f64,
    },
    /// The proxy cannot be reached, or does not let us through.
    #[error("{0}")]
    Proxy(String),
    /// The options name something that cannot be read.
    #[error(transparent)]
    Options(#[from] CheckError),
}

impl From<Error> for CheckError {
    fn from(error: Error) -> CheckError {
        match error {
            Error::TimedOut { .. } | Error::NotResolved { .. } => CheckError::timeout(error),
            // all that were tried: a host that is not there, not one that refuses
            Error::Connect { ref source, .. } if source.kind() == io::ErrorKind::TimedOut => {
                CheckError::timeout(error)
            }
            Error::Options(error) => error,
            Error::Resolve(_) | Error::Connect { .. } | Error::Proxy(_) => CheckError::target(error),
        }
    }
}

impl DialOptions {
    /// The family that `-4` and `-6` ask for.
    pub fn family(&self) -> Family {
        match (self.use_ipv4, self.use_ipv6) {
            (true, _) => Family::V4,
            (_, true) => Family::V6,
            _ => Family::Any,
        }
    }

    /// The proxy, if one is set.
    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// The same, but past the proxy: for what the administrator wants asked directly.
    #[must_use]
    pub fn without_proxy(&self) -> DialOptions {
        DialOptions { proxy: None, proxy_password_file: None, ..self.clone() }
    }

    /// The same, through this one: for what an option means as a proxy.
    #[must_use]
    pub fn with_proxy(&self, proxy: Proxy) -> DialOptions {
        DialOptions { proxy: Some(proxy), ..self.clone() }
    }

    /// The local address to connect from, if one is set.
    pub fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// The proxy's password from its file, the environment, or the URL.
    pub fn proxy_password(&self) -> Result<Option<Secret>, CheckError> {
        let in_url = || self.proxy.as_ref().and_then(|proxy| proxy.password.clone()).map(Secret::from);
        let from_file = Secret::from_file_or_env(self.proxy_password_file.as_deref(), PASSWORD_VARIABLE)?;
        Ok(from_file.or_else(in_url))
    }

    /// Connects to `host:port` before the deadline of `ctx`.
    pub async fn connect(&self, host: &str, port: u16, ctx: &Ctx) -> Result<TcpStream, Error> {
        let connecting = async {
            match &self.proxy {
                Some(proxy) => self.through(proxy, host, port).await,
                None => self.direct(host, port, ctx).await,
            }
        };
        let left = left(ctx);
        let timed_out = || Error::TimedOut { target: target(host, port), seconds: ctx.timeout.as_secs_f64() };
        tokio::time::timeout(left, connecting).await.unwrap_or_else(|_| Err(timed_out()))
    }

    async fn direct(&self, host: &str, port: u16, ctx: &Ctx) -> Result<TcpStream, Error> {
        let addresses = self.resolve(host, port).await?;
        let connected = self.first_of(&addresses, ctx).await;
        connected.map_err(|source| Error::Connect { target: target(host, port), source })
    }

    /// Every address in turn: the first that answers wins, the first error is told if none does. They
    /// share the time that is left, so that one that drops what it is sent leaves some for the others.
    async fn first_of(&self, addresses: &[SocketAddr], ctx: &Ctx) -> io::Result<TcpStream> {
        if let [address] = addresses {
            // the deadline of all says how long that was
            return self.connect_to(*address).await;
        }
        let mut first_error = None;
        for (tried, address) in addresses.iter().enumerate() {
            let share = left(ctx) / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            let silent = |_| {
                let seconds = share.as_secs_f64();
                let said = format!("no answer from {} within {seconds:.1} seconds", address.ip());
                Err(io::Error::new(io::ErrorKind::TimedOut, said))
            };
            match tokio::time::timeout(share, self.connect_to(*address)).await.unwrap_or_else(silent) {
                Ok(stream) => return Ok(stream),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| io::Error::other("no address to connect to")))
    }

    /// [`DialOptions::resolve`] by the deadline of `ctx`, and in words if that is over.
    pub async fn resolve_in_time(&self, host: &str, port: u16, ctx: &Ctx) -> Result<Vec<SocketAddr>, Error> {
        let resolved = tokio::time::timeout(left(ctx), self.resolve(host, port)).await;
        resolved.unwrap_or_else(|_| {
            Err(Error::NotResolved { host: host.to_owned(), seconds: ctx.timeout.as_secs_f64() })
        })
    }

    /// The addresses of a name, in the resolver's order, of the wanted family.
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
        let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let found: Vec<SocketAddr> = match literal.parse::<IpAddr>() {
            Ok(address) => vec![(address, port).into()],
            Err(_) => lookup_host((host, port))
                .await
                .map_err(|error| Error::Resolve(format!("cannot resolve {host}: {error}")))?
                .collect(),
        };
        let wanted = match self.source {
            Some(source) if self.family() == Family::Any && source.is_ipv4() => Family::V4,
            Some(_) if self.family() == Family::Any => Family::V6,
            _ => self.family(),
        };
        let usable: Vec<SocketAddr> =
            found.into_iter().filter(|address| wanted.admits(address.ip())).collect();
        if usable.is_empty() {
            return Err(Error::Resolve(format!("{host} has no {}address", wanted.name())));
        }
        Ok(usable)
    }

    async fn connect_to(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(source) = self.source {
            socket.bind((source, 0).into())?;
        }
        socket.connect(address).await
    }

    async fn through(&self, proxy: &Proxy, host: &str, port: u16) -> Result<TcpStream, Error> {
        let secret = self.proxy_password()?;
        let address = (proxy.host.as_str(), proxy.port);
        let socket = TcpStream::connect(address)
            .await
            .map_err(|error| Error::Proxy(format!("connect to the proxy {proxy}: {error}")))?;
        if proxy.kind == ProxyKind::Http {
            let account = proxy.user.as_deref().map(|user| (user, secret.as_ref()));
            let through = tunnel(socket, host, port, account).await;
            return through.map_err(|error| {
                Error::Proxy(format!("{} through the proxy {proxy}: {error}", target(host, port)))
            });
        }
        let password = secret.as_ref().map_or("", Secret::expose);
        let tunnel = match &proxy.user {
            Some(user) => {
                Socks5Stream::connect_with_password_and_socket(socket, (host, port), user, password).await
            }
            None => Socks5Stream::connect_with_socket(socket, (host, port)).await,
        };
        let named =
            |error| Error::Proxy(format!("{} through the proxy {proxy}: {error}", target(host, port)));
        Ok(tunnel.map_err(named)?.into_inner())
    }
}

/// A hair before the check's own deadline, so that the message can say what was slow.
fn left(ctx: &Ctx) -> Duration {
    ctx.remaining().saturating_sub(Duration::from_millis(20))
}

/// `host:port`, with brackets around an IPv6 address.
pub(crate) fn target(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that drops what more comes, since nobody takes its first client.
    async fn dropping() -> (tokio::net::TcpListener, TcpStream, SocketAddr) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let first = TcpStream::connect(address).await.unwrap();
        (listener, first, address)
    }

    #[tokio::test]
    async fn an_address_that_drops_packets_leaves_time_for_the_others() {
        let (_listener, _first, dead) = dropping().await;
        let alive = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ctx = Ctx::new(Duration::from_secs(2), 0);
        let options = DialOptions::default();
        let addresses = [dead, alive.local_addr().unwrap()];
        let stream = options.first_of(&addresses, &ctx).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addresses[1]);
        let ctx = Ctx::new(Duration::from_millis(600), 0);
        let error = options.first_of(&[dead, dead], &ctx).await.unwrap_err().to_string();
        assert_eq!(error, "no answer from 127.0.0.1 within 0.3 seconds");
    }
}
