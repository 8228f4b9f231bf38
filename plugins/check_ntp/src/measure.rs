//! All I/O of `check_ntp`: every server at once, each a few times.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use check::{CheckError, Ctx};
use net::Udp;
use tokio::net::lookup_host;
use tokio::task::JoinSet;
use tokio::time::{timeout, timeout_at};

use crate::Args;
use crate::packet::{self, Reply, Timestamp};
use crate::reading::{Exchange, Reading};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Kept of the check's time, so that the message can say what was slow.
const HAIR: Duration = Duration::from_millis(50);
/// A server that lets so many questions pass is given up.
const MISSES: usize = 3;
/// Most addresses of all servers.
const MOST: usize = 32;
/// More than any packet needs; what is longer is cut, and ignored.
const BUFFER: usize = 1024;

/// One address of one server.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// As a person would look for it.
    pub name: String,
    pub reading: Result<Reading, Failure>,
}

/// Why there is no reading.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// It said nothing in time.
    Silent,
    /// The resolver said nothing in time.
    Unresolved(String),
    /// It does not know the time.
    Unsynchronised(String),
    /// Anything else.
    Other(String),
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Vec<Source>, CheckError> {
    let mut resolving = JoinSet::new();
    let hosts = args.hosts();
    // the others are to be asked even if one cannot be found
    let share = if hosts.len() > 1 { 2 } else { 1 };
    let patience = ctx.remaining().saturating_sub(HAIR) / share;
    let told = ctx.timeout.as_secs_f64() / f64::from(share);
    for (i, host) in hosts.into_iter().enumerate() {
        let (wanted, port) = (args.clone(), args.port);
        resolving.spawn(async move {
            let resolved = timeout(patience, resolve(&host, port, &wanted)).await;
            let too_slow =
                |_| Err(Failure::Unresolved(format!("no answer from the resolver within {told} seconds")));
            (i, host.clone(), resolved.unwrap_or_else(too_slow))
        });
    }
    let mut resolved = Vec::new();
    while let Some(done) = resolving.join_next().await {
        resolved.push(done.map_err(internal)?);
    }
    resolved.sort_by_key(|(i, ..)| *i);
    let mut sources = Vec::new();
    let mut asking = JoinSet::new();
    for (_, host, addresses) in resolved {
        let addresses = match addresses {
            Ok(addresses) => addresses,
            Err(failure) => {
                sources.push((sources.len() + asking.len(), Source { name: host, reading: Err(failure) }));
                continue;
            }
        };
        for address in addresses {
            let i = sources.len() + asking.len();
            if i >= MOST {
                break;
            }
            let name = if bare(&host).parse::<IpAddr>().is_ok() {
                address.to_string()
            } else {
                format!("{host} ({address})")
            };
            let (args, ctx) = (args.clone(), *ctx);
            asking.spawn(async move { (i, Source { name, reading: ask(address, &args, &ctx).await }) });
        }
    }
    while let Some(done) = asking.join_next().await {
        sources.push(done.map_err(internal)?);
    }
    sources.sort_by_key(|(i, _)| *i);
    Ok(sources.into_iter().map(|(_, source)| source).collect())
}

fn internal(error: impl std::fmt::Display) -> CheckError {
    CheckError::internal(format!("asking the servers: {error}"))
}

/// Without the brackets that an IPv6 address may have.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// The addresses of a name, of the wanted family.
async fn resolve(host: &str, port: u16, args: &Args) -> Result<Vec<SocketAddr>, Failure> {
    let found: Vec<SocketAddr> = match bare(host).parse::<IpAddr>() {
        Ok(address) => vec![(address, port).into()],
        Err(_) => lookup_host((host, port))
            .await
            .map_err(|error| Failure::Other(format!("cannot resolve {host}: {error}")))?
            .collect(),
    };
    let mut usable: Vec<SocketAddr> = Vec::new();
    for address in found {
        if args.admits(address.ip()) && !usable.contains(&address) {
            usable.push(address);
        }
    }
    if usable.is_empty() {
        return Err(Failure::Other(format!("{host} has no address of the wanted kind")));
    }
    Ok(usable)
}

