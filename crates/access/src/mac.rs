//! The MAC address that a test shows as its user's device.

use std::fmt;
use std::str::FromStr;

use sha1::{Digest, Sha1};

/// A MAC address, sent as Calling-Station-Id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

/// What a login is made for. Logins of one user with different purposes may run at the same time, and
/// each has addresses of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Does the user get in?
    Login,
    /// The same with requests over 1500 octets.
    BigPacket,
    /// Under the name of another realm.
    ForeignInner,
    /// With a question for the Chargeable-User-Identity.
    Cui,
    /// Under a made-up outer identity.
    FakeIdentity,
    /// A session for a later resumption.
    Resumption,
    /// The resumption.
    ResumptionAgain,
    /// Only to see the server's certificate.
    Certificate,
}

/// `70:6f:6c:69:xx:xx` to `70:6f:6c:6f:xx:xx`: what the federation's statistics leave out.
const POOL: u32 = 7 * 65536;

/// Purposes.
const PURPOSES: u32 = 8;

/// Servers that one monitor can tell apart: the pool divided by the purposes.
pub const MAX_ROWS: u32 = POOL / PURPOSES;

impl Mac {
    /// The address of a cell of the matrix: server number `row` (below [`MAX_ROWS`]), user, purpose. For
    /// one user no two rows and purposes share one; another user's addresses begin elsewhere.
    pub fn of_cell(row: u32, user: &str, purpose: Purpose) -> Mac {
        let place = (row % MAX_ROWS) * PURPOSES + purpose as u32;
        let index = (place + hash(user) % POOL) % POOL;
        let [_, prefix, high, low] = index.to_be_bytes();
        Mac([0x70, 0x6f, 0x6c, 0x69 + prefix, high, low])
    }

    /// A row for those who do not number their servers: of the server's name or address. Among 200
    /// servers two share one with a probability of a third; a list of servers has none.
    pub fn row_of(server: &str) -> u32 {
        hash(server) % MAX_ROWS
    }

    /// As RADIUS has it (RFC 3580 §3.21): `70-6F-6C-69-73-68`.
    pub fn station_id(self) -> String {
        let octets = self.0.map(|octet| format!("{octet:02X}"));
        octets.join("-")
    }
}

fn hash(text: &str) -> u32 {
    let digest = Sha1::digest(text.to_ascii_lowercase());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.map(|octet| format!("{octet:02x}")).join(":"))
    }
}

impl FromStr for Mac {
    type Err = String;

    /// With colons, dashes, dots or nothing between its digits.
    fn from_str(text: &str) -> Result<Mac, String> {
        let bad = || format!("`{text}` is no MAC address: write 70:6f:6c:69:73:68");
        let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
        if digits.len() != 12 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let number = u64::from_str_radix(&digits, 16).map_err(|_| bad())?;
        let [_, _, octets @ ..] = number.to_be_bytes();
        Ok(Mac(octets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const PURPOSES_ALL: [Purpose; 8] = [
        Purpose::Login,
        Purpose::BigPacket,
        Purpose::ForeignInner,
        Purpose::Cui,
        Purpose::FakeIdentity,
        Purpose::Resumption,
        Purpose::ResumptionAgain,
        Purpose::Certificate,
    ];

    #[test]
    fn no_two_tests_of_one_user_share_an_address() {
        for user in ["test@example.org", "x@y", ""] {
            let mut seen = HashSet::new();
            for row in 0..MAX_ROWS {
                for purpose in PURPOSES_ALL {
                    let mac = Mac::of_cell(row, user, purpose);
                    assert!(matches!(mac.0, [0x70, 0x6f, 0x6c, 0x69..=0x6f, _, _]), "{mac}");
                    assert!(seen.insert(mac), "{user}: {mac} twice");
                }
            }
        }
    }

    /// What is written in a log of last year must be found in this one.
    #[test]
    fn an_address_stays_what_it_is() {
        let mac = Mac::of_cell(Mac::row_of("192.0.2.1"), "test@example.org", Purpose::Login);
        assert_eq!(mac, Mac::of_cell(Mac::row_of("192.0.2.1"), "TEST@example.org", Purpose::Login));
        assert_eq!(mac.to_string(), "70:6f:6c:6d:1d:f0");
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for text in ["70:6f:6c:69:73:68", "70-6F-6C-69-73-68", "706f.6c69.7368", "706f6c697368"] {
            let mac: Mac = text.parse().unwrap();
            assert_eq!(mac.to_string(), "70:6f:6c:69:73:68");
            assert_eq!(mac.station_id(), "70-6F-6C-69-73-68");
        }
        for bad in ["", "70:6f:6c:69:73", "70:6f:6c:69:73:6g", "éééééé", "706f6c6973688"] {
            assert!(bad.parse::<Mac>().is_err(), "{bad}");
        }
    }
}
