//! `check_apt_repo`: is an APT repository complete, signed and current?
//!
//! `measure` fetches what apt would fetch, and a little more: the Release file of each suite, its
//! signatures ([`clearsign`], [`keyring`], [`signature`]), the indices it names (`plan`), verified while
//! they come (`inspect`) and read ([`packages`]), and a few files of the pool. `snapshot` finds the
//! newest of time-stamped repositories. `judge` makes one line of all.

mod ask;
pub mod clearsign;
mod inspect;
mod judge;
pub mod keyring;
mod limits;
mod measure;
pub mod packages;
mod plan;
pub mod release;
pub mod signature;
mod snapshot;

use std::path::PathBuf;

use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use fetch::Target;
use regex::Regex;

use crate::limits::{Spans, left};
use crate::snapshot::Location;

/// Options of `check_apt_repo`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    /// The repository, as sources.list has it (then without -H), or its path on the host of -H. A gap is
    /// filled with the newest snapshot: {latest} with the serial that --latest leads to, {%Y%m%d} with
    /// the time in UTC, tried backwards
    #[arg(short = 'u', long, value_name = "URL", help_heading = "Repository")]
    url: Location,
    /// Suite or codename to look at; may be repeated. One that ends in / is a directory without
    /// components (./)
    #[arg(short = 's', long = "suite", value_name = "SUITE", required = true, value_parser = suite, help_heading = "Repository")]
    suites: Vec<String>,
    /// Component that must be there, and be looked at [default: all of the Release file]
    #[arg(long = "component", value_name = "NAME", value_delimiter = ',', value_parser = word, help_heading = "Repository")]
    components: Vec<String>,
    /// Architecture that must be there, and be looked at; source for Sources [default: all of the
    /// Release file]
    #[arg(long = "arch", value_name = "NAME", value_delimiter = ',', value_parser = word, help_heading = "Repository")]
    architectures: Vec<String>,
    /// Codename that the suite must have
    #[arg(long, value_name = "NAME", help_heading = "Repository")]
    codename: Option<String>,
    /// Keys that may sign: a file as apt's signed-by has it, binary or armored; may be repeated
    #[arg(long = "keyring", value_name = "FILE", required = true, help_heading = "Signature")]
    keyrings: Vec<PathBuf>,
    /// Of these keys, only the one with this fingerprint, or its subkeys; may be repeated
    #[arg(long = "key", value_name = "FINGERPRINT", value_parser = fingerprint, help_heading = "Signature")]
    keys: Vec<String>,
    /// WARNING (and CRITICAL) if the signing key expires sooner (30, 30d, 4w; a bare number is days)
    #[arg(long, value_name = "SPAN[,SPAN]", value_parser = Spans::least, help_heading = "Signature")]
    key_left: Option<Spans>,
    /// WARNING if less time is left until Valid-Until (2, 2d, 36h; a bare number is days)
    #[arg(short = 'w', long, value_name = "SPAN", value_parser = left, help_heading = "Age")]
    warning: Option<f64>,
    /// CRITICAL if less time is left until Valid-Until
    #[arg(short = 'c', long, value_name = "SPAN", value_parser = left, help_heading = "Age")]
    critical: Option<f64>,
    /// CRITICAL if the Release file is older, by its Date (36h, 10d); with two spans, WARNING and CRITICAL
    #[arg(long, value_name = "SPAN[,SPAN]", value_parser = Spans::most, help_heading = "Age")]
    max_age: Option<Spans>,
    /// Do not mind a Valid-Until that is over: for frozen repositories
    #[arg(long, conflicts_with_all = ["warning", "critical"], help_heading = "Age")]
    ignore_valid_until: bool,
    /// Where the newest serial is found: a file or a listing [default: the directory of the gap]
    #[arg(long, value_name = "URL", help_heading = "Snapshots")]
    latest: Option<String>,
    /// What a serial looks like there; a group is the serial itself
    #[arg(
        long,
        value_name = "REGEX",
        default_value = r"\b[0-9]{8}(?:[0-9]{2,6}|T[0-9]{6}Z)?\b",
        help_heading = "Snapshots"
    )]
    latest_regex: Regex,
    /// CRITICAL if the newest snapshot is older; so far back are times tried [there: 2d]
    #[arg(long, value_name = "SPAN", value_parser = check::options::seconds, help_heading = "Snapshots")]
    snapshot_age: Option<f64>,
    /// The time that a serial begins with
    #[arg(long, value_name = "FORMAT", default_value = "%Y%m%d", help_heading = "Snapshots")]
    snapshot_format: String,
    /// Files that the Release names and that are looked at besides Packages and Sources (Contents,
    /// i18n/Translation-en); may be repeated
    #[arg(long = "index", value_name = "REGEX", help_heading = "Contents")]
    more: Vec<Regex>,
    /// Look at every form of an index (xz, gz …), not only at the one that apt would take
    #[arg(long, help_heading = "Contents")]
    every_form: bool,
    /// When to ask for indices by their hashes: auto (as the Release says), always, never
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Contents")]
    by_hash: ByHash,
    /// CRITICAL if a suite has fewer packages
    #[arg(long, value_name = "COUNT", help_heading = "Contents")]
    min_packages: Option<u64>,
    /// Look for so many files of the pool, chosen at random, by size
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=1000), help_heading = "Contents")]
    pool: u16,
    /// Fetch these files and verify their hashes
    #[arg(long, requires = "pool", help_heading = "Contents")]
    pool_hash: bool,
    /// Most that an index may unpack to if the Release does not say
    #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = fetch::bytes, help_heading = "Contents")]
    max_unpacked: u64,
}

