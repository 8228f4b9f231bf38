//! Values of directives: lists, numbers, option letters, commands with arguments.

use std::borrow::Cow;

use engine::Letters;

/// The items of a comma-separated list, trimmed, without empty ones.
pub(crate) fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(|item| item.trim_matches([' ', '\t'])).filter(|item| !item.is_empty())
}

/// A number as C's `strtod` reads it: what follows is passed over, and what is none is 0. The
/// second is whether all of it was a number.
pub(crate) fn number(text: &str) -> (f64, bool) {
    let text = text.trim();
    let mut end = 0;
    let (mut dot, mut digits) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            '0'..='9' => digits = true,
            '-' | '+' if at == 0 => {}
            '.' if !dot => dot = true,
            _ => break,
        }
        end = at + 1;
    }
    let value = if digits { text[..end].parse().unwrap_or(0.0) } else { 0.0 };
    (value, digits && end == text.len())
}

/// 0 or 1 as C's `atoi` reads it: no number is 0, anything but 0 is 1.
pub(crate) fn flag(text: &str) -> (bool, bool) {
    let (value, exact) = number(text);
    (value.abs() >= 1.0, exact)
}

/// Option letters or words; the first unknown one if there is one. `n` takes away all before it.
pub(crate) fn letters<'a>(text: &'a str, known: &str) -> Result<Letters, &'a str> {
    items(text).try_fold(Letters::NONE, |set, item| {
        let letter = match item {
            "n" | "none" => return Ok(Letters::NONE),
            "a" | "all" => return Ok(Letters::ALL),
            "down" => "d",
            "unreachable" | "unknown" => "u",
            "ok" | "up" => "o",
            "warning" => "w",
            "critical" => "c",
            "recovery" => "r",
            "flapping" => "f",
            "downtime" => "s",
            "pending" => "p",
            letter => letter,
        };
        let mut chars = letter.chars();
        match (chars.next(), chars.next()) {
            (Some(letter), None) if known.contains(letter) => Ok(set.with(letter)),
            _ => Err(item),
        }
    })
}

/// `name!argument!argument` as name and arguments. `\!` is a `!`; other backslashes stay, as
/// Nagios 4.4.6 leaves them.
pub(crate) fn command(text: &str) -> (&str, Vec<Cow<'_, str>>) {
    let Some((name, mut rest)) = text.split_once('!') else { return (text, Vec::new()) };
    let mut arguments = Vec::new();
    let mut argument = Cow::Borrowed("");
    loop {
        let end = rest.find('!').unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        let after = after.strip_prefix('!');
        match (part.strip_suffix('\\'), after) {
            (Some(part), Some(after)) => {
                argument.to_mut().push_str(part);
                argument.to_mut().push('!');
                rest = after;
            }
            (_, after) => {
                arguments.push(if argument.is_empty() { Cow::Borrowed(part) } else { argument + part });
                argument = Cow::Borrowed("");
                match after {
                    Some(after) => rest = after,
                    None => return (name, arguments),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        for (text, want) in [
            ("5", (5.0, true)),
            ("0.5", (0.5, true)),
            (" -1 ", (-1.0, true)),
            ("+3.", (3.0, true)),
            (".5", (0.5, true)),
            ("5m", (5.0, false)),
            ("yes", (0.0, false)),
            ("null", (0.0, false)),
            ("", (0.0, false)),
            ("-", (0.0, false)),
            ("1.2.3", (1.2, false)),
            ("inf", (0.0, false)),
            ("1é", (1.0, false)),
        ] {
            assert_eq!(number(text), want, "{text:?}");
        }
        assert_eq!([flag("0").0, flag("1").0, flag("2").0, flag("yes").0], [false, true, true, false]);
    }

    #[test]
    fn letters_are_read_in_order() {
        let set = |text| letters(text, "wucrfs");
        assert_eq!(set("w, c").unwrap(), Letters::NONE.with('w').with('c'));
        assert_eq!(set("warning,recovery").unwrap(), Letters::NONE.with('w').with('r'));
        assert_eq!(set("a").unwrap(), Letters::ALL);
        assert_eq!(set("w,a,n").unwrap(), Letters::NONE);
        assert_eq!(set("n,w").unwrap(), Letters::NONE.with('w'));
        for bad in ["d", "W", "wc", "w,x", "null"] {
            assert!(set(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn commands_and_their_arguments() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("c", "c", &[]),
            ("c!", "c", &[""]),
            ("c!!!last", "c", &["", "", "last"]),
            (r"c!a\!b!$HOSTADDRESS$", "c", &["a!b", "$HOSTADDRESS$"]),
            (r"c!a\nb\\d\!x", "c", &[r"a\nb\\d!x"]),
            (r"c!\!\!!x\", "c", &["!!", r"x\"]),
            ("c ! a ", "c ", &[" a "]),
        ];
        for (text, name, arguments) in cases {
            let (found, list) = command(text);
            assert_eq!(
                (found, list.iter().map(AsRef::as_ref).collect()),
                (*name, arguments.to_vec()),
                "{text:?}"
            );
        }
    }
}
