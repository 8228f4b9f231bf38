//! All I/O of `check_cert`: a handshake, the trusted authorities, a hello as an old client.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use check::{CheckError, Ctx};
use net::TlsServer;
use net::tls::{Doubt, Offer, Peer, TlsError, Version};

use crate::Args;

/// What was seen of the server.
pub(crate) struct Sample {
    /// From the first packet to the end of the handshake.
    pub seconds: f64,
    /// What it showed.
    pub peer: Peer,
    /// Why it ended the handshake after that, if it did.
    pub ended: Option<TlsError>,
    /// Every reason not to trust it.
    pub doubts: Vec<Doubt>,
    /// What it takes from clients with nothing as new as `--tls-min`.
    pub old: Option<Offer>,
    /// Unix time.
    pub now: i64,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let server = TlsServer {
        dial: &args.dial,
        host: args.host.name(),
        port: args.port(),
        starttls: args.starttls,
        name: args.tls_options.name(args.host.name()),
        alpn: None,
    };
    let start = Instant::now();
    let (peer, ended) = server.look(ctx).await?;
    let seconds = start.elapsed().as_secs_f64();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let doubts = args.tls_options.doubts(&peer, args.host.name(), now)?;
    let old = match args.tls_min.and_then(Version::older) {
        Some(newest) => refused_or(server.offer(newest, ctx).await?, &server)?,
        None => None,
    };
    Ok(Sample { seconds, peer, ended, doubts, old, now })
}

/// A refusal is what is hoped for; silence is none.
fn refused_or(answer: Result<Offer, TlsError>, server: &TlsServer<'_>) -> Result<Option<Offer>, CheckError> {
    match answer {
        Ok(offer) => Ok(Some(offer)),
        Err(TlsError::Alert(_) | TlsError::Closed) => Ok(None),
        Err(error @ TlsError::TimedOut(_)) => {
            Err(CheckError::timeout(format!("{}: {error}", server.place())))
        }
        Err(error) => {
            Err(CheckError::target(format!("{}, asked for an old version: {error}", server.place())))
        }
    }
}
