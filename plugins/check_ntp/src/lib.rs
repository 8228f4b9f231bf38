//! `check_ntp`: asks time servers as a client does, in the manner of monitoring-plugins'
//! check_ntp_time and check_ntp_peer in one.
//!
//! [`Args`] → `measure` (all I/O) with [`packet`] and `reading` (pure) → `judge` (pure). What a
//! server thinks of its own sources (mode 6) is not asked: chrony does not speak that, and ntpd
//! answers nobody but its own machine.

mod judge;
mod measure;
pub mod packet;
mod reading;

use std::net::IpAddr;

use check::options::{ThresholdOptions, seconds};
use check::{Check, CheckError, Ctx, Definition, Isolation, Range, Report, State, Thresholds};

/// Seconds of offset that are too many if `-w` and `-c` say nothing, as in monitoring-plugins.
const DEFAULT_OFFSETS: (f64, f64) = (60.0, 120.0);

/// Options of `check_ntp`, letters as in monitoring-plugins' check_ntp_time and check_ntp_peer.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Time server, by name or address; may be repeated, and given without -H. All addresses of a
    /// name are asked, and the best of those that agree is believed
    #[arg(short = 'H', long, value_name = "HOST", required_unless_present = "words")]
    hostname: Vec<String>,
    #[arg(value_name = "HOST", hide = true)]
    words: Vec<String>,
    /// Port
    #[arg(short = 'p', long, value_name = "PORT", default_value_t = 123, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Use IPv4 only
    #[arg(short = '4', long, conflicts_with = "use_ipv6")]
    use_ipv4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long)]
    use_ipv6: bool,
    /// Ask from this local address
    #[arg(long, value_name = "ADDRESS")]
    source: Option<IpAddr>,
    /// UNKNOWN instead of CRITICAL if there is no offset, or the server is not synchronised
    #[arg(short = 'q', long)]
    quiet: bool,
    /// Offset in seconds, whatever its sign [default: 60 and 120]
    #[command(flatten)]
    offset: ThresholdOptions,
    /// Seconds that the server is expected to be behind this machine; they are added to the offset
    #[arg(short = 'o', long, alias = "time_offset", value_name = "SECONDS", default_value_t = 0.0, allow_negative_numbers = true, value_parser = finite)]
    time_offset: f64,
    /// WARNING if the stratum of the best server is outside this range
    #[arg(short = 'W', long, value_name = "RANGE", allow_hyphen_values = true)]
    swarn: Option<Range>,
    /// CRITICAL if the stratum is outside this range
    #[arg(short = 'C', long, value_name = "RANGE", allow_hyphen_values = true)]
    scrit: Option<Range>,
    /// WARNING if the jitter of the best server's answers is outside this range, in milliseconds
    #[arg(short = 'j', long, value_name = "RANGE", allow_hyphen_values = true)]
    jwarn: Option<Range>,
    /// CRITICAL if the jitter is outside this range
    #[arg(short = 'k', long, value_name = "RANGE", allow_hyphen_values = true)]
    jcrit: Option<Range>,
    /// WARNING if the number of servers that agree ("truechimers") is outside this range: 3: for at
    /// least three
    #[arg(short = 'm', long, value_name = "RANGE", allow_hyphen_values = true)]
    twarn: Option<Range>,
    /// CRITICAL if the number of servers that agree is outside this range
    #[arg(short = 'n', long, value_name = "RANGE", allow_hyphen_values = true)]
    tcrit: Option<Range>,
    /// State while the server announces a leap second
    #[arg(long, value_name = "STATE", default_value = "ok")]
    leap: State,
    /// Questions to each server; the answer that comes back quickest counts
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    samples: u8,
    /// Time between questions in seconds; servers that limit their clients may want 2
    #[arg(long, value_name = "SECONDS", default_value = "0.1", value_parser = seconds)]
    interval: f64,
    /// Always refused with UNKNOWN: NTP cannot pass a SOCKS proxy, and nothing is sent directly instead
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

impl Args {
    fn hosts(&self) -> Vec<String> {
        self.hostname.iter().chain(&self.words).cloned().collect()
    }

    fn admits(&self, address: IpAddr) -> bool {
        let family = match (self.use_ipv4, self.use_ipv6) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => self.source.map(|source| source.is_ipv4()),
        };
        family.is_none_or(|is_ipv4| address.is_ipv4() == is_ipv4)
    }

    fn offset_thresholds(&self) -> Thresholds {
        let given = self.offset.thresholds();
        Thresholds::new(
            Some(given.warning.unwrap_or_else(|| Range::up_to(DEFAULT_OFFSETS.0))),
            Some(given.critical.unwrap_or_else(|| Range::up_to(DEFAULT_OFFSETS.1))),
        )
    }
}

fn finite(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(format!("`{text}` is no number of seconds")),
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_ntp",
        title: "NTP",
        separator: ": ",
        about: "Asks time servers and judges how far this machine's clock is from theirs; jitter, stratum, leap \
                seconds, servers that are not synchronised, and whether several servers agree",
        examples: "Examples:\n  \
            check_ntp -H ntp.example.org -w 0.5 -c 1\n  \
            check_ntp -H ntp1.example.org -H ntp2.example.org -H ntp3.example.org -w 0.1 -c 1 -m 3: -n 2:\n  \
            check_ntp -H ntp.example.org -W 4 -C 6 -j 10 -k 50",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    fn validate(&self) -> Result<(), CheckError> {
        if self.proxy.is_some() {
            return Err(CheckError::usage("--proxy: NTP cannot pass a SOCKS proxy, nothing was sent"));
        }
        Ok(())
    }

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sources = measure::measure(self, ctx).await?;
        judge::judge(&sources, self)
    }
}