/// When to ask for indices by their hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ByHash {
    /// As the Release file says.
    Auto,
    /// Whatever it says.
    Always,
    /// Never.
    Never,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_apt_repo",
        title: "APT REPO",
        separator: " - ",
        about: "Is an APT repository complete, signed and current? Fetches the Release files of its suites and the \
                indices they name, and verifies signatures, dates, sizes, hashes and contents",
        examples: "Examples:\n  \
            check_apt_repo -u https://deb.example.org/debian -s stable --keyring /usr/share/keyrings/example.gpg -w 2 -c 1\n  \
            check_apt_repo -H deb.example.org -u /debian -s stable -s testing --component main --arch amd64,source \\\n    \
            --keyring /etc/hlidka/example.asc --max-age 36h,3d --min-packages 1000 --pool 5\n  \
            # a frozen snapshot, and the newest of a time-stamped repository\n  \
            check_apt_repo -u http://snapshots.example.org/debian/2026111504/ -s stable --keyring KEYS --ignore-valid-until\n  \
            check_apt_repo -u 'http://snapshots.example.org/debian/{latest}/' -s stable --keyring KEYS \\\n    \
            --latest /debian/project/trace/debian --latest-regex 'Archive serial: ([0-9]+)' --snapshot-age 36h\n  \
            check_apt_repo -u 'http://snapshots.example.org/debian/{%Y%m%d}04/' -s stable --keyring KEYS\n  \
            check_apt_repo -u http://expyuzz4wqqyqhjn.onion/debian -s stable --keyring KEYS \\\n    \
            --proxy socks5h://127.0.0.1:9050 -t 60",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    const ATTACHED_VALUES: &'static [(char, &'static str)] = &[('S', "ssl")];

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}

impl Args {
    /// Is this suite a directory without components?
    fn is_flat(suite: &str) -> bool {
        suite.ends_with('/')
    }
}

fn suite(text: &str) -> Result<String, String> {
    let below = text.strip_prefix("./").unwrap_or(text);
    if !text.is_empty() && (below.is_empty() || is_name(below)) {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is no suite: write stable, or ./ for a directory without components"))
}

fn word(text: &str) -> Result<String, String> {
    if is_name(text) { Ok(text.to_owned()) } else { Err(format!("`{text}` is no name")) }
}

fn is_name(text: &str) -> bool {
    release::is_safe_path(text) && !text.contains(char::is_whitespace)
}

fn fingerprint(text: &str) -> Result<String, String> {
    let digits: String =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    let digits = digits.strip_prefix("0X").unwrap_or(&digits);
    if matches!(digits.len(), 40 | 64) && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(digits.to_owned());
    }
    Err(format!(
        "`{text}` is no fingerprint of 40 digits: `gpg --with-fingerprint --show-keys FILE` shows it"
    ))
}
