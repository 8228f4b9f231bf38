//! Versions of TLS, and the names of what is agreed on in a handshake.

use std::fmt;
use std::str::FromStr;

use rustls::{AlertDescription, CipherSuite, ProtocolVersion};

/// A version of the protocol, the older the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Broken since 2014 (RFC 7568).
    Ssl3,
    /// Deprecated (RFC 8996).
    Tls10,
    /// Deprecated (RFC 8996).
    Tls11,
    /// The oldest that may be used.
    Tls12,
    /// The newest.
    Tls13,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Version; 5] =
        [Version::Ssl3, Version::Tls10, Version::Tls11, Version::Tls12, Version::Tls13];

    /// As in records and hellos.
    pub(crate) fn wire(self) -> u16 {
        match self {
            Version::Ssl3 => 0x0300,
            Version::Tls10 => 0x0301,
            Version::Tls11 => 0x0302,
            Version::Tls12 => 0x0303,
            Version::Tls13 => 0x0304,
        }
    }

    pub(crate) fn from_wire(wire: u16) -> Option<Version> {
        Version::ALL.into_iter().find(|version| version.wire() == wire)
    }

    pub(crate) fn of(version: ProtocolVersion) -> Option<Version> {
        Version::from_wire(u16::from(version))
    }

    /// The one before, if there is one.
    pub fn older(self) -> Option<Version> {
        Version::ALL.into_iter().rev().find(|version| *version < self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Version::Ssl3 => "SSL 3.0",
            Version::Tls10 => "TLS 1.0",
            Version::Tls11 => "TLS 1.1",
            Version::Tls12 => "TLS 1.2",
            Version::Tls13 => "TLS 1.3",
        })
    }
}

impl FromStr for Version {
    type Err = String;

    /// `1.2`, also written `TLSv1.2`, `tls1.2` or `TLS 1.2`.
    fn from_str(text: &str) -> Result<Version, String> {
        let lower = text.to_ascii_lowercase().replace(' ', "");
        let number = lower.strip_prefix("tls").unwrap_or(&lower);
        match number.strip_prefix('v').unwrap_or(number) {
            "1.0" | "1" => Ok(Version::Tls10),
            "1.1" => Ok(Version::Tls11),
            "1.2" => Ok(Version::Tls12),
            "1.3" => Ok(Version::Tls13),
            _ => Err(format!("`{text}` is no version of TLS: use 1.0, 1.1, 1.2 or 1.3")),
        }
    }
}

/// The name of a cipher suite, its number if it has none here.
pub(crate) fn cipher_name(number: u16) -> String {
    match CipherSuite::from(number).as_str() {
        Some(name) => name.replacen("TLS13_", "TLS_", 1),
        None => format!("cipher suite 0x{number:04x}"),
    }
}

/// The words of an alert: `protocol version`.
pub(crate) fn alert_name(number: u8) -> String {
    let AlertDescription::Unknown(_) = AlertDescription::from(number) else {
        return words(&format!("{:?}", AlertDescription::from(number)));
    };
    format!("number {number}")
}

/// `HandshakeFailure` as `handshake failure`.
fn words(camel: &str) -> String {
    let mut words = String::with_capacity(camel.len() + 4);
    let mut after_capital = true;
    for c in camel.chars() {
        if c.is_ascii_uppercase() && !after_capital {
            words.push(' ');
        }
        after_capital = c.is_ascii_uppercase();
        words.push(c.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_and_read() {
        for (text, want) in
            [("1.2", Version::Tls12), ("TLSv1.3", Version::Tls13), ("tls 1.0", Version::Tls10)]
        {
            assert_eq!(text.parse(), Ok(want));
        }
        for bad in ["", "1.4", "ssl3", "2", "é"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
        assert_eq!(Version::Tls10.older(), Some(Version::Ssl3));
        assert_eq!(Version::Ssl3.older(), None);
    }

    #[test]
    fn names_are_those_people_know() {
        assert_eq!(cipher_name(0x1301), "TLS_AES_128_GCM_SHA256");
        assert_eq!(cipher_name(0x000a), "TLS_RSA_WITH_3DES_EDE_CBC_SHA");
        assert_eq!(cipher_name(0xeeee), "cipher suite 0xeeee");
        assert_eq!(alert_name(70), "protocol version");
        assert_eq!(alert_name(40), "handshake failure");
        assert_eq!(alert_name(112), "unrecognised name");
        assert_eq!(alert_name(199), "number 199");
    }
}
