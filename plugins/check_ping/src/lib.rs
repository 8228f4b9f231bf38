//! `check_ping`: ICMP and ICMPv6 echo, in the manner of monitoring-plugins' check_ping and
//! check_icmp in one, without running `ping`.
//!
//! Many runs at once in one process do not confuse each other: each has a socket, an identifier and
//! a random token of its own. To ping a thousand hosts, parse a thousand command lines by
//! [`CheckDef::of::<Args>()`](check::CheckDef::of) and await their [`run`](check::Invocation::run)
//! side by side; each takes one file descriptor.
//!
//! Options ([`Args`]) → `targets` and `limits` (pure) → `measure` with `socket` (all I/O), `packet`
//! and `tally` (pure) → `judge` (pure).

mod filter;
#[doc(hidden)]
pub mod fuzzing;
mod ipsec;
mod judge;
mod limits;
mod measure;
mod options;
mod packet;
mod socket;
mod tally;
mod targets;
mod xfrm;

use std::time::Duration;

use check::{Check, CheckError, Ctx, Definition, Isolation, Judged, Limit, Report, State};

use crate::limits::Limits;
use crate::options::{Levels, Pair, Source, Span, percent_levels, span_levels};
use crate::targets::{PACKETS, Targets};

/// The least time to wait for the last reply.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// Options of `check_ping`, letters as in monitoring-plugins' check_ping and check_icmp.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Host name or address; may be repeated, and given without -H
    #[arg(short = 'H', long, value_name = "HOST", required_unless_present = "words")]
    hostname: Vec<String>,
    // Further hosts, or the numbers of check_ping's old form.
    #[arg(value_name = "HOST [WARN% CRIT% WARN_RTA CRIT_RTA [PACKETS]]", hide = true)]
    words: Vec<String>,
    /// WARNING from this round trip average (ms; or 500us, 0.1s) or this loss on: 100,20% [default: 200,40%]
    #[arg(short = 'w', long, value_name = "RTA,LOSS%")]
    warning: Option<Pair>,
    /// CRITICAL from this round trip average or this loss on [default: 500,80%]; no reply at all always is
    #[arg(short = 'c', long, value_name = "RTA,LOSS%")]
    critical: Option<Pair>,
    /// Packets to send to each host [default: 5]; -n does the same
    #[arg(short = 'p', short_alias = 'n', long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(PACKETS))]
    packets: Option<u16>,
    /// Time between packets in milliseconds (or 500us, 1s). Short, so that a check of a good host is
    /// done in a third of a second; take 1s for links whose loss comes in bursts
    #[arg(short = 'i', long, value_name = "TIME", default_value = "80ms")]
    interval: Span,
    /// Time to wait for replies after the last packet, but never beyond --timeout
    /// [default: the critical round trip average, at least 1s]
    #[arg(short = 'W', long, value_name = "TIME")]
    wait: Option<Span>,
    /// Bytes of data in a packet; 56 make an IPv4 packet of 84 bytes, as ping's. A reply with less
    /// data than was sent does not count
    #[arg(short = 'b', long = "bytes", value_name = "BYTES", default_value_t = 56, value_parser = clap::value_parser!(u16).range(..=65_507))]
    size: u16,
    /// Send from this local address, or through this network interface
    #[arg(short = 's', long, value_name = "ADDRESS|INTERFACE")]
    source: Option<Source>,
    /// Tell the state of IPsec between the source and the host, too, as far as the kernel knows it: CRITICAL
    /// if no policy protects the packets, or the association that it wants is not there. Reading it needs
    /// the capability CAP_NET_ADMIN; without that it is told as unknown, and is no failure
    #[arg(long)]
    ipsec: bool,
    /// The same, but UNKNOWN if it cannot be read
    #[arg(long)]
    require_ipsec: bool,
    /// Time to live of the packets: the number of routers they may pass [default: the system's]
    #[arg(short = 'l', long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..))]
    ttl: Option<u8>,
    /// With several hosts: OK if so many are; WARNING if so many are OK or WARNING [default: all]
    #[arg(short = 'm', long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    min_alive: Option<u16>,
    /// Judge the round trip average in milliseconds (and without -w and -c nothing else)
    #[arg(short = 'R', long = "rta", value_name = "WARN,CRIT", value_parser = span_levels)]
    rta_mode: Option<Levels<Span>>,
    /// Judge the loss (likewise)
    #[arg(short = 'P', long = "loss", value_name = "WARN%,CRIT%", value_parser = percent_levels)]
    loss_mode: Option<Levels<f64>>,
    /// Judge the jitter (likewise): the average difference between one round trip time and the next,
    /// in milliseconds
    #[arg(short = 'J', long = "jitter", value_name = "WARN,CRIT", value_parser = span_levels)]
    jitter_mode: Option<Levels<Span>>,
    /// CRITICAL if replies come out of order (likewise)
    #[arg(short = 'O', long = "order")]
    order_mode: bool,
    /// Give rtmax, rtmin, jitter, duplicates and replies out of order as metrics too
    #[arg(long)]
    all_metrics: bool,
    /// Link the text to Nagios' traceroute page
    #[arg(short = 'L', long)]
    link: bool,
    /// Use IPv4 only
    #[arg(short = '4', long, conflicts_with = "use_ipv6")]
    use_ipv4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long)]
    use_ipv6: bool,
    /// Always refused with UNKNOWN: ICMP cannot pass a SOCKS proxy, and nothing is sent directly instead
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_ping",
        title: "PING",
        separator: " - ",
        about: "Sends ICMP echo requests and judges round trip times and loss. \
            Needs the capability CAP_NET_RAW or a group in the sysctl net.ipv4.ping_group_range",
        examples: "Examples:\n  \
            check_ping -H router1.example.org -w 100,20% -c 500,60%\n  \
            check_ping -H 10.0.0.1 -H 10.0.0.2 -H 10.0.0.3 -m 2\n  \
            check_ping -H 10.52.0.1 -s 10.51.0.1 -b 512 -p 3 --ipsec
  \
            check_ping -6 -H voip.example.org -n 20 -i 20ms -J 10ms,30ms -P 1%,5%",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    /// Only a loss has an end; that both levels are in order is validated.
    fn judged(&self) -> Vec<Judged> {
        let limits = Targets::of(self).and_then(|targets| Limits::of(self, targets.pairs));
        let Some(loss) = limits.ok().and_then(|limits| limits.loss) else { return Vec::new() };
        let limit = |option, percent: f64| {
            // a level that is reached alerts
            let range = format!("@{percent}:").parse().ok()?;
            Some(Limit { option, text: format!("{percent}%"), range })
        };
        let (warning, critical) = (limit("--warning", loss.warning), limit("--critical", loss.critical));
        vec![Judged { warning, critical, within: 0.0..=100.0 }]
    }

    fn validate(&self) -> Result<(), CheckError> {
        if self.proxy.is_some() {
            return Err(CheckError::usage(
                "--proxy: ICMP cannot pass a SOCKS proxy, nothing was sent; check a TCP port by check_tcp --proxy instead",
            ));
        }
        Limits::of(self, Targets::of(self)?.pairs).map(|_| ())
    }

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let targets = Targets::of(self)?;
        let limits = Limits::of(self, targets.pairs)?;
        let samples = measure::measure(self, &targets, self.wait(&limits), ctx).await?;
        Ok(judge::judge(&samples, &limits, self, &targets))
    }
}

