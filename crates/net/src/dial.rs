//! One way from options to a connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use check::{CheckError, Ctx, Secret};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_socks::tcp::Socks5Stream;

use crate::Proxy;

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
    /// Go through this SOCKS5 proxy, which resolves the names too: socks5h://[user@]host:port
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
            Error::TimedOut { .. } => CheckError::timeout(error),
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
                None => self.direct(host, port).await,
            }
        };
        // a hair before the check's own deadline, so that the message can say what was slow
        let left = ctx.remaining().saturating_sub(Duration::from_millis(20));
        let timed_out = || Error::TimedOut { target: target(host, port), seconds: ctx.timeout.as_secs_f64() };
        tokio::time::timeout(left, connecting).await.unwrap_or_else(|_| Err(timed_out()))
    }

    /// Every address in turn: the first that answers wins, the first error is told if none does.
    async fn direct(&self, host: &str, port: u16) -> Result<TcpStream, Error> {
        let mut first_error = None;
        for address in self.resolve(host, port).await? {
            match self.connect_to(address).await {
                Ok(stream) => return Ok(stream),
                Err(source) => first_error = first_error.or(Some(source)),
            }
        }
        let source = first_error.unwrap_or_else(|| io::Error::other("no address to connect to"));
        Err(Error::Connect { target: target(host, port), source })
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

/// `host:port`, with brackets around an IPv6 address.
pub(crate) fn target(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
