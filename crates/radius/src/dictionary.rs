//! Names of attributes and how their values are written, for people: `Operator-Name=1example.org`,
//! `NAS-Port-Type=Wireless-802.11`, `224=0x0102`.
//!
//! This is the one place where the crate `radius-rust` is used, behind an adapter: it reads the
//! dictionary, which is part of this program, and packs values that we send. It never sees what came
//! from a network or a user's file: its readers panic on lengths and lines that do not fit, and it cuts
//! long values without a word. Each value is looked at before it is handed over. Received values are
//! shown by [`shown`], which is ours.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use radius_rust::protocol::dictionary::{Dictionary, DictionaryAttribute, SupportedAttributeTypes as Type};
use radius_rust::protocol::radius_packet::RadiusAttribute;
use radius_rust::tools::{integer_to_bytes, ipv4_string_to_bytes, ipv6_string_to_bytes};

use crate::attribute::{Kind, MAX_VALUE};

/// Of the RFCs 2865, 2866, 2868, 2869, 3162, 3576, 4372, 4849, 5580 and 7268: what checks ask by and
/// what servers answer. Every line has its four words, which a test makes sure of.
const TEXT: &str = include_str!("dictionary.txt");

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::from_str(TEXT).unwrap_or_default());

/// Why `NAME=VALUE` is no attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name is none that is known here.
    #[error("`{0}` is no attribute known here; its number will do, with the value as text or as 0x…")]
    Unknown(String),
    /// The value is not of the attribute's type.
    #[error("{name}: `{value}` is no {wanted}")]
    Value {
        /// The attribute.
        name: String,
        /// What was given.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
}

/// The attribute of a name (whatever its case) or number.
pub fn named(name: &str) -> Result<Kind, NameError> {
    let known = || DICTIONARY.attributes().iter().find(|one| one.name().eq_ignore_ascii_case(name));
    match name.parse::<u8>() {
        Ok(number) if number > 0 => Ok(Kind(number)),
        _ => known().map(|one| Kind(one.code())).ok_or_else(|| NameError::Unknown(name.to_owned())),
    }
}

/// The name of an attribute: as in the RFC, else `attribute 224`.
pub fn name(kind: Kind) -> String {
    of(kind).map_or_else(|| kind.to_string(), |one| one.name().to_owned())
}

/// Reads a value for an attribute as its type wants it; `0x…` is taken for octets whatever the type.
pub fn value(kind: Kind, text: &str) -> Result<Vec<u8>, NameError> {
    let wrong = |wanted| NameError::Value { name: name(kind), value: text.to_owned(), wanted };
    let known = of(kind);
    let octets = match (text.strip_prefix("0x"), known.and_then(|one| one.code_type().as_ref())) {
        (Some(digits), _) => hexadecimal(digits).ok_or_else(|| wrong("number of hexadecimal octets"))?,
        (None, Some(Type::Integer)) => {
            let number = number(kind, text).ok_or_else(|| wrong("number or name of a value"))?;
            integer_to_bytes(number)
        }
        // with a prefix length behind it the library would make six octets of it
        (None, Some(Type::IPv4Addr)) => match text.parse::<Ipv4Addr>() {
            Ok(_) => ipv4_string_to_bytes(text).map_err(|_| wrong("IPv4 address"))?,
            Err(_) => return Err(wrong("IPv4 address")),
        },
        (None, Some(Type::IPv6Addr)) => match text.parse::<Ipv6Addr>() {
            Ok(_) => ipv6_string_to_bytes(text).map_err(|_| wrong("IPv6 address"))?,
            Err(_) => return Err(wrong("IPv6 address")),
        },
        _ => text.as_bytes().to_vec(),
    };
    // its writer would take a longer one and wrap the length
    if octets.len() > MAX_VALUE {
        return Err(wrong("value of at most 253 octets"));
    }
    let made = known.and_then(|one| RadiusAttribute::create_by_name(&DICTIONARY, one.name(), octets.clone()));
    Ok(made.map_or(octets, |made| made.value().to_vec()))
}

/// A received value for people: by its type, octets as `0x…`, text with control characters replaced; of
/// long ones the start.
pub fn shown(kind: Kind, value: &[u8]) -> String {
    const SHOWN: usize = 80;
    let of_type = of(kind).and_then(|one| one.code_type().as_ref());
    let is_text = |value: &[u8]| {
        std::str::from_utf8(value).is_ok_and(|text| !text.is_empty() && !text.chars().any(char::is_control))
    };
    match (of_type, <[u8; 4]>::try_from(value), <[u8; 16]>::try_from(value)) {
        (Some(Type::Integer), Ok(octets), _) => value_name(kind, u32::from_be_bytes(octets)),
        (Some(Type::IPv4Addr), Ok(octets), _) => Ipv4Addr::from(octets).to_string(),
        (Some(Type::IPv6Addr), _, Ok(octets)) => Ipv6Addr::from(octets).to_string(),
        (Some(Type::AsciiString), ..) => net::excerpt(value),
        _ if is_text(value) => net::excerpt(value),
        _ => {
            let start = value.get(..SHOWN / 2).unwrap_or(value);
            let mut text = start.iter().fold("0x".to_owned(), |mut text, octet| {
                write!(text, "{octet:02x}").expect("writing to a string cannot fail");
                text
            });
            if start.len() < value.len() {
                text.push('…');
            }
            text
        }
    }
}

