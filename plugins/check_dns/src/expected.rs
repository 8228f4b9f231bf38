//! Values that must be in the answer, and how a record is compared with them. Pure.

use std::net::IpAddr;

use hickory_resolver::proto::rr::{Name, RData};

/// One value of `-a`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expected {
    /// This address, however it is written.
    Address(IpAddr),
    /// Any address in this network.
    Network(IpAddr, u8),
    /// A name, or a record's text.
    Text(String),
}

/// The values of all `-a`. A comma separates addresses, networks and names that end with a dot;
/// elsewhere it is part of the value (TXT).
pub(crate) fn expected(words: &[String]) -> Vec<Expected> {
    let read = |word: &String| {
        let parts: Vec<Expected> = word.split(',').map(|part| one(part.trim())).collect();
        let is_list = parts.iter().all(|part| match part {
            Expected::Text(text) => text.ends_with('.') && !text.contains(' '),
            Expected::Address(_) | Expected::Network(..) => true,
        });
        if is_list { parts } else { vec![one(word)] }
    };
    words.iter().flat_map(read).collect()
}

fn one(text: &str) -> Expected {
    if let Ok(address) = text.parse() {
        return Expected::Address(address);
    }
    let network = text.split_once('/').and_then(|(address, length)| {
        let address: IpAddr = address.parse().ok()?;
        let length: u8 = length.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        (length <= longest).then_some((address, length))
    });
    network.map_or_else(
        || Expected::Text(text.to_owned()),
        |(address, length)| Expected::Network(address, length),
    )
}

impl Expected {
    /// Is this record what is expected?
    pub(crate) fn admits(&self, data: &RData) -> bool {
        match self {
            Expected::Address(address) => data.ip_addr() == Some(*address),
            Expected::Network(network, length) => {
                data.ip_addr().is_some_and(|address| contains(*network, *length, address))
            }
            Expected::Text(text) => match name_of(data) {
                Some(name) => {
                    text.trim_end_matches('.').eq_ignore_ascii_case(name.to_ascii().trim_end_matches('.'))
                }
                None => is_text_of(text, data),
            },
        }
    }
}

/// The value of a record as text, as dig prints it (but for the quotes of TXT).
pub(crate) fn shown(data: &RData) -> String {
    name_of(data).map_or_else(|| data.to_string(), Name::to_ascii)
}

/// The name that a record consists of.
fn name_of(data: &RData) -> Option<&Name> {
    match data {
        RData::NS(name) => Some(&name.0),
        RData::CNAME(name) => Some(&name.0),
        RData::PTR(name) => Some(&name.0),
        _ => None,
    }
}

/// The same words; case matters in TXT alone.
fn is_text_of(text: &str, data: &RData) -> bool {
    let shown = data.to_string();
    if let RData::TXT(_) = data {
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        return bare == shown;
    }
    let words =
        |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_ascii_lowercase).collect() };
    words(text) == words(&shown)
}

fn contains(network: IpAddr, length: u8, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let shift = 32_u32.saturating_sub(u32::from(length));
            let top = |bits: u32| bits.checked_shr(shift).unwrap_or(0);
            top(network.to_bits()) == top(address.to_bits())
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let shift = 128_u32.saturating_sub(u32::from(length));
            let top = |bits: u128| bits.checked_shr(shift).unwrap_or(0);
            top(network.to_bits()) == top(address.to_bits())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::rdata::{MX, PTR, TXT};

    use super::*;

    fn admits(word: &str, data: &RData) -> bool {
        expected(&[word.to_owned()]).iter().any(|expected| expected.admits(data))
    }

    #[test]
    fn addresses_and_networks() {
        let v4 = RData::A("192.0.2.7".parse().unwrap());
        let v6 = RData::AAAA("2001:db8::7".parse().unwrap());
        for word in [
            "192.0.2.7",
            "192.0.2.0/24",
            "192.0.2.7/32",
            "0.0.0.0/0",
            "10.0.0.1,192.0.2.7",
            "10.0.0.0/8,192.0.0.0/16",
        ] {
            assert!(admits(word, &v4), "{word}");
            assert!(!admits(word, &v6), "{word}");
        }
        for word in ["2001:DB8:0::7", "2001:db8::/32", "::/0"] {
            assert!(admits(word, &v6), "{word}");
            assert!(!admits(word, &v4), "{word}");
        }
        for word in ["192.0.2.8", "192.0.2.8/29x", "192.0.2.0/33", "192.0.2.8/30", ""] {
            assert!(!admits(word, &v4), "{word}");
        }
    }

    #[test]
    fn names_and_texts() {
        let name = |text: &str| Name::from_ascii(text).unwrap();
        let ptr = RData::PTR(PTR(name("Host.example.test.")));
        assert!(admits("host.example.test.", &ptr) && admits("host.example.test", &ptr));
        assert!(admits("a.test.,host.example.test.", &ptr) && !admits("example.test.", &ptr));
        let mx = RData::MX(MX::new(10, name("mx.example.test.")));
        assert!(admits("10  MX.example.test.", &mx) && !admits("20 mx.example.test.", &mx));
        let txt = RData::TXT(TXT::new(vec!["v=spf1 a,b".to_owned(), " -all".to_owned()]));
        assert!(admits("v=spf1 a,b -all", &txt) && admits("\"v=spf1 a,b -all\"", &txt));
        assert!(!admits("V=spf1 a,b -all", &txt) && !admits("v=spf1 a", &txt));
    }
}
