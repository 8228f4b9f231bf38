//! Trackers: what one is, and asking it; all I/O with them.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use check::{CheckError, Ctx};
use fetch::{Url, UrlOptions};
use net::{DialOptions, Udp};

use crate::http_tracker::{self, Announce, Announced, Counts, Event};
use crate::metainfo::{InfoHash, PeerName};
use crate::udp_tracker::{self, Reply};

/// What the answer to our goodbye may take: it is not worth more.
const GOODBYE: Duration = Duration::from_secs(2);

/// The first wait for a packet, doubled each time. BEP 15 has 15 seconds, longer than most checks.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Longest packet read.
const MAX_PACKET: usize = 4096;

/// A tracker of a torrent.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Tracker {
    Http(Url),
    Udp {
        host: String,
        port: u16,
        /// Path and query of its URL, which may hold a key.
        path: String,
    },
}

impl FromStr for Tracker {
    type Err = String;

    fn from_str(text: &str) -> Result<Tracker, String> {
        // never the whole URL in a message: it may hold a key
        let url = Url::parse(text).map_err(|error| format!("the URL of a tracker is none: {error}"))?;
        match (url.scheme(), url.host_str(), url.port()) {
            ("http" | "https", Some(_), _) => Ok(Tracker::Http(url)),
            ("udp", Some(host), Some(port)) if port != 0 && !host.is_empty() => {
                let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
                let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
                Ok(Tracker::Udp { host, port, path: format!("{}{query}", url.path()) })
            }
            ("udp", _, _) => Err("a tracker over UDP needs host and port".to_owned()),
            (other, _, _) => Err(format!("a tracker `{other}://…` is not over HTTP or UDP")),
        }
    }
}

/// Without path and query.
impl fmt::Display for Tracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tracker::Http(url) => write!(f, "{}://{}", url.scheme(), fetch::place(url)),
            Tracker::Udp { host, port, .. } if host.contains(':') => write!(f, "udp://[{host}]:{port}"),
            Tracker::Udp { host, port, .. } => write!(f, "udp://{host}:{port}"),
        }
    }
}

impl fmt::Debug for Tracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tracker({self})")
    }
}

/// Why a tracker did not answer, or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub text: String,
    pub timed_out: bool,
}

/// What became of one tracker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub name: String,
    /// By scrape, else by announce, without ourselves.
    pub counts: Option<Counts>,
    pub peers: Vec<PeerName>,
    /// It did not do what was wanted of it.
    pub failure: Option<Failure>,
    /// For `-v`.
    pub notes: Vec<String>,
}

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Numbers only, by scrape.
    Numbers,
    /// Announce too, for peers.
    Peers,
}

impl Tracker {
    /// Asks for numbers and peers: a scrape, then an announce, and another one to be forgotten.
    pub(crate) async fn ask(&self, announce: Announce, scope: Scope, urls: &UrlOptions, ctx: &Ctx) -> Asked {
        let mut asked = Asked { name: self.to_string(), ..Asked::default() };
        if let Err(failure) = self.converse(announce, scope, urls, ctx, &mut asked).await {
            asked.failure = Some(failure);
        }
        asked
    }

    async fn converse(
        &self,
        announce: Announce,
        scope: Scope,
        urls: &UrlOptions,
        ctx: &Ctx,
        asked: &mut Asked,
    ) -> Result<(), Failure> {
        let line = self.open(urls, ctx).await?;
        match line.scrape(announce.info_hash, ctx).await {
            Ok(counts) => asked.counts = Some(counts),
            Err(failure) if scope == Scope::Numbers || failure.timed_out => return Err(failure),
            Err(failure) => asked.notes.push(format!("scrape: {}", failure.text)),
        }
        if scope == Scope::Numbers {
            return Ok(());
        }
        let answer = line.announce(&announce, ctx).await?;
        asked.notes.extend(answer.warning.map(|warning| format!("it warns: {warning}")));
        // as one of the leechers we were counted just now
        let counted =
            answer.counts.map(|counts| Counts { leechers: counts.leechers.saturating_sub(1), ..counts });
        asked.counts = asked.counts.or(counted);
        asked.peers = answer.peers;
        asked.peers.retain(|peer| peer.port != announce.port);
        let goodbye = Ctx::new(GOODBYE.min(ctx.remaining().max(GOODBYE / 4)), ctx.verbosity);
        let stopped = Announce { event: Event::Stopped, left: announce.left, ..announce };
        if let Err(failure) = line.announce(&stopped, &goodbye).await {
            asked.notes.push(format!("event=stopped: {}", failure.text));
        }
        Ok(())
    }

