//! Who is pinged, from options and words without an option, pure.

use std::ops::RangeInclusive;

use check::CheckError;

use crate::Args;
use crate::limits::Pairs;
use crate::options::{Pair, percent};

/// Packets of a run unless `-p` says otherwise, as in both peers.
const DEFAULT_PACKETS: u16 = 5;
/// How many packets a run may have: at the default interval, 10,000 take a quarter of an hour.
pub(crate) const PACKETS: RangeInclusive<i64> = 1..=10_000;

/// Most hosts in one run: each has a socket of its own.
const MAX_HOSTS: usize = 256;

/// Hosts, thresholds and number of packets, wherever on the command line they stand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Targets<'a> {
    pub hosts: Vec<&'a str>,
    pub pairs: Pairs,
    pub packets: u16,
}

impl<'a> Targets<'a> {
    /// Words without an option are hosts, as in check_icmp; numbers behind a host are, in this
    /// order, `WARN% CRIT% WARN_RTA CRIT_RTA PACKETS`, as in check_ping, where options given take
    /// their place out of the row.
    pub fn of(args: &'a Args) -> Result<Targets<'a>, CheckError> {
        let mut hosts: Vec<&str> = args.hostname.iter().map(String::as_str).collect();
        let mut numbers = Vec::new();
        for word in &args.words {
            match word.parse::<f64>() {
                Ok(number) if !hosts.is_empty() && number.is_finite() && number >= 0.0 => {
                    numbers.push(word.as_str());
                }
                _ => hosts.push(word),
            }
        }
        if hosts.iter().any(|host| host.is_empty() || host.len() > 255) {
            return Err(CheckError::usage("a host name has 1 to 255 letters"));
        }
        if hosts.len() > MAX_HOSTS {
            return Err(CheckError::usage(format!("at most {MAX_HOSTS} hosts in one run")));
        }
        if args.min_alive.is_some_and(|alive| usize::from(alive) > hosts.len()) {
            return Err(CheckError::usage(format!(
                "--min-alive is more than the number of hosts, which is {}",
                hosts.len()
            )));
        }
        let (pairs, packets) = read_numbers(args, &numbers)?;
        Ok(Targets { hosts, pairs, packets })
    }
}

/// Gives each number its place in the row of check_ping.
fn read_numbers(args: &Args, numbers: &[&str]) -> Result<(Pairs, u16), CheckError> {
    let mut row = numbers.iter().copied();
    let mut next = |free: bool| if free { row.next() } else { None };
    let (warning, critical) = (args.warning, args.critical);
    let [warning_loss, critical_loss] = [next(warning.is_none()), next(critical.is_none())];
    let [warning_rta, critical_rta] = [next(warning.is_none()), next(critical.is_none())];
    let packets = match next(args.packets.is_none()) {
        Some(text) => text
            .parse()
            .ok()
            .filter(|packets| PACKETS.contains(&i64::from(*packets)))
            .ok_or_else(|| CheckError::usage(format!("`{text}` is no number of packets")))?,
        None => args.packets.unwrap_or(DEFAULT_PACKETS),
    };
    if let Some(extra) = row.next() {
        return Err(CheckError::usage(format!("what is `{extra}` for? See check_ping --help")));
    }
    let pair = |rta: Option<&str>, loss: Option<&str>| -> Result<Option<Pair>, String> {
        let pair = Pair { rta: rta.map(str::parse).transpose()?, loss: loss.map(percent).transpose()? };
        Ok((rta.is_some() || loss.is_some()).then_some(pair))
    };
    let behind_warning = pair(warning_rta, warning_loss).map_err(CheckError::usage)?;
    let behind_critical = pair(critical_rta, critical_loss).map_err(CheckError::usage)?;
    let pairs = Pairs { warning: warning.or(behind_warning), critical: critical.or(behind_critical) };
    Ok((pairs, packets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::bare_args;

    type Row = (Vec<String>, [Option<f64>; 4], u16);

    fn read(words: &[&str]) -> Result<Row, String> {
        let args = bare_args(words);
        let targets = Targets::of(&args).map_err(|error| error.to_string())?;
        let rta = |pair: Option<Pair>| pair.and_then(|pair| pair.rta).map(|rta| rta.milliseconds);
        let loss = |pair: Option<Pair>| pair.and_then(|pair| pair.loss);
        let Pairs { warning, critical } = targets.pairs;
        let hosts = targets.hosts.iter().map(|host| (*host).to_owned()).collect();
        Ok((hosts, [loss(warning), loss(critical), rta(warning), rta(critical)], targets.packets))
    }

    #[test]
    fn numbers_behind_a_host_are_the_row_of_the_peer() {
        let host = || vec!["10.0.0.1".to_owned()];
        let all = [Some(20.0), Some(60.0), Some(100.0), Some(500.0)];
        let none = [None; 4];
        for (words, wanted) in [
            (&["10.0.0.1"][..], (host(), none, 5)),
            (&["10.0.0.1", "20", "60", "100", "500"], (host(), all, 5)),
            (&["10.0.0.1", "20", "60", "100", "500", "3"], (host(), all, 3)),
            (&["-H", "10.0.0.1", "20", "60", "100", "500", "3"], (host(), all, 3)),
            (&["-H", "10.0.0.1", "-w", "100,20%", "60", "500"], (host(), all, 5)),
            (&["-H", "10.0.0.1", "-w", "100,20%", "-c", "500,60%", "3"], (host(), all, 3)),
            (&["10.0.0.1", "-p", "2", "20", "60", "100", "500"], (host(), all, 2)),
        ] {
            assert_eq!(read(words), Ok(wanted), "{words:?}");
        }
        for words in [
            &["h", "20", "60", "100", "500", "3", "9"][..],
            &["h", "20", "60", "100", "500", "0"],
            &["h", "20", "60", "100", "500", "1.5"],
            &["h", "-p", "2", "20", "60", "100", "500", "3"],
        ] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn other_words_are_hosts() {
        let hosts = |words: &[&str]| read(words).map(|(hosts, _, _)| hosts.join(" "));
        assert_eq!(hosts(&["a", "b", "fe80::1%lo"]), Ok("a b fe80::1%lo".to_owned()));
        assert_eq!(hosts(&["-H", "a", "-H", "b", "c"]), Ok("a b c".to_owned()));
        assert_eq!(hosts(&["-H", "", "c"]).unwrap_err(), "a host name has 1 to 255 letters");
        assert!(hosts(&["a", "b", "-m", "3"]).unwrap_err().contains("number of hosts, which is 2"));
        assert!(hosts(&vec!["a"; 257]).unwrap_err().contains("at most 256"));
    }
}
