//! All I/O of `check_ping`: resolve, send at the interval, collect until every request is settled.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::task::Poll;
use std::time::{Duration, Instant};

use check::{CheckError, Ctx};
use net::Family;
use tokio::net::lookup_host;
use tokio::time::timeout_at;

use crate::ipsec::{self, Ipsec};
use crate::options::Source;
use crate::socket::{Echo, Kind};
use crate::tally::{Outcome, Tally};
use crate::targets::Targets;
use crate::{Args, LEAST_WAIT};

/// Kept back of the deadline for making a report of what was seen.
const RESERVE: Duration = Duration::from_millis(20);

/// What was seen of one target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    /// As given.
    pub host: String,
    /// What was measured, or why nothing was.
    pub result: Result<Measured, String>,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measured {
    pub address: SocketAddr,
    pub kind: Kind,
    pub outcome: Outcome,
    /// If it was asked for.
    pub ipsec: Option<Ipsec>,
}

/// Pings all targets at once. A target that does not resolve ends the run if it is the only one.
pub(crate) async fn measure(
    args: &Args,
    targets: &Targets<'_>,
    wait: Duration,
    ctx: &Ctx,
) -> Result<Vec<Sample>, CheckError> {
    let hosts = &targets.hosts;
    let results = join_all(hosts.iter().map(|host| one(args, host, targets.packets, wait, ctx))).await;
    let mut samples = Vec::with_capacity(hosts.len());
    for (host, result) in hosts.iter().zip(results) {
        let result = match result {
            Ok(measured) => Ok(measured),
            Err(CheckError::Target(reason) | CheckError::Timeout(reason)) if hosts.len() > 1 => Err(reason),
            Err(error) => return Err(error),
        };
        samples.push(Sample { host: (*host).to_owned(), result });
    }
    Ok(samples)
}

async fn one(
    args: &Args,
    host: &str,
    packets: u16,
    wait: Duration,
    ctx: &Ctx,
) -> Result<Measured, CheckError> {
    let end = ctx.deadline().checked_sub(RESERVE).unwrap_or(ctx.deadline());
    let address = timeout_at(end.into(), resolve(host, args.family()))
        .await
        .unwrap_or_else(|_| Err(CheckError::timeout(format!("cannot resolve {host}: no answer in time"))))?;
    let mut echo = Echo::open(address, args.source.as_ref(), args.ttl, args.size)?;
    let outcome = exchange(&mut echo, usize::from(packets), args.interval.duration(), wait, end).await?;
    // after the packets, which may have made the kernel ask for an association
    let wanted = args.ipsec || args.require_ipsec;
    let ipsec = wanted.then(|| ipsec::look(args.source.as_ref(), address.ip()));
    Ok(Measured { address, kind: echo.kind, outcome, ipsec })
}

/// The first address of the wanted family, in the resolver's order. Without port; with the
/// interface of a link-local address.
async fn resolve(host: &str, family: Family) -> Result<SocketAddr, CheckError> {
    let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let mut found = match literal.parse() {
        Ok(address) => vec![SocketAddr::new(address, 0)],
        Err(_) => lookup_host((literal, 0))
            .await
            .map_err(|error| CheckError::target(format!("cannot resolve {host}: {error}")))?
            .collect(),
    };
    found.retain(|address| family.admits(address.ip()));
    let wanted = match family {
        Family::Any => "",
        Family::V4 => "IPv4 ",
        Family::V6 => "IPv6 ",
    };
    found.first().copied().ok_or_else(|| CheckError::target(format!("{host} has no {wanted}address")))
}

/// Sends every request at its time, and returns as soon as all of them are settled, or `wait` after
/// the last one (a second, if one was refused), or at `end`.
async fn exchange(
    echo: &mut Echo,
    packets: usize,
    interval: Duration,
    wait: Duration,
    end: Instant,
) -> Result<Outcome, CheckError> {
    let mut tally = Tally::default();
    let mut last_sent = None;
    loop {
        let now = Instant::now();
        let all_sent = tally.sent() >= packets;
        // a late packet delays those that follow, so that no two are closer than the interval
        let patience = match all_sent {
            false => interval,
            // routers limit how many refusals they send: there may be no more than the first
            true if tally.is_refused() => wait.min(LEAST_WAIT),
            true => wait,
        };
        let next = last_sent.map_or(now, |last: Instant| last + patience);
        if now >= end || (all_sent && (tally.is_settled() || now >= next)) {
            return Ok(tally.outcome());
        }
        if now >= next {
            match echo.send(tally.next_sequence()) {
                Ok(()) => tally.sent_at(now),
                Err(refusal) => tally.not_sent(now, refusal),
            }
            last_sent = Some(now);
            continue;
        }
        let received = echo.receive(|event, at| tally.receive(event, at));
        if let Ok(result) = timeout_at(next.min(end).into(), received).await {
            result?;
        }
    }
}

/// Runs futures side by side in this task, so that dropping the whole stops each.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(move |cx| {
        let mut pending = false;
        for (future, output) in &mut running {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    Poll::Ready(ready) => *output = Some(ready),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            return Poll::Pending;
        }
        Poll::Ready(running.iter_mut().filter_map(|(_, output)| output.take()).collect())
    })
    .await
}

impl Args {
    /// The family that `-4`, `-6` or the source ask for.
    fn family(&self) -> Family {
        match (self.use_ipv4, self.use_ipv6, &self.source) {
            (true, _, _) => Family::V4,
            (_, true, _) => Family::V6,
            (_, _, Some(Source::Address(address))) if address.is_ipv4() => Family::V4,
            (_, _, Some(Source::Address(_))) => Family::V6,
            _ => Family::Any,
        }
    }
}
