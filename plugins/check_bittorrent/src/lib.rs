//! `check_bittorrent`: is a torrent, such as the last release, seeded?
//!
//! `find` gets the torrent, `tracker` asks its trackers for numbers and peers, `peer` asks peers what
//! they have; these do all I/O. What comes back is read by pure modules: [`bencode`], [`metainfo`],
//! [`newest`], [`http_tracker`], [`udp_tracker`], [`wire`]. `judge` compares.
//!
//! Left out: the DHT, µTP, encrypted handshakes, torrents of version 2 only.

pub mod bencode;
mod find;
pub mod http_tracker;
mod judge;
mod measure;
pub mod metainfo;
pub mod newest;
mod peer;
mod tracker;
pub mod udp_tracker;
pub mod wire;

use std::path::PathBuf;

use check::{Check, CheckError, Ctx, Definition, Isolation, Range, Report, State};
use fetch::UrlOptions;

use crate::find::{Index, Named};
use crate::metainfo::PeerName;
use crate::newest::Pattern;
use crate::tracker::Tracker;

/// Options of `check_bittorrent`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The torrent: a file, a URL, or a magnet link
    #[arg(
        short = 'T',
        long,
        value_name = "WHAT",
        required_unless_present = "index",
        help_heading = "Torrent"
    )]
    torrent: Option<Named>,
    /// Page that links to torrents (a directory listing will do) or JSON that names them: all texts
    /// in it, or those that the JSONPath behind a # selects (`$.` may be left out)
    #[arg(
        long,
        value_name = "URL[#PATH]",
        requires = "latest",
        conflicts_with = "torrent",
        help_heading = "Torrent"
    )]
    index: Option<Index>,
    /// Which of the index: the last by this pattern, such as live-amd64-*.img.torrent. Names are
    /// compared where the wildcards are, numbers by value; of a magnet link the name is its dn
    #[arg(long, value_name = "PATTERN", requires = "index", help_heading = "Torrent")]
    latest: Option<Pattern>,
    /// Leave out names of this pattern, such as *~rc* or *beta*; may be repeated
    #[arg(long, value_name = "PATTERN", requires = "latest", help_heading = "Torrent")]
    exclude: Vec<Pattern>,

    /// Ask this tracker (http, https or udp) instead of those that the torrent names; may be repeated
    #[arg(long = "tracker", value_name = "URL", help_heading = "Trackers")]
    trackers: Vec<Tracker>,
    /// Ask the trackers in this file, one URL a line: for private ones, whose URLs hold a key. No
    /// more than scheme, host and port of a tracker is ever shown
    #[arg(long, value_name = "FILE", conflicts_with = "trackers", help_heading = "Trackers")]
    tracker_file: Option<PathBuf>,
    /// Ask no trackers, only --peer
    #[arg(long, requires = "peers", conflicts_with_all = ["trackers", "tracker_file", "scrape_only", "warning", "min_trackers"], help_heading = "Trackers")]
    no_trackers: bool,
    /// WARNING if fewer trackers answer [default: all]; none is CRITICAL, and who fails is named
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Trackers")]
    min_trackers: Option<u32>,
    /// Ask trackers for their numbers only: no announce, no peers (private trackers may want that)
    #[arg(long, conflicts_with_all = ["peers", "verify", "max_peers"], help_heading = "Trackers")]
    scrape_only: bool,

    /// Ask this peer, which must be a full seed; may be repeated
    #[arg(long = "peer", value_name = "HOST:PORT", help_heading = "Peers")]
    peers: Vec<PeerName>,
    /// So many peers must be shown to be full seeds, by what they say in a handshake. For a magnet
    /// link the number of pieces is asked of the peer (BEP 9) unless it says that it has all (BEP 6)
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Peers")]
    verify: u32,
    /// Ask so many of the trackers' peers at most, all at once
    #[arg(long, value_name = "COUNT", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=200), help_heading = "Peers")]
    max_peers: u32,

    /// WARNING if the number of seeders by the tracker that tells most is outside this range (3:)
    #[arg(short = 'w', long, value_name = "RANGE", help_heading = "Thresholds")]
    warning: Option<Range>,
    /// CRITICAL if it is outside this range
    #[arg(short = 'c', long, value_name = "RANGE", default_value = "1:", help_heading = "Thresholds")]
    critical: Range,

    #[command(flatten)]
    urls: UrlOptions,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_bittorrent",
        title: "BITTORRENT",
        separator: " - ",
        about: "Looks whether a torrent is seeded: seeders by its trackers, and at least one peer that has every piece",
        examples: "Examples:\n  \
            check_bittorrent -T https://example.org/live-6.9.img.torrent -w 3:\n  \
            check_bittorrent --index https://example.org/torrents/ --latest 'live-amd64-*.img.torrent' --exclude '*~*'\n  \
            check_bittorrent --index 'https://example.org/releases.json#releases[*].torrent' --latest '*.iso.torrent'\n  \
            check_bittorrent -T /srv/t/x.torrent --no-trackers --peer seed.example.org:51413\n  \
            check_bittorrent -T x.torrent --tracker-file /etc/hlidka/tracker --scrape-only\n\
            The check announces itself to get peers, as one who lacks everything, and takes its leave at once; it\n\
            downloads nothing. Trackers over UDP and --proxy do not go together, and the DHT is not asked. Peers\n\
            that insist on encryption count as failed.",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        judge::judge(&sample, self)
    }
}

/// So many bytes that nobody can guess.
fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    let filled = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    filled.map(|()| bytes).map_err(|_| "the system has no random numbers".to_owned())
}
