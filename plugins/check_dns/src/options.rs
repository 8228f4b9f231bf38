//! The words of the command line, read once.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use check::{Range, Thresholds};
use hickory_resolver::proto::op::Metadata;
use hickory_resolver::proto::rr::{Name, RecordType};

/// Most types in one question list.
const MAX_TYPES: usize = 16;

/// A name server: name or address, and perhaps a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// Without brackets.
    pub host: String,
    /// Its own port, if one was given.
    pub port: Option<u16>,
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Server, String> {
        let wrong = || {
            format!("`{text}` is no server: write 192.0.2.53, 192.0.2.53:5353, [2001:db8::53]:5353 or a name")
        };
        let with_port = |host: &str, port: u16| Server { host: host.to_owned(), port: Some(port) };
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(with_port(&address.ip().to_string(), address.port()));
        }
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if bare.parse::<IpAddr>().is_ok() {
            return Ok(Server { host: bare.to_owned(), port: None });
        }
        let (host, port) = text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
        let good = !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
        match port.map(str::parse::<u16>) {
            _ if !good => Err(wrong()),
            None => Ok(Server { host: host.to_owned(), port: None }),
            Some(Ok(port @ 1..)) => Ok(with_port(host, port)),
            Some(_) => Err(wrong()),
        }
    }
}

/// As it was written.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// The name to ask for, always absolute: no search list of this machine changes what is checked.
pub(crate) fn name(text: &str) -> Result<Name, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Name::from(address));
    }
    let read = if text.is_ascii() { Name::from_ascii(text) } else { Name::from_utf8(text) };
    let mut name = read.map_err(|error| format!("`{text}` is no name of the DNS: {error}"))?;
    name.set_fqdn(true);
    Ok(name)
}

/// `MX` or `a,aaaa`.
pub(crate) fn record_types(text: &str) -> Result<Arc<[RecordType]>, String> {
    let one = |word: &str| match word.trim().to_ascii_uppercase().parse::<RecordType>() {
        Ok(RecordType::AXFR | RecordType::IXFR | RecordType::OPT | RecordType::ZERO) | Err(_) => {
            Err(format!("`{word}` is no type of records that can be asked for: A, AAAA, MX, NS, SOA, TXT …"))
        }
        Ok(found) => Ok(found),
    };
    let mut types = Vec::new();
    for found in text.split(',').map(one) {
        let found = found?;
        if !types.contains(&found) {
            types.push(found);
        }
    }
    if types.len() > MAX_TYPES {
        return Err(format!("{} types are more than {MAX_TYPES}", types.len()));
    }
    Ok(types.into())
}

/// A flag of an answer's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    Authoritative,
    Authentic,
    RecursionAvailable,
    RecursionDesired,
    CheckingDisabled,
    Truncated,
}

impl Flag {
    const ALL: [Flag; 6] = [
        Flag::Authoritative,
        Flag::Authentic,
        Flag::RecursionAvailable,
        Flag::RecursionDesired,
        Flag::CheckingDisabled,
        Flag::Truncated,
    ];

    /// As dig prints it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Flag::Authoritative => "aa",
            Flag::Authentic => "ad",
            Flag::RecursionAvailable => "ra",
            Flag::RecursionDesired => "rd",
            Flag::CheckingDisabled => "cd",
            Flag::Truncated => "tc",
        }
    }

    /// Is it set?
    pub(crate) fn is_set(self, header: &Metadata) -> bool {
        match self {
            Flag::Authoritative => header.authoritative,
            Flag::Authentic => header.authentic_data,
            Flag::RecursionAvailable => header.recursion_available,
            Flag::RecursionDesired => header.recursion_desired,
            Flag::CheckingDisabled => header.checking_disabled,
            Flag::Truncated => header.truncation,
        }
    }

    /// All that are set, as dig lists them.
    pub(crate) fn shown(header: &Metadata) -> String {
        let set: Vec<&str> =
            Flag::ALL.into_iter().filter(|flag| flag.is_set(header)).map(Flag::name).collect();
        if set.is_empty() { "none".to_owned() } else { set.join(" ") }
    }
}

