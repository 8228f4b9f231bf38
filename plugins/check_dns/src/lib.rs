//! `check_dns`: asks a name server, in the manner of monitoring-plugins' check_dns and check_dig in
//! one, without running `nslookup` or `dig`.
//!
//! [`Args`] (`options`, `expected`) → `measure` (all I/O: `ask` sends and hears, `serials` asks every
//! name server of a zone, `validate` proves answers from a trust anchor) → `judge` (pure, with
//! [`reply`] and `signatures`).

mod ask;
mod expected;
mod judge;
mod measure;
mod options;
pub mod reply;
mod serials;
mod signatures;
mod validate;

use std::net::IpAddr;
use std::path::PathBuf;

use check::options::ThresholdOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use hickory_resolver::proto::rr::{Name, RecordType};
use net::DialOptions;

use crate::ask::Transport;
use crate::options::{Flag, Levels, Security, Server, flags, record_types};

/// Options of `check_dns`, letters as in monitoring-plugins' check_dns and check_dig.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Name to ask for; for an address, its name is looked up. With -l this is the server, as in
    /// check_dig
    #[arg(short = 'H', long, value_name = "HOST", required_unless_present_any = ["words", "lookup"])]
    hostname: Option<String>,
    // The old form: name, and perhaps a server.
    #[arg(value_name = "HOST [SERVER]", conflicts_with = "hostname", num_args = 0..=2, hide = true)]
    words: Vec<String>,
    /// Name to ask for, when -H is the server
    #[arg(short = 'l', long, value_name = "NAME", aliases = ["query-address", "query_address"])]
    lookup: Option<String>,
    /// Server to ask [default: those of /etc/resolv.conf, one after the other]; may be repeated with
    /// --serials
    #[arg(short = 's', long, value_name = "SERVER[:PORT]")]
    server: Vec<Server>,
    /// Port of servers without one of their own
    #[arg(short = 'p', long, value_name = "PORT", default_value_t = 53, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    #[command(flatten)]
    dial: DialOptions,
    /// Types of records, separated by commas; each must be there
    /// [default: A and AAAA, one of which must be; PTR for an address, A with -l, SOA with --serials]
    #[arg(short = 'q', short_alias = 'T', long, value_name = "TYPE[,TYPE]", value_parser = record_types, aliases = ["record-type", "record_type"])]
    querytype: Option<Types>,
    /// Value to expect: an address, a network (192.0.2.0/24), a name, or a record's text as dig prints
    /// it; may be repeated, or separated by commas where these are addresses or names with their last
    /// dot. One of them is enough, see --all
    #[arg(short = 'a', long, value_name = "VALUE", aliases = ["expected_address"], allow_hyphen_values = true)]
    expected_address: Vec<String>,
    /// All expected values must be there, and no others
    #[arg(short = 'L', long, requires = "expected_address")]
    all: bool,
    /// The name must not exist (NXDOMAIN)
    #[arg(short = 'n', long, conflicts_with_all = ["expected_address", "serials", "querytype"])]
    expect_nxdomain: bool,
    /// The answer must be authoritative (flag AA)
    #[arg(short = 'A', long)]
    expect_authority: bool,
    /// Flags that the answer must have: aa, ad, ra, rd, cd, tc, separated by commas
    #[arg(short = 'E', long, value_name = "FLAGS", value_parser = flags)]
    require_flags: Option<Flags>,
    /// Flags that the answer must not have
    #[arg(short = 'X', long, value_name = "FLAGS", value_parser = flags)]
    forbid_flags: Option<Flags>,
    /// Ask by TCP only. Otherwise UDP is used, and TCP if the answer is truncated
    #[arg(long)]
    tcp: bool,
    /// Ask by UDP and once more by TCP: both must answer, and with the same records
    #[arg(long, conflicts_with_all = ["tcp", "proxy"])]
    both_transports: bool,
    /// Do not ask the server to ask others (no flag RD)
    #[arg(long)]
    no_recursion: bool,
    /// What DNSSEC must say of the answer: secure, insecure, bogus or indeterminate. It is the asked
    /// server's word (flag AD; bogus if it fails, but answers with checking disabled), or our own
    /// with --trust-anchor
    #[arg(long, value_name = "STATE")]
    dnssec: Option<Security>,
    /// Validate the answer here, from the DNSKEY records in this file (Debian has those of the root
    /// in /usr/share/dns/root.key); it must be secure unless --dnssec says otherwise
    #[arg(long, value_name = "FILE")]
    trust_anchor: Option<PathBuf>,
    /// Days that the answer's signatures must still be valid, at least: WARNING[,CRITICAL]
    #[arg(long, value_name = "DAYS[,DAYS]")]
    rrsig_days: Option<Levels>,
    /// Serial numbers of the zone: all its name servers must have the same. They are those of two or
    /// more -s, or those that the zone names; each must be authoritative
    #[arg(long)]
    serials: bool,
    /// How far a name server may be behind the newest serial number before that is CRITICAL
    #[arg(long, value_name = "NUMBER", default_value_t = 0, requires = "serials")]
    serial_lag: u32,
    /// Response time in seconds
    #[command(flatten)]
    thresholds: ThresholdOptions,
}

/// In clap's eyes a `Vec` is an option that may be repeated; these lists are one word each.
type Types = std::sync::Arc<[RecordType]>;
type Flags = std::sync::Arc<[Flag]>;

impl Args {
    /// What is asked for, as it was written.
    fn subject(&self) -> &str {
        let named = self.lookup.as_deref().or(self.hostname.as_deref());
        named.or_else(|| self.words.first().map(String::as_str)).unwrap_or_default()
    }

    /// The name in the question: for an address, the one below in-addr.arpa or ip6.arpa.
    fn name(&self) -> Result<Name, CheckError> {
        options::name(self.subject()).map_err(CheckError::usage)
    }

