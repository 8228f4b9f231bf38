//! What stands behind the options: spans of time, threshold pairs, the source.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

/// Longest span of time taken, in milliseconds: a day, as for `-t`.
const MAX_MILLISECONDS: f64 = 86_400_000.0;
/// Longest name of a network interface (IFNAMSIZ without its end).
const MAX_INTERFACE: usize = 15;

/// A span of time in milliseconds: `80`, `80ms`, `500us`, `1s`; a bare number is milliseconds, as
/// in check_icmp and in check_ping's thresholds.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Span {
    pub milliseconds: f64,
}

impl Span {
    pub fn duration(self) -> Duration {
        Duration::from_secs_f64(self.milliseconds / 1000.0)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Span, String> {
        let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0)];
        let (number, factor) = units
            .iter()
            .find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number, *factor)))
            .unwrap_or((text, 1.0));
        let milliseconds = decimal(number)
            .map(|number| number * factor)
            .filter(|milliseconds| *milliseconds <= MAX_MILLISECONDS)
            .ok_or_else(|| format!("`{text}` is no span of time: use 80, 80ms, 500us or 1s"))?;
        Ok(Span { milliseconds })
    }
}

/// `100,20%`: round trip average and loss. One of them may be missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pair {
    pub rta: Option<Span>,
    /// Percent.
    pub loss: Option<f64>,
}

impl FromStr for Pair {
    type Err = String;

    /// A colon separates too, as in check_ping; a percent sign behind a comma may be missing.
    fn from_str(text: &str) -> Result<Pair, String> {
        match text.split_once([',', ':']) {
            Some((rta, loss)) => Ok(Pair { rta: Some(rta.parse()?), loss: Some(percent(loss)?) }),
            None if text.ends_with('%') => Ok(Pair { rta: None, loss: Some(percent(text)?) }),
            None => Ok(Pair { rta: Some(text.parse()?), loss: None }),
        }
    }
}

/// `WARNING,CRITICAL` of one measured thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Levels<T> {
    pub warning: T,
    pub critical: T,
}

/// Two spans of time, for `-R` and `-J`.
pub(crate) fn span_levels(text: &str) -> Result<Levels<Span>, String> {
    let (warning, critical) = two(text)?;
    Ok(Levels { warning: warning.parse()?, critical: critical.parse()? })
}

/// Two percentages, for `-P`.
pub(crate) fn percent_levels(text: &str) -> Result<Levels<f64>, String> {
    let (warning, critical) = two(text)?;
    Ok(Levels { warning: percent(warning)?, critical: percent(critical)? })
}

fn two(text: &str) -> Result<(&str, &str), String> {
    text.split_once(',').ok_or_else(|| format!("`{text}` is no pair: use WARNING,CRITICAL"))
}

/// A number with or without a percent sign.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    decimal(text.strip_suffix('%').unwrap_or(text)).ok_or_else(|| format!("`{text}` is no percentage"))
}

/// Digits and a point: no sign, no exponent, no infinity.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse::<f64>().ok().filter(|number| plain && number.is_finite())
}

/// Where packets come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// A local address.
    Address(IpAddr),
    /// Whatever address this interface has.
    Interface(String),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Source, String> {
        if let Ok(address) = text.parse() {
            return Ok(Source::Address(address));
        }
        let named = (1..=MAX_INTERFACE).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
        if named {
            Ok(Source::Interface(text.to_owned()))
        } else {
            Err(format!("`{text}` is neither an address nor the name of a network interface"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(text: &str) -> Option<f64> {
        text.parse::<Span>().ok().map(|span| span.milliseconds)
    }

    #[test]
    fn spans_are_milliseconds_unless_they_say_otherwise() {
        for (text, wanted) in [("80", 80.0), ("0.5", 0.5), ("200ms", 200.0), ("1.5s", 1500.0), ("500us", 0.5)]
        {
            assert_eq!(milliseconds(text), Some(wanted), "{text}");
        }
        for text in ["", "ms", "-1", "1e3", "inf", "nan", "1m", "90000s", "1.2.3", "é"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }

    #[test]
    fn pairs_come_in_every_form_of_the_peers() {
        let pair = |text: &str| {
            let pair: Result<Pair, String> = text.parse();
            pair.ok().map(|pair| (pair.rta.map(|rta| rta.milliseconds), pair.loss))
        };
        for (text, wanted) in [
            ("100.0,20%", (Some(100.0), Some(20.0))),
            ("200ms,40%", (Some(200.0), Some(40.0))),
            ("0.2s:40", (Some(200.0), Some(40.0))),
            ("3000,0.5%", (Some(3000.0), Some(0.5))),
            ("100", (Some(100.0), None)),
            ("20%", (None, Some(20.0))),
        ] {
            assert_eq!(pair(text), Some(wanted), "{text}");
        }
        for text in ["", ",", "100,", ",20%", "20%,100", "100,20%,3", "a,b%", "-1,20%", "100,-20%", "%"] {
            assert_eq!(pair(text), None, "{text}");
        }
    }

    #[test]
    fn levels_are_two() {
        assert_eq!(percent_levels("40%,50"), Ok(Levels { warning: 40.0, critical: 50.0 }));
        let levels = span_levels("40ms,0.05s").unwrap();
        assert_eq!((levels.warning.milliseconds, levels.critical.milliseconds), (40.0, 50.0));
        assert!(span_levels("40").is_err());
        assert!(percent_levels("40%,").is_err());
    }

    #[test]
    fn a_source_is_an_address_or_an_interface() {
        assert_eq!("::1".parse(), Ok(Source::Address("::1".parse().unwrap())));
        assert_eq!("eth0.5".parse(), Ok(Source::Interface("eth0.5".to_owned())));
        for text in ["", "a/b", "an interface", "sixteen-letters-", "é"] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
    }
}