/// `aa,ad`.
pub(crate) fn flags(text: &str) -> Result<Arc<[Flag]>, String> {
    let one = |word: &str| {
        let found = Flag::ALL.into_iter().find(|flag| flag.name().eq_ignore_ascii_case(word.trim()));
        found.ok_or_else(|| format!("`{word}` is no flag: aa, ad, ra, rd, cd or tc"))
    };
    text.split(',').map(one).collect::<Result<Vec<Flag>, String>>().map(Arc::from)
}

/// What DNSSEC says of an answer (RFC 4035, section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// Signed, and proven.
    Secure,
    /// Not signed, or nobody validated it.
    Insecure,
    /// Should be signed, and is wrong.
    Bogus,
    /// Whether it should be signed cannot be found out.
    Indeterminate,
}

impl Security {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Security::Secure => "secure",
            Security::Insecure => "insecure",
            Security::Bogus => "bogus",
            Security::Indeterminate => "indeterminate",
        }
    }
}

impl FromStr for Security {
    type Err = String;

    fn from_str(text: &str) -> Result<Security, String> {
        let all = [Security::Secure, Security::Insecure, Security::Bogus, Security::Indeterminate];
        let found = all.into_iter().find(|state| state.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| format!("`{text}` is not secure, insecure, bogus or indeterminate"))
    }
}

/// Days that must be left: WARNING below the first number, CRITICAL below the second.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Levels(pub Thresholds);

impl FromStr for Levels {
    type Err = String;

    fn from_str(text: &str) -> Result<Levels, String> {
        let number = |part: &str| match part.trim().parse::<f64>() {
            Ok(days) if days.is_finite() && days >= 0.0 => Ok(days),
            _ => Err(format!("`{part}` is no number of days: write 5 or 5,2")),
        };
        let (warning, critical) = text.split_once(',').unwrap_or((text, "0"));
        let (warning, critical) = (number(warning)?, number(critical)?);
        if critical > warning {
            return Err(format!("`{text}`: fewer days are worse, the first number is for WARNING"));
        }
        Ok(Levels(Thresholds::new(Some(Range::at_least(warning)), Some(Range::at_least(critical)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_have_names_addresses_and_ports() {
        for (text, want) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:5300", "192.0.2.1:5300"),
            ("2001:db8::1", "[2001:db8::1]"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("[2001:db8::1]:5300", "[2001:db8::1]:5300"),
            ("ns1.example.org", "ns1.example.org"),
            ("ns1.example.org:5300", "ns1.example.org:5300"),
        ] {
            assert_eq!(text.parse::<Server>().unwrap().to_string(), want);
        }
        for bad in ["", ":53", "a:0", "a:70000", "a b", "a:b:c", "http://x", "192.0.2.1:x"] {
            assert!(bad.parse::<Server>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_absolute() {
        assert_eq!(name("a.test").unwrap().to_string(), "a.test.");
        assert_eq!(name("_sip._tcp.a.test.").unwrap().to_string(), "_sip._tcp.a.test.");
        assert_eq!(name("bücher.test").unwrap().to_ascii(), "xn--bcher-kva.test.");
        assert_eq!(name(".").unwrap().to_string(), ".");
        assert!(name(&"a".repeat(64)).is_err() && name(&"ab.".repeat(100)).is_err());
        assert!(name("a..b").is_err());
    }

    #[test]
    fn lists_are_read_once() {
        assert_eq!(*record_types("a,AAAA,a").unwrap(), [RecordType::A, RecordType::AAAA]);
        assert!(record_types("A,").is_err() && record_types("AXFR").is_err() && record_types("no").is_err());
        assert_eq!(*flags("aa,AD").unwrap(), [Flag::Authoritative, Flag::Authentic]);
        assert!(flags("aa,xx").is_err());
        assert!("5,2".parse::<Levels>().is_ok() && "0.5".parse::<Levels>().is_ok());
        assert!(
            "2,5".parse::<Levels>().is_err()
                && "nan".parse::<Levels>().is_err()
                && "-1".parse::<Levels>().is_err()
        );
    }
}
