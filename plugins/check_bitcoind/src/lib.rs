//! `check_bitcoind`: is a Bitcoin node at the height that the rest of the world is at?
//!
//! The node is asked by RPC, or a file that it writes is read; the sources are asked at the same time,
//! each for itself. `node` and `source` do all I/O; [`rpc`], [`facts`] and [`document`] read what came,
//! pure; `consensus` says what the sources agree on, `judge` compares.

mod consensus;
pub mod document;
pub mod facts;
mod judge;
mod login;
mod node;
pub mod rpc;
mod source;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::str::FromStr;
use std::time::Instant;

use check::{Check, CheckError, Ctx, Definition, Isolation, Range, Report, State};
use fetch::UrlOptions;
use jiff::Timestamp;

use crate::document::NamedFile;
use crate::source::Source;

/// Options of `check_bitcoind`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Name or address of the node
    #[arg(short = 'H', long, value_name = "HOST", default_value = "127.0.0.1", help_heading = "Node")]
    hostname: String,
    /// Port of its RPC [default: the chain's: 8332, 18332, 48332, 38332, 18443]
    #[arg(short = 'p', long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Node")]
    port: Option<u16>,
    /// Its RPC is behind something that speaks TLS (bitcoind itself does not)
    #[arg(short = 'S', long, help_heading = "Node")]
    ssl: bool,
    /// Chain that it must be on: main, test, testnet4, signet or regtest
    #[arg(long, value_name = "NAME", default_value = "main", help_heading = "Node")]
    chain: String,
    /// Log in by the cookie that bitcoind writes at every start: .cookie in its directory (it needs
    /// `rpccookieperms=group` to be readable for a group)
    #[arg(long, value_name = "FILE", help_heading = "Node")]
    cookie_file: Option<PathBuf>,
    /// Log in as this user; the password comes from --password-file or from HLIDKA_BITCOIND_PASSWORD
    #[arg(short = 'u', long, value_name = "USER", conflicts_with = "cookie_file", help_heading = "Node")]
    user: Option<String>,
    /// Password of --user, in the first line of this file
    #[arg(long, value_name = "FILE", requires = "user", help_heading = "Node")]
    password_file: Option<PathBuf>,
    /// Send the password to another machine without TLS
    #[arg(long, help_heading = "Node")]
    unencrypted: bool,
    /// Ask the node without the proxy, which is for the sources only
    #[arg(long, requires = "proxy", help_heading = "Node")]
    node_direct: bool,
    /// Read the height from this file and ask no RPC: debug.log, a file that holds the number alone
    /// (written by blocknotify), or JSON with a path behind a #. The tip is as old as the file says,
    /// else as its last change; peers and warnings are not known then, and --hostname means nothing
    #[arg(long, value_name = "FILE[#PATH]", conflicts_with_all = ["port", "ssl", "cookie_file", "user", "unencrypted", "node_direct", "peers_warning", "peers_critical", "ignore_warnings"], help_heading = "Node")]
    height_file: Option<NamedFile>,

    /// Where else to ask for the height, at least once and better of several operators: a URL whose
    /// answer is the number, or JSON with a JSONPath (RFC 9535, `$.` may be left out) behind a #; a
    /// name in front is used in messages instead of the host's
    #[arg(
        short = 's',
        long = "height-source",
        value_name = "[NAME=]URL[#PATH]",
        required = true,
        help_heading = "Sources"
    )]
    sources: Vec<Source>,
    /// So many sources must agree, else UNKNOWN, unless the node is known to be in trouble anyway
    /// [default: more than half]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Sources")]
    min_sources: Option<u32>,
    /// A source disagrees if it is more blocks than this away from the median of all (of two in the
    /// middle, their mean rounded down)
    #[arg(long, value_name = "BLOCKS", default_value_t = 2, help_heading = "Sources")]
    tolerance: u32,
    /// WARNING if any source fails or disagrees; without this it is named only
    #[arg(long, help_heading = "Sources")]
    strict: bool,

    /// WARNING if the node is more blocks than this behind the median (a range, such as 3)
    #[arg(short = 'w', long, value_name = "RANGE", default_value = "3", allow_hyphen_values = true, value_parser = behind, help_heading = "Thresholds")]
    warning: Range,
    /// CRITICAL if the node is more blocks than this behind the median
    #[arg(short = 'c', long, value_name = "RANGE", default_value = "6", allow_hyphen_values = true, value_parser = behind, help_heading = "Thresholds")]
    critical: Range,
    /// WARNING if the node is more blocks than this ahead of the median: the sources stand still, or
    /// it follows a chain of its own
    #[arg(long, value_name = "BLOCKS", default_value_t = 6, help_heading = "Thresholds")]
    max_ahead: u32,
    /// WARNING if its newest block is older (90m, 3h); an hour without a block is normal now and then
    #[arg(long, value_name = "AGE", default_value = "2h", value_parser = check::options::seconds, help_heading = "Thresholds")]
    tip_age_warning: f64,
    /// CRITICAL if its newest block is older
    #[arg(long, value_name = "AGE", default_value = "6h", value_parser = check::options::seconds, help_heading = "Thresholds")]
    tip_age_critical: f64,
    /// WARNING if the number of its peers is outside this range
    #[arg(long, value_name = "RANGE", default_value = "4:", help_heading = "Thresholds")]
    peers_warning: Range,
    /// CRITICAL if the number of its peers is outside this range
    #[arg(long, value_name = "RANGE", default_value = "1:", help_heading = "Thresholds")]
    peers_critical: Range,
    /// The node's own warnings that hold this text do not matter; may be repeated
    #[arg(long, value_name = "TEXT", help_heading = "Thresholds")]
    ignore_warnings: Vec<String>,

    #[command(flatten)]
    urls: UrlOptions,
}

