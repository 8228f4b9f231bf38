//! The header of a mail that came back, pure: its fields, and the way that it says it took.

use jiff::fmt::rfc2822::DateTimeParser;

/// Most bytes of a header that are read.
pub const MAX_HEADER: usize = 32 * 1024;
/// Most fields that are looked at.
const MAX_FIELDS: usize = 500;
/// Most hops that are told; relays end a loop long before.
const MAX_HOPS: usize = 50;

/// A relay that has taken the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Who says so, in its own words; empty if it does not.
    pub by: String,
    /// When, by its clock, in seconds since 1970.
    pub at: i64,
}

/// Names and values, folded lines joined, up to the empty line.
pub fn fields(header: &str) -> impl Iterator<Item = (&str, String)> {
    let mut lines = header.lines().take_while(|line| !line.is_empty()).peekable();
    let field = move || {
        loop {
            let line = lines.next()?;
            let mut rest = String::new();
            while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
                rest.push(' ');
                rest.push_str(more.trim());
            }
            // mbox begins with a line that is no field
            if let Some((name, value)) = line.split_once(':') {
                return Some((name, format!("{}{rest}", value.trim())));
            }
        }
    };
    std::iter::from_fn(field).take(MAX_FIELDS)
}

/// The hops of a mail, in the order in which it took them. Those without a date that can be read are
/// left out.
pub fn hops(header: &str) -> Vec<Hop> {
    let received = fields(header).filter(|(name, _)| name.eq_ignore_ascii_case("received"));
    let mut hops: Vec<Hop> = received.filter_map(|(_, value)| hop(&value)).take(MAX_HOPS).collect();
    hops.reverse();
    hops
}

/// `from … by NAME with … ; DATE`.
fn hop(value: &str) -> Option<Hop> {
    const DATES: DateTimeParser = DateTimeParser::new();
    let (way, date) = value.rsplit_once(';')?;
    let at = DATES.parse_timestamp(date.trim()).ok()?.as_second();
    let mut words = way.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("by"));
    let by = words.nth(1).unwrap_or_default();
    Some(Hop { by: by.chars().take(100).collect(), at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAIL: &str = "From x Sat\nReceived: from b by c.test with esmtp (Exim 4.96)\n\t(envelope-from <a>)\n\tid 1;\n\tSun, 22 Nov 2026 08:00:07 +0000\nReceived: by b.test; Sun, 22 Nov 2026 09:00:02 +0100 (CET)\nReceived: nonsense\nSubject: a\r\n b\nTo: c\n\nReceived: by d.test; Sun, 22 Nov 2026 08:00:09 +0000\n";

    #[test]
    fn hops_come_in_the_order_of_the_way() {
        let hops = hops(MAIL);
        let told: Vec<(&str, i64)> = hops.iter().map(|hop| (hop.by.as_str(), hop.at % 60)).collect();
        assert_eq!(told, [("b.test", 2), ("c.test", 7)]);
        assert_eq!(hops[1].at - hops[0].at, 5);
    }

    #[test]
    fn fields_are_unfolded_and_end_at_the_empty_line() {
        let all: Vec<_> = fields(MAIL).collect();
        assert_eq!(all.len(), 5);
        assert_eq!(all[3], ("Subject", "a b".to_owned()));
        assert_eq!(fields(&"a: b\n".repeat(1000)).count(), MAX_FIELDS);
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(text in "(Received|[a-z ]{0,4}|\\PC{0,6}|:|;|\n|\t| by | Sun, 22 Nov 2026 08:00:07 [+]0000){0,30}") {
            prop_assert!(hops(&text).len() <= MAX_HOPS);
        }
    }
}