    async fn open<'a>(&'a self, urls: &'a UrlOptions, ctx: &Ctx) -> Result<Line<'a>, Failure> {
        match self {
            Tracker::Http(url) => Ok(Line::Http { url, urls }),
            Tracker::Udp { host, port, path } => {
                Session::open(host, *port, path, urls.dial(), ctx).await.map(Line::Udp)
            }
        }
    }
}

/// A tracker that can be asked.
enum Line<'a> {
    Http { url: &'a Url, urls: &'a UrlOptions },
    Udp(Session<'a>),
}

impl Line<'_> {
    async fn scrape(&self, info_hash: InfoHash, ctx: &Ctx) -> Result<Counts, Failure> {
        match self {
            Line::Http { url, urls } => {
                let url = http_tracker::scrape_url(url, info_hash)
                    .ok_or_else(|| Failure::of("its URL has no form that can be scraped (BEP 48)"))?;
                get(&url, urls, ctx, |body| http_tracker::scraped(body, info_hash)).await
            }
            Line::Udp(session) => {
                let packet =
                    |transaction| udp_tracker::scrape_request(session.connection, transaction, info_hash);
                session.exchange("scrape", packet, udp_tracker::scraped, ctx).await
            }
        }
    }

    async fn announce(&self, announce: &Announce, ctx: &Ctx) -> Result<Announced, Failure> {
        match self {
            Line::Http { url, urls } => {
                get(&http_tracker::announce_url(url, announce), urls, ctx, http_tracker::announced).await
            }
            Line::Udp(session) => {
                let packet = |transaction| {
                    udp_tracker::announce_request(session.connection, transaction, announce, session.path)
                };
                let length = session.address_length;
                let read = |packet: &[u8], transaction| udp_tracker::announced(packet, transaction, length);
                session.exchange("announce", packet, read, ctx).await
            }
        }
    }
}

/// One question over HTTP. A refusal may come with any status, in bencode all the same.
async fn get<T>(
    url: &Url,
    urls: &UrlOptions,
    ctx: &Ctx,
    read: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<T, Failure> {
    let answer = urls.get(url, ctx).await.map_err(|error| Failure {
        timed_out: matches!(error, CheckError::Timeout(_)),
        text: error.to_string(),
    })?;
    let refused = |why: &String| why.starts_with("it refuses");
    match read(&answer.body) {
        Ok(read) if answer.status.is_success() => Ok(read),
        Err(why) if answer.status.is_success() || refused(&why) => Err(Failure::of(why)),
        _ => Err(Failure::of(fetch::clipped(&answer.status_line()))),
    }
}

impl Failure {
    fn of(text: impl Into<String>) -> Failure {
        Failure { text: text.into(), timed_out: false }
    }
}

/// Addresses of a tracker that are tried.
const MAX_ADDRESSES: usize = 4;

/// A tracker over UDP that has let us in.
struct Session<'a> {
    socket: Udp,
    connection: u64,
    path: &'a str,
    /// Of addresses in its answers, by the family that it was asked over.
    address_length: usize,
}

