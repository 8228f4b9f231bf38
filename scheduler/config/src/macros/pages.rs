//! Macros in `notes`, `notes_url` and `action_url`: [`page`].

use std::cell::Cell;
use std::fmt::Write;

use super::check::OWN;
use super::data;
use crate::command::{Lookup, MacroValue, filled};

/// All values of one text may have so many bytes; macros beyond that stay as text. No argument of a
/// program may be longer than twice as much.
const MAX_VALUES: usize = 64 * 1024;

/// How values stand in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// As they are.
    Plain,
    /// In the address of a page: all but letters, digits and `-._~` percent-encoded (RFC 3986, 2.1), as
    /// Nagios has it.
    Encoded,
}

/// A text for people with its macros in their places. `$USERn$` stay as text: they are secrets, and
/// this is read by everybody. So do notes and addresses of pages, which would go round in circles. In
/// what a monitored machine wrote (`foreign`) only the names of its own object are looked up: the
/// address would carry anything else to wherever it leads.
pub(crate) fn page(text: &str, stand: Stand, foreign: bool, value: Lookup<'_, '_>) -> String {
    let room = Cell::new(MAX_VALUES);
    filled(text, &|name| {
        let bare = name.split_once(':').map_or(name, |(bare, _)| bare);
        let is_page = ["NOTES", "NOTESURL", "ACTIONURL"].iter().any(|end| bare.ends_with(end));
        let is_kept = (is_page && !bare.starts_with('_')) || (foreign && !OWN.contains(&name));
        if is_kept || room.get() == 0 {
            return None;
        }
        let (MacroValue::Template(text) | MacroValue::Words(text) | MacroValue::Data(text)) = value(name)?;
        room.set(room.get().saturating_sub(text.len() + 16));
        if room.get() == 0 {
            return None;
        }
        Some(match stand {
            Stand::Plain => data(text.into_owned()),
            Stand::Encoded => data(encoded(&text)),
        })
    })
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}"); // a String takes everything
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_in_addresses_only() {
        let value = |name: &str| match name {
            "HOSTNAME" => Some(data("web 1/é")),
            "_HOSTPATH" => Some(MacroValue::Words("a?b=c&d~e-f._".into())),
            "HOSTNOTES" | "HOSTNOTESURL:web1" => Some(data("round and round")),
            "HOSTADDRESS:db1" => Some(data("192.0.2.1")),
            _ => None,
        };
        for (text, plain, address) in [
            ("https://x/$HOSTNAME$?a=1", "https://x/web 1/é?a=1", "https://x/web%201%2F%C3%A9?a=1"),
            ("$_HOSTPATH$", "a?b=c&d~e-f._", "a%3Fb%3Dc%26d~e-f._"),
            ("$$ $USER1$ $NOSUCH$ 5$", "$ $USER1$ $NOSUCH$ 5$", "$ $USER1$ $NOSUCH$ 5$"),
            (
                "$HOSTNOTES$$HOSTNOTESURL:web1$",
                "$HOSTNOTES$$HOSTNOTESURL:web1$",
                "$HOSTNOTES$$HOSTNOTESURL:web1$",
            ),
            ("$HOSTADDRESS:db1$", "192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(page(text, Stand::Plain, false, &value), plain);
            assert_eq!(page(text, Stand::Encoded, false, &value), address);
        }
        let long = page(&"$HOSTNAME$".repeat(20_000), Stand::Plain, false, &value);
        assert!(long.starts_with("web 1/é") && long.ends_with("$HOSTNAME$"));
        let foreign = |text: &str| page(text, Stand::Encoded, true, &value);
        assert_eq!(foreign("/$HOSTNAME$"), "/web%201%2F%C3%A9");
        assert_eq!(foreign("$_HOSTPATH$$HOSTADDRESS:db1$"), "$_HOSTPATH$$HOSTADDRESS:db1$");
    }
}