    fn asks_for_an_address(&self) -> bool {
        self.subject().parse::<IpAddr>().is_ok()
    }

    /// The types to ask for.
    fn types(&self) -> Types {
        match &self.querytype {
            Some(types) => types.clone(),
            None if self.serials => [RecordType::SOA].into(),
            None if self.asks_for_an_address() => [RecordType::PTR].into(),
            None if self.lookup.is_some() => [RecordType::A].into(),
            None => [RecordType::A, RecordType::AAAA].into(),
        }
    }

    /// The servers that were named, however.
    fn servers(&self) -> Result<Vec<Server>, CheckError> {
        let mut servers = self.server.clone();
        let by_place = self.hostname.as_deref().filter(|_| self.lookup.is_some());
        let words =
            if self.lookup.is_some() { &self.words[..] } else { self.words.get(1..).unwrap_or_default() };
        for text in by_place.into_iter().chain(words.iter().map(String::as_str)) {
            servers.push(text.parse().map_err(CheckError::usage)?);
        }
        Ok(servers)
    }

    fn transport(&self) -> Transport {
        if self.tcp { Transport::Tcp } else { Transport::Udp }
    }

    /// Must the answer come with its signatures?
    fn wants_signatures(&self) -> bool {
        self.dnssec.is_some() || self.trust_anchor.is_some() || self.rrsig_days.is_some()
    }

    /// What DNSSEC must say, if anything.
    fn wanted_security(&self) -> Option<Security> {
        self.dnssec.or(self.trust_anchor.as_ref().map(|_| Security::Secure))
    }

    fn refuse_nonsense(&self) -> Result<(), CheckError> {
        let servers = self.servers()?;
        if self.dial.proxy().is_some() && !self.tcp {
            return Err(CheckError::usage(
                "--proxy: DNS over UDP cannot pass a SOCKS proxy, nothing was sent; add --tcp",
            ));
        }
        if self.dial.proxy().is_some() && servers.is_empty() {
            return Err(CheckError::usage(
                "--proxy: the servers of /etc/resolv.conf are not to be reached through a proxy, name one by -s",
            ));
        }
        if servers.len() > 1 && !self.serials {
            return Err(CheckError::usage("several servers are compared by --serials only: name one"));
        }
        Ok(())
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_dns",
        title: "DNS",
        separator: ": ",
        about: "Asks a name server and judges the response time: records and their values, authority, DNSSEC \
                and the age of its signatures, serial numbers of all name servers of a zone",
        examples: "Examples:\n  \
            check_dns -H www.example.org -s 192.0.2.53 -a 192.0.2.80,2001:db8::80 -L -w 0.5 -c 2\n  \
            check_dns -H example.org -q MX -a '10 mx.example.org.' -s ns1.example.org -A\n  \
            check_dns -H example.org -q SOA --dnssec secure --rrsig-days 5,2\n  \
            check_dns -H example.org --serials\n  \
            check_dns -H 192.0.2.53 -l www.example.org -T A --both-transports\n  \
            check_dns -H example.org -s 9.9.9.9 --tcp --proxy socks5h://127.0.0.1:9050 -t 60",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    fn validate(&self) -> Result<(), CheckError> {
        self.refuse_nonsense()
    }

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    /// The options of a command line.
    pub(crate) fn args(words: &[&str]) -> Args {
        let command = Args::augment_args(clap::Command::new("check_dns").no_binary_name(true));
        let matches = command.try_get_matches_from(words).expect("valid options");
        Args::from_arg_matches(&matches).expect("valid options")
    }

    #[test]
    fn both_peers_command_lines_are_understood() {
        let read = |words: &[&str]| {
            let args = args(words);
            let servers: Vec<String> = args.servers().unwrap().iter().map(Server::to_string).collect();
            let types: Vec<String> = args.types().iter().map(RecordType::to_string).collect();
            format!("{} {} @{}", args.name().unwrap(), types.join("+"), servers.join("+"))
        };
        for (words, want) in [
            (&["-H", "a.test"][..], "a.test. A+AAAA @"),
            (&["-H", "a.test", "-s", "192.0.2.1"], "a.test. A+AAAA @192.0.2.1"),
            (&["a.test", "192.0.2.1:5353"], "a.test. A+AAAA @192.0.2.1:5353"),
            (&["-H", "192.0.2.7"], "7.2.0.192.in-addr.arpa. PTR @"),
            (&["-H", "a.test.", "-q", "mx,txt"], "a.test. MX+TXT @"),
            (&["-H", "192.0.2.1", "-l", "a.test"], "a.test. A @192.0.2.1"),
            (&["-H", "::1", "-l", "_x._tcp.a.test", "-T", "SRV"], "_x._tcp.a.test. SRV @[::1]"),
            (&["-H", "a.test", "--serials"], "a.test. SOA @"),
        ] {
            assert_eq!(read(words), want);
        }
    }

    /// T19: what cannot go through a proxy is refused.
    #[test]
    fn a_proxy_needs_tcp_and_a_server() {
        let refusal = |words: &[&str]| {
            let all = [&["-H", "a.test", "--proxy", "socks5h://127.0.0.1:9"], words].concat();
            args(&all).refuse_nonsense().map_err(|error| error.to_string())
        };
        assert!(refusal(&["-s", "192.0.2.1"]).unwrap_err().contains("add --tcp"));
        assert!(refusal(&["--tcp"]).unwrap_err().contains("name one by -s"));
        assert_eq!(refusal(&["--tcp", "-s", "192.0.2.1"]), Ok(()));
        assert!(args(&["-H", "a", "-s", "b", "-s", "c"]).refuse_nonsense().is_err());
    }
}