/// What was seen.
pub(crate) struct Sample {
    /// Until the last answer.
    pub seconds: f64,
    /// Now, seconds since 1970.
    pub now: i64,
    pub node: node::Node,
    /// What each source said, in the order of the options.
    pub heights: Vec<Result<u64, String>>,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_bitcoind",
        title: "BITCOIND",
        separator: " - ",
        about: "Compares the block height of a bitcoind with the median of what independent sources say; age of the \
                newest block, peers, warnings of the node",
        examples: "Examples:\n  \
            check_bitcoind --cookie-file /var/lib/bitcoind/.cookie \\\n    \
            -s https://one.example/api/blocks/tip/height -s 'https://two.example/status#backend.blocks' \\\n    \
            -s 'three=https://three.example/v1/latest#$[0].height' -w 3 -c 6\n  \
            # sources by Tor, the node itself not\n  \
            check_bitcoind -u monitor --password-file /etc/hlidka/bitcoind --proxy socks5h://127.0.0.1:9050 \\\n    \
            --node-direct -t 60 -s http://expyuzz4wqqyqhjn.onion/api/blocks/tip/height\n  \
            check_bitcoind --height-file /var/lib/bitcoind/debug.log -s https://one.example/api/blocks/tip/height\n\
            While the node starts (\"Loading block index\") the check is WARNING, while it downloads old blocks at\n\
            least WARNING; a login that it refuses is UNKNOWN, no answer CRITICAL.",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    fn validate(&self) -> Result<(), CheckError> {
        if self.tip_age_warning > self.tip_age_critical {
            return Err(CheckError::usage("--tip-age-warning is more than --tip-age-critical"));
        }
        let least = self.min_sources();
        if least > self.sources.len() {
            let given = self.sources.len();
            return Err(CheckError::usage(format!(
                "--min-sources {least} cannot be met by {given}: add --height-source"
            )));
        }
        Ok(())
    }

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}

impl Args {
    fn min_sources(&self) -> usize {
        self.min_sources.map_or(self.sources.len() / 2 + 1, |least| least as usize)
    }
}

/// Asks everybody at once. The node's failure ends it: there is nothing to compare then.
async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let node = async {
        let node = match &args.height_file {
            Some(file) => node::from_file(file, &args.chain),
            None => node::by_rpc(args, ctx).await,
        };
        Answer::Node(node)
    };
    let sources = async { Answer::Heights(source::ask(&args.sources, &args.urls, ctx).await) };
    let both: [Pin<Box<dyn Future<Output = Answer> + Send>>; 2] = [Box::pin(node), Box::pin(sources)];
    let failed = |answer: &Answer| matches!(answer, Answer::Node(Err(_)));
    let (mut node, mut heights) = (None, Vec::new());
    for answer in check::together(both, failed).await.into_iter().flatten() {
        match answer {
            Answer::Node(found) => node = Some(found),
            Answer::Heights(found) => heights = found,
        }
    }
    let node = node.unwrap_or_else(|| Err(CheckError::internal("the node was not asked")))?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Sample { seconds, now: Timestamp::now().as_second(), node, heights })
}

enum Answer {
    Node(Result<node::Node, CheckError>),
    Heights(Vec<Result<u64, String>>),
}

/// A range of blocks behind, which is never less than 0.
fn behind(text: &str) -> Result<Range, String> {
    let range: Range = Range::from_str(text).map_err(|error| error.to_string())?;
    if range.start() < 0.0 && range.start().is_finite() {
        return Err(format!("`{text}`: how far the node may be ahead is said by --max-ahead"));
    }
    Ok(range)
}