fn of(kind: Kind) -> Option<&'static DictionaryAttribute> {
    DICTIONARY.attributes().iter().find(|one| one.code() == kind.0)
}

fn number(kind: Kind, text: &str) -> Option<u32> {
    let name = of(kind)?.name();
    let mut values = DICTIONARY.values().iter().filter(|value| value.attribute_name() == name);
    text.parse()
        .ok()
        .or_else(|| values.find(|value| value.name().eq_ignore_ascii_case(text))?.value().parse().ok())
}

fn value_name(kind: Kind, number: u32) -> String {
    let digits = number.to_string();
    let attribute = of(kind).map(DictionaryAttribute::name);
    let mut values = DICTIONARY.values().iter();
    let named = values.find(|one| Some(one.attribute_name()) == attribute && one.value() == digits);
    named.map_or(digits, |one| one.name().to_owned())
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let digit = |octet: &u8| char::from(*octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    digits.chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The library's reader panics on shorter lines and knows no comments behind words.
    #[test]
    fn every_line_is_whole() {
        let mut attributes = 0;
        for line in TEXT.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words.len(), 4, "{line}");
            match words[0] {
                "ATTRIBUTE" => {
                    attributes += 1;
                    assert_eq!(named(words[1]), Ok(Kind(words[2].parse().unwrap())), "{line}");
                    assert!(of(Kind(words[2].parse().unwrap())).unwrap().code_type().is_some(), "{line}");
                }
                "VALUE" => assert!(number(named(words[1]).unwrap(), words[2]).is_some(), "{line}"),
                other => panic!("{other}"),
            }
        }
        assert_eq!(DICTIONARY.attributes().len(), attributes);
        // what this crate calls by name is called the same here
        for kind in (0..=255).map(Kind) {
            if let (Some(name), Some(known)) = (kind.name(), of(kind)) {
                assert_eq!(name, known.name());
            }
        }
    }

    #[test]
    fn values_are_packed_by_type() {
        let packed = |name: &str, text: &str| {
            let kind = named(name).unwrap();
            value(kind, text).map_err(|error| error.to_string())
        };
        assert_eq!(packed("operator-name", "1example.org"), Ok(b"1example.org".to_vec()));
        assert_eq!(packed("NAS-Port-Type", "Wireless-802.11"), Ok(vec![0, 0, 0, 19]));
        assert_eq!(packed("NAS-Port-Type", "7"), Ok(vec![0, 0, 0, 7]));
        assert_eq!(packed("NAS-IP-Address", "192.0.2.1"), Ok(vec![192, 0, 2, 1]));
        assert_eq!(packed("NAS-IPv6-Address", "2001:db8::1").unwrap().len(), 16);
        assert_eq!(packed("Chargeable-User-Identity", "0x00"), Ok(vec![0]));
        assert_eq!(packed("224", "0xCAFE"), Ok(vec![0xca, 0xfe]));
        assert_eq!(packed("224", "text"), Ok(b"text".to_vec()));
        assert_eq!(
            packed("NAS-IP-Address", "192.0.2.1/24"),
            Err("NAS-IP-Address: `192.0.2.1/24` is no IPv4 address".to_owned())
        );
        for (name, bad) in [
            ("Framed-MTU", "many"),
            ("Class", "0x1"),
            ("Class", "0xgg"),
            ("NAS-IPv6-Address", "::1/64"),
            ("User-Name", &"x".repeat(254)),
        ] {
            assert!(packed(name, bad).is_err(), "{name}={bad}");
        }
        assert!(matches!(named("No-Such"), Err(NameError::Unknown(_))));
        assert!(named("0").is_err() && named("256").is_err());
    }

    #[test]
    fn values_are_shown_by_type() {
        let shown = |name: &str, value: &[u8]| shown(named(name).unwrap(), value);
        assert_eq!(shown("Reply-Message", b"hello\n"), "hello");
        assert_eq!(shown("Session-Timeout", &[0, 0, 14, 16]), "3600");
        assert_eq!(shown("Service-Type", &[0, 0, 0, 8]), "Authenticate-Only");
        assert_eq!(shown("Framed-IP-Address", &[192, 0, 2, 1]), "192.0.2.1");
        // of the wrong length for its type
        assert_eq!(shown("Session-Timeout", &[0, 1]), "0x0001");
        assert_eq!(shown("Class", b"class1"), "class1");
        assert_eq!(shown("Class", &[0, 255]), "0x00ff");
        assert_eq!(shown("Class", &[0; 100]).chars().count(), 83);
        assert_eq!(
            (name(Kind(126)), name(Kind(224))),
            ("Operator-Name".to_owned(), "attribute 224".to_owned())
        );
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic(kind: u8, noise in proptest::collection::vec(any::<u8>(), 0..260), text in ".{0,300}") {
            let _ = shown(Kind(kind), &noise);
            let _ = value(Kind(kind), &text);
            let _ = named(&text);
        }
    }
}