impl Args {
    /// A reply that is later than the critical round trip average would be bad news anyway.
    fn wait(&self, limits: &Limits) -> Duration {
        let critical = limits.rta.map(|rta| Span { milliseconds: rta.critical }.duration());
        let wait = self.wait.map(Span::duration);
        wait.unwrap_or_else(|| critical.unwrap_or_default().max(LEAST_WAIT))
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    /// The options of a command line.
    pub(crate) fn bare_args(words: &[&str]) -> Args {
        let command = Args::augment_args(clap::Command::new("check_ping").no_binary_name(true));
        let matches = command.try_get_matches_from(words).expect("valid options");
        Args::from_arg_matches(&matches).expect("valid options")
    }

    /// The same, with one host.
    pub(crate) fn args(options: &[&str]) -> Args {
        bare_args(&[&["-H", "10.0.0.9"], options].concat())
    }

    #[test]
    fn waits_for_the_critical_round_trip_but_at_least_a_second() {
        let wait = |options: &[&str]| {
            let args = args(options);
            let limits = Limits::of(&args, Targets::of(&args).unwrap().pairs).unwrap();
            args.wait(&limits).as_millis()
        };
        assert_eq!(wait(&[]), 1000);
        assert_eq!(wait(&["-w", "3000,80%", "-c", "5000,100%"]), 5000);
        assert_eq!(wait(&["-w", "1,80%", "-c", "5,100%"]), 1000);
        assert_eq!(wait(&["-c", "5000,100%", "-W", "0.2s"]), 200);
        assert_eq!(wait(&["-J", "1,2"]), 1000);
    }
}
