//! The order of things: the torrent, its trackers side by side, then peers side by side.

use std::path::Path;
use std::time::{Duration, Instant};

use check::{CheckError, Ctx};

use crate::find;
use crate::http_tracker::{Announce, Event};
use crate::metainfo::{PeerName, Subject};
use crate::tracker::{Asked, Scope, Tracker};
use crate::wire::Verdict;
use crate::{Args, peer, random};

/// Largest `--tracker-file`.
const MAX_FILE: u64 = 64 * 1024;

/// What was seen.
pub(crate) struct Sample {
    /// From the first packet to the last.
    pub seconds: f64,
    pub subject: Subject,
    /// In the order of the torrent.
    pub trackers: Vec<Asked>,
    /// Those that were asked and had an answer before there were enough: `--peer` first.
    pub peers: Vec<Examined>,
    /// Trackers of the torrent that are of no use here, and why.
    pub unusable: Vec<String>,
}

/// A peer, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Examined {
    pub name: String,
    /// Named by `--peer`?
    pub is_ours: bool,
    pub outcome: Result<Verdict, String>,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let subject = find::subject(args, ctx).await?;
    let (trackers, unusable) = trackers(args, &subject)?;
    if trackers.is_empty() && args.peers.is_empty() && subject.peers.is_empty() {
        let why = if unusable.is_empty() { String::new() } else { format!(" ({})", unusable.join(", ")) };
        return Err(CheckError::usage(format!(
            "{} names no tracker that could be asked{why}: give --tracker or --peer (the DHT is not asked)",
            subject.name
        )));
    }
    let announce = announce(&subject)?;
    let scope = if args.scrape_only { Scope::Numbers } else { Scope::Peers };
    // what trackers leave of the time is for the peers
    let share = match scope {
        Scope::Numbers => ctx.remaining().saturating_sub(Duration::from_millis(50)),
        Scope::Peers => ctx.remaining() / 2,
    };
    let own = Ctx::new(round(share), ctx.verbosity);
    let asking = trackers.iter().map(|tracker| tracker.ask(announce, scope, &args.urls, &own));
    let asked: Vec<Asked> = check::together(asking, |_| false).await.into_iter().flatten().collect();
    let mut sample = Sample { seconds: 0.0, subject, trackers: asked, peers: Vec::new(), unusable };
    if scope == Scope::Peers {
        sample.peers = peers(args, &sample, &announce.peer_id, ctx).await;
    }
    sample.seconds = start.elapsed().as_secs_f64();
    Ok(sample)
}

/// All at once, until each of ours has answered and enough of the others are seeds.
async fn peers(args: &Args, sample: &Sample, peer_id: &[u8; 20], ctx: &Ctx) -> Vec<Examined> {
    let mut names: Vec<(PeerName, bool)> = args.peers.iter().map(|peer| (peer.clone(), true)).collect();
    let listed = sample.trackers.iter().flat_map(|tracker| &tracker.peers).chain(&sample.subject.peers);
    for peer in listed {
        let all = args.peers.len() + args.max_peers as usize;
        if names.len() < all && !names.iter().any(|(known, _)| known == peer) {
            names.push((peer.clone(), false));
        }
    }
    // a little less than is left, so that there is time to judge
    let left = ctx.remaining();
    let own = Ctx::new(round(left.saturating_sub((left / 10).max(Duration::from_millis(50)))), ctx.verbosity);
    let asking = names.iter().map(|(peer, is_ours)| {
        let own = &own;
        async move {
            let outcome = peer::examine(&sample.subject, peer, peer_id, args.urls.dial(), own).await;
            Examined { name: peer.to_string(), is_ours: *is_ours, outcome }
        }
    });
    let (mut waiting, mut seeds) = (args.peers.len(), 0);
    let enough = |examined: &Examined| {
        waiting -= usize::from(examined.is_ours);
        seeds += u32::from(examined.outcome == Ok(Verdict::Seed));
        waiting == 0 && seeds >= args.verify
    };
    check::together(asking, enough).await.into_iter().flatten().collect()
}

/// Down to a tenth of a second, for messages.
fn round(time: Duration) -> Duration {
    let tenths = u32::try_from(time.as_millis() / 100).unwrap_or(u32::MAX);
    Duration::from_millis(100).saturating_mul(tenths.max(1))
}

/// Who we are for this run: another one each time, as BEP 20 has it, and a port where nobody listens.
fn announce(subject: &Subject) -> Result<Announce, CheckError> {
    let random: [u8; 14] = random().map_err(CheckError::internal)?;
    let mut peer_id = *b"-HL0100-000000000000";
    for (to, byte) in peer_id.iter_mut().skip(8).zip(random) {
        *to = b'a' + byte % 26;
    }
    let [.., high, low] = random;
    let port = 20_000 + u16::from_be_bytes([high, low]) % 40_000;
    let left = subject.info.as_ref().map_or(1, |info| info.length.max(1));
    Ok(Announce { info_hash: subject.info_hash, peer_id, port, left, event: Event::Started })
}

/// Those to ask, and those of the torrent that nobody here can ask.
fn trackers(args: &Args, subject: &Subject) -> Result<(Vec<Tracker>, Vec<String>), CheckError> {
    let (mut trackers, mut unusable) = (args.trackers.clone(), Vec::new());
    if let Some(file) = &args.tracker_file {
        trackers = from_file(file)?;
    } else if trackers.is_empty() && !args.no_trackers {
        for text in &subject.trackers {
            match text.parse() {
                Ok(tracker) if trackers.contains(&tracker) => {}
                Ok(tracker) => trackers.push(tracker),
                Err(why) => unusable.push(why),
            }
        }
    }
    let udp = trackers.iter().find(|tracker| matches!(tracker, Tracker::Udp { .. }));
    if let Some(udp) = udp.filter(|_| args.urls.dial().proxy().is_some()) {
        return Err(CheckError::usage(format!(
            "{udp} cannot be asked through a proxy: name those to ask instead by --tracker, or use --no-trackers"
        )));
    }
    Ok((trackers, unusable))
}

fn from_file(file: &Path) -> Result<Vec<Tracker>, CheckError> {
    use std::io::Read;
    let name = file.display();
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
        .map_err(|error| CheckError::internal(format!("cannot read {name}: {error}")))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let trackers: Result<Vec<Tracker>, String> = lines.map(str::parse).collect();
    match trackers {
        Ok(trackers) if trackers.is_empty() => Err(CheckError::usage(format!("{name} names no tracker"))),
        other => other.map_err(|why| CheckError::usage(format!("{name}: {why}"))),
    }
}