/// A question that waits for its answer.
struct Asked {
    cookie: u64,
    sent: Timestamp,
    at: Instant,
}

async fn ask(address: SocketAddr, args: &Args, ctx: &Ctx) -> Result<Reading, Failure> {
    let broken = |error: std::io::Error| Failure::Other(error.to_string());
    let socket = Udp::connect(address, args.source).map_err(broken)?;
    let patience = PATIENCE.min(ctx.remaining() / 5);
    let interval = Duration::from_secs_f64(args.interval.min(ctx.timeout.as_secs_f64()));
    let (mut asked, mut exchanges, mut misses) = (Vec::<Asked>::new(), Vec::new(), 0);
    let mut junk: Option<String> = None;
    let mut is_first = true;
    while exchanges.len() < usize::from(args.samples) && misses < MISSES {
        if !std::mem::take(&mut is_first) {
            // what has been heard so far is better than nothing
            if ctx.remaining() < interval + patience * 2 {
                break;
            }
            tokio::time::sleep(interval).await;
        }
        let cookie = cookie()?;
        // in this order, a pause between the two makes the way look longer, and the answer count less
        let at = Instant::now();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        asked.push(Asked { cookie, sent: Timestamp::of(now), at });
        socket.send(&packet::request(cookie)).await.map_err(broken)?;
        match hear(&socket, &mut asked, Instant::now() + patience, &mut junk).await.map_err(broken)? {
            None => misses += 1,
            Some(Heard::Exchange(exchange)) => exchanges.push(exchange),
            Some(Heard::Unsynchronised(why)) => return Err(Failure::Unsynchronised(why)),
            // it has told us the time, and wants a rest: that is good enough
            Some(Heard::Kiss(_)) if !exchanges.is_empty() => break,
            Some(Heard::Kiss(code)) => return Err(Failure::Other(refusal(&code))),
        }
    }
    Reading::of(&exchanges).ok_or_else(|| match junk {
        Some(what) => Failure::Other(format!("no answer, only what is none: {what}")),
        None => Failure::Silent,
    })
}

enum Heard {
    Exchange(Exchange),
    Unsynchronised(String),
    Kiss(String),
}

/// Waits for the answer to any question that is open, whatever else comes.
async fn hear(
    socket: &Udp,
    asked: &mut Vec<Asked>,
    until: Instant,
    junk: &mut Option<String>,
) -> std::io::Result<Option<Heard>> {
    let mut buffer = [0; BUFFER];
    while Instant::now() < until {
        let Ok(received) = timeout_at(until.into(), socket.recv(&mut buffer)).await else { break };
        let length = received?;
        let arrived = Instant::now();
        let bytes = buffer.get(..length).unwrap_or_default();
        let is_ours = |cookie| asked.iter().any(|asked| asked.cookie == cookie);
        let (cookie, reply) = match packet::read(bytes, is_ours) {
            Ok(heard) => heard,
            Err(what) => {
                junk.get_or_insert(what);
                continue;
            }
        };
        let answer = match reply {
            Reply::Kiss(code) => return Ok(Some(Heard::Kiss(code))),
            Reply::Unsynchronised(why) => return Ok(Some(Heard::Unsynchronised(why))),
            Reply::Time(answer) => answer,
        };
        // each question is answered once: a copy would count as another sample
        if let Some(i) = asked.iter().position(|asked| asked.cookie == cookie) {
            let Asked { sent, at, cookie: _ } = asked.swap_remove(i);
            let took = arrived.saturating_duration_since(at).as_secs_f64();
            return Ok(Some(Heard::Exchange(Exchange { sent, took, answer })));
        }
    }
    Ok(None)
}

fn refusal(code: &str) -> String {
    match code {
        "RATE" => "it was asked too often (kiss code RATE)".to_owned(),
        code => format!("it refuses to serve us (kiss code {code})"),
    }
}

fn cookie() -> Result<u64, Failure> {
    let mut random = [0; 8];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| Failure::Other(format!("no random numbers from the kernel: {error}")))?;
    Ok(u64::from_ne_bytes(random))
}
