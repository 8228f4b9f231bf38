//! What one entry of a log tells of one request.

use std::net::IpAddr;

/// An attribute of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attribute<'a> {
    /// This log does not tell.
    #[default]
    Untold,
    /// Not there, or empty.
    Missing,
    /// Filled in.
    Present(&'a str),
}

/// One request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record<'a> {
    /// Who sent it, as the log calls it.
    pub client: &'a str,
    /// Seconds since 1970, if the log tells.
    pub time: Option<i64>,
    /// Calling-Station-Id.
    pub station: Attribute<'a>,
    /// Operator-Name.
    pub operator: Attribute<'a>,
    /// Chargeable-User-Identity.
    pub cui: Attribute<'a>,
}

/// Longest name of a client kept.
const MAX_CLIENT: usize = 255;

/// A client's name as it is compared: addresses in their one form, names in small letters. `None` for
/// what is no name.
pub fn client_name(text: &str) -> Option<String> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical().to_string());
    }
    let good = !text.is_empty() && text.len() <= MAX_CLIENT && !text.chars().any(char::is_control);
    good.then(|| text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_one_name() {
        for (text, name) in [
            ("10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            (" 1Cesnet.cz ", "1cesnet.cz"),
        ] {
            assert_eq!(client_name(text).as_deref(), Some(name));
        }
        let long = "x".repeat(256);
        for bad in ["", "  ", "a\nb", &long] {
            assert_eq!(client_name(bad), None);
        }
    }
}