impl<'a> Session<'a> {
    async fn open(
        host: &str,
        port: u16,
        path: &'a str,
        dial: &DialOptions,
        ctx: &Ctx,
    ) -> Result<Session<'a>, Failure> {
        let timed_out = || Failure {
            text: format!("cannot resolve {host} within {} seconds", ctx.timeout.as_secs_f64()),
            timed_out: true,
        };
        let found =
            tokio::time::timeout(ctx.remaining(), dial.resolve(host, port)).await.map_err(|_| timed_out())?;
        let mut addresses = found.map_err(|error| Failure::of(error.to_string()))?;
        addresses.truncate(MAX_ADDRESSES);
        let mut failure = Failure::of(format!("{host} has no address"));
        for (i, address) in addresses.iter().enumerate() {
            // each of those that are left has its share of the time
            let share = u32::try_from(addresses.len() - i).unwrap_or(1);
            let own = Ctx::new(ctx.remaining() / share, ctx.verbosity);
            match Session::at(*address, path, dial, &own).await {
                Ok(session) => return Ok(session),
                Err(why) => failure = why,
            }
        }
        Err(failure)
    }

    async fn at(
        address: SocketAddr,
        path: &'a str,
        dial: &DialOptions,
        ctx: &Ctx,
    ) -> Result<Session<'a>, Failure> {
        let socket = Udp::connect(address, dial.source()).map_err(|error| Failure::of(error.to_string()))?;
        let mut session =
            Session { socket, connection: 0, path, address_length: if address.is_ipv4() { 4 } else { 16 } };
        let connection =
            session.exchange("connect", udp_tracker::connect_request, udp_tracker::connected, ctx);
        session.connection = connection.await?;
        Ok(session)
    }

    /// Sends a packet until its answer comes; what is no answer to it does not count.
    async fn exchange<T>(
        &self,
        what: &str,
        packet: impl Fn(u32) -> Vec<u8>,
        read: impl Fn(&[u8], u32) -> Reply<T>,
        ctx: &Ctx,
    ) -> Result<T, Failure> {
        let transaction = crate::random::<4>().map(u32::from_be_bytes).map_err(Failure::of)?;
        let broken = |error: std::io::Error| Failure::of(format!("{what}: {error}"));
        let packet = packet(transaction);
        let (mut wait, mut strangers) = (FIRST_WAIT, 0_u32);
        let mut buffer = [0; MAX_PACKET];
        loop {
            let left = ctx.remaining().saturating_sub(Duration::from_millis(20));
            if left.is_zero() {
                return Err(Failure { text: silence(what, strangers, ctx), timed_out: strangers == 0 });
            }
            self.socket.send(&packet).await.map_err(broken)?;
            let resend = tokio::time::Instant::now() + wait.min(left);
            while let Ok(received) = tokio::time::timeout_at(resend, self.socket.recv(&mut buffer)).await {
                let length = received.map_err(broken)?;
                match read(buffer.get(..length).unwrap_or_default(), transaction) {
                    Reply::Answer(answer) => return Ok(answer),
                    Reply::Refusal(why) => return Err(Failure::of(format!("it refuses: {why}"))),
                    Reply::Stranger => strangers = strangers.saturating_add(1),
                }
            }
            wait *= 2;
        }
    }
}

fn silence(what: &str, strangers: u32, ctx: &Ctx) -> String {
    let seconds = ctx.timeout.as_secs_f64();
    match strangers {
        0 => format!("no answer to {what} within {seconds:.1} seconds"),
        _ => format!("no answer to {what} within {seconds:.1} seconds, but packets that are none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trackers_are_named_without_their_keys() {
        for (text, name) in [
            ("http://t.example:6969/k3y/announce?p=k3y", "http://t.example:6969"),
            ("https://t.example/announce", "https://t.example"),
            ("udp://t.example:80/announce?k3y", "udp://t.example:80"),
            ("udp://[::1]:80", "udp://[::1]:80"),
        ] {
            let tracker: Tracker = text.parse().unwrap();
            assert_eq!(tracker.to_string(), name);
            assert!(!format!("{tracker:?}").contains("k3y"));
        }
        for bad in ["", "t.example", "udp://t.example/k3y", "wss://t.example/k3y", "http://", "udp://:80"] {
            let error = bad.parse::<Tracker>().unwrap_err();
            assert!(!error.contains("k3y"), "{error}");
        }
        let Ok(Tracker::Udp { path, .. }) = "udp://t:80/announce?k=1".parse() else { panic!() };
        assert_eq!(path, "/announce?k=1");
    }
}
