//! The functions that rules use: `match`, `regex`, `cidr_match`, `len` and a few on strings and arrays.
//! All are pure.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use regex::bytes::{Regex, RegexBuilder};

use crate::operators::{MAX_TEXT, bounded, compare, spelled};
use crate::value::Value;

/// A regular expression may take so much memory, compiled.
const MAX_REGEX: usize = 256 * 1024;

/// So many compiled expressions are kept.
const MAX_KEPT: usize = 1_000;

/// Names of all functions, for "nearest known".
pub(crate) const NAMES: [&str; 12] = [
    "match",
    "regex",
    "cidr_match",
    "len",
    "string",
    "number",
    "bool",
    "keys",
    "union",
    "intersection",
    "basename",
    "dirname",
];

/// Regular expressions, compiled once.
#[derive(Debug, Default)]
pub(crate) struct Patterns(HashMap<Rc<str>, Regex>);

impl Patterns {
    fn is_match(&mut self, pattern: &Rc<str>, text: &str) -> Result<bool, String> {
        if let Some(known) = self.0.get(pattern) {
            return Ok(known.is_match(text.as_bytes()));
        }
        // as Boost has them: bytes, `^` and `$` at every line, `.` is a newline, too
        let built = RegexBuilder::new(pattern)
            .unicode(false)
            .multi_line(true)
            .dot_matches_new_line(true)
            .size_limit(MAX_REGEX)
            .dfa_size_limit(MAX_REGEX)
            .build();
        let regex = built.map_err(|_| {
            format!("`{pattern}` is no regular expression that hlidka has: look-around and back references are missing")
        })?;
        let found = regex.is_match(text.as_bytes());
        if self.0.len() >= MAX_KEPT {
            self.0.clear();
        }
        self.0.insert(pattern.clone(), regex);
        Ok(found)
    }
}

/// Calls a function by its name.
pub(crate) fn call(name: &str, arguments: &[Value], patterns: &mut Patterns) -> Result<Value, String> {
    let takes = |least: usize, most: usize| {
        if (least..=most).contains(&arguments.len()) {
            return Ok(());
        }
        let many = if least == most { least.to_string() } else { format!("{least} to {most}") };
        Err(format!("{name}() takes {many} arguments, not {}", arguments.len()))
    };
    let argument = |number: usize| arguments.get(number).unwrap_or(&Value::Null);
    Ok(match name {
        "match" => {
            takes(2, 3)?;
            let pattern = text_of(argument(0), "the pattern")?;
            Value::Bool(of_any_or_all(argument(1), argument(2), |text| Ok(is_like(&pattern, text)))?)
        }
        "regex" => {
            takes(2, 3)?;
            let pattern = text_of(argument(0), "the regular expression")?;
            Value::Bool(of_any_or_all(argument(1), argument(2), |text| patterns.is_match(&pattern, text))?)
        }
        "cidr_match" => {
            takes(2, 3)?;
            let network = text_of(argument(0), "the network")?;
            Value::Bool(of_any_or_all(argument(1), argument(2), |text| in_network(&network, text))?)
        }
        "len" => {
            takes(1, 1)?;
            length(argument(0))
        }
        "string" => {
            takes(1, 1)?;
            Value::text(spelled(argument(0)))
        }
        "number" => {
            takes(1, 1)?;
            Value::Number(
                argument(0).to_number().ok_or_else(|| format!("`{}` is no number", argument(0).shown()))?,
            )
        }
        "bool" => {
            takes(1, 1)?;
            Value::Bool(argument(0).is_true())
        }
        "keys" => {
            takes(1, 1)?;
            keys(argument(0))?
        }
        "union" => {
            let mut all: Vec<Value> = Vec::new();
            for array in arguments {
                all.extend_from_slice(items(array)?);
            }
            set(all)?
        }
        "intersection" => {
            let Some((first, rest)) = arguments.split_first() else { return Ok(Value::array(Vec::new())) };
            let mut common = items(first)?.to_vec();
            for array in rest {
                let other = items(array)?;
                common.retain(|item| other.iter().any(|there| there.equals(item)));
            }
            set(common)?
        }
        "basename" | "dirname" => {
            takes(1, 1)?;
            let path = text_of(argument(0), "the path")?;
            let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
            Value::text(match (name, folder, file) {
                ("basename", "", "") if path.starts_with('/') => "/",
                ("dirname", "", file) if path.starts_with('/') && !file.is_empty() => "/",
                ("basename", _, "") if path.ends_with('/') => ".",
                ("basename", ..) => file,
                _ => folder,
            })
        }
        _ => return Err(format!("there is no function {name}()")),
    })
}

/// Calls a method of a value.
pub(crate) fn method(of: &Value, name: &str, arguments: &[Value]) -> Result<Value, String> {
    let argument = |number: usize| arguments.get(number).unwrap_or(&Value::Null);
    Ok(match (of, name) {
        (Value::Text(text), "contains") => {
            Value::Bool(text.contains(&*text_of(argument(0), "what is looked for")?))
        }
        (Value::Text(text), "lower") => Value::text(text.to_ascii_lowercase()),
        (Value::Text(text), "upper") => Value::text(text.to_ascii_uppercase()),
        (Value::Text(text), "trim") => Value::text(text.trim()),
        (Value::Text(text), "replace") => {
            let (from, to) =
                (text_of(argument(0), "what is replaced")?, text_of(argument(1), "the new text")?);
            if from.is_empty() {
                return Ok(of.clone());
            }
            if text.len().saturating_mul(to.len().max(1)) > MAX_TEXT {
                return Err(format!("a string could become longer than {MAX_TEXT} bytes"));
            }
            Value::text(text.replace(&*from, &to))
        }
        (Value::Text(text), "split") => {
            let at = text_of(argument(0), "what it is split at")?;
            let parts: Vec<Value> = text.split(|c| at.contains(c)).map(Value::text).collect();
            bounded(parts.len())?;
            Value::array(parts)
        }
        (Value::Array(array), "contains") => {
            Value::Bool(array.items().iter().any(|item| item.equals(argument(0))))
        }
        (Value::Array(array), "join") => {
            let between = text_of(argument(0), "what stands between")?;
            join(array.items(), &between)?
        }
        (Value::Array(array), "unique") => set(array.items().to_vec())?,
        (Value::Dictionary(dictionary), "contains") => {
            Value::Bool(dictionary.get(&text_of(argument(0), "the key")?).is_some())
        }
        (Value::Dictionary(dictionary), "get") => {
            dictionary.get(&text_of(argument(0), "the key")?).cloned().unwrap_or_default()
        }
        (Value::Dictionary(_), "keys") => keys(of)?,
        (Value::Text(_) | Value::Array(_) | Value::Dictionary(_), "len") => length(of),
        (Value::Text(_) | Value::Number(_) | Value::Bool(_), "to_string") => Value::text(spelled(of)),
        _ => return Err(format!("{} has no function .{name}() that hlidka knows", of.kind())),
    })
}

fn text_of(value: &Value, what: &str) -> Result<Rc<str>, String> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        Value::Null => Ok("".into()),
        Value::Number(_) | Value::Bool(_) => Ok(spelled(value).into()),
        other => Err(format!("{what} is {}, and must be a string", other.kind())),
    }
}

fn items(value: &Value) -> Result<&[Value], String> {
    match value {
        Value::Array(array) => Ok(array.items()),
        Value::Null => Ok(&[]),
        other => Err(format!("an array is wanted, not {}", other.kind())),
    }
}

/// Each item once, in order.
fn set(mut items: Vec<Value>) -> Result<Value, String> {
    bounded(items.len())?;
    if let Some(first) = items.first()
        && let Some(other) = items.iter().find(|item| items.len() > 1 && compare(first, item).is_none())
    {
        return Err(format!("{} and {} cannot be put in an order", first.kind(), other.kind()));
    }
    items.sort_by(|a, b| compare(a, b).unwrap_or(Ordering::Equal));
    items.dedup_by(|a, b| a.equals(b));
    Ok(Value::array(items))
}

/// Nothing for no items, the item itself for one.
fn join(items: &[Value], between: &str) -> Result<Value, String> {
    if let [] | [_] = items {
        return Ok(items.first().cloned().unwrap_or_default());
    }
    let mut text = String::new();
    for (number, item) in items.iter().enumerate() {
        if !matches!(item, Value::Text(_) | Value::Number(_) | Value::Null) {
            return Err(format!("{} cannot be joined", item.kind()));
        }
        if number > 0 {
            text.push_str(between);
        }
        text.push_str(&spelled(item));
        if text.len() > MAX_TEXT {
            return Err(format!("a string is longer than {MAX_TEXT} bytes"));
        }
    }
    Ok(Value::text(text))
}

fn keys(value: &Value) -> Result<Value, String> {
    match value {
        Value::Dictionary(dictionary) => {
            Ok(Value::array(dictionary.iter().map(|(key, _)| Value::Text(key.clone())).collect()))
        }
        Value::Null => Ok(Value::array(Vec::new())),
        other => Err(format!("a dictionary has keys, {} has none", other.kind())),
    }
}

fn length(value: &Value) -> Value {
    let length = match value {
        Value::Text(text) => text.len(),
        Value::Array(array) => array.items().len(),
        Value::Dictionary(dictionary) => dictionary.len(),
        _ => 0,
    };
    Value::Number(u32::try_from(length).map_or(f64::MAX, f64::from))
}

/// Does it hold for a text, or for the items of an array: for all, unless the mode is `MatchAny`?
fn of_any_or_all(
    value: &Value,
    mode: &Value,
    mut holds: impl FnMut(&str) -> Result<bool, String>,
) -> Result<bool, String> {
    let Value::Array(array) = value else { return holds(&text_of(value, "what is compared")?) };
    let any = mode.as_number() == Some(1.0);
    if array.items().is_empty() {
        return Ok(false);
    }
    for item in array.items() {
        if holds(&text_of(item, "what is compared")?)? == any {
            return Ok(any);
        }
    }
    Ok(!any)
}

/// `*` and `?` as in file names, the latter for one byte; letters in either case.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // behind the last `*`, and how far the text it stands for reaches
    let mut star: Option<(usize, usize)> = None;
    loop {
        let (literal, length) = match pattern.get(p) {
            Some(b'\\') if matches!(pattern.get(p + 1), Some(b'*' | b'?')) => (pattern.get(p + 1), 2),
            Some(b'*') => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some(b'?') => (text.get(t), 1),
            other => (other, 1),
        };
        if t == text.len() && p == pattern.len() {
            return true;
        }
        if literal.zip(text.get(t)).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b)) {
            p += length;
            t += 1;
        } else if let Some((behind, reach)) = star.filter(|(_, reach)| *reach < text.len()) {
            star = Some((behind, reach + 1));
            p = behind;
            t = reach + 1;
        } else {
            return false;
        }
    }
}

/// IPv4 is the part `::ffff:0:0/96` of IPv6.
fn in_network(network: &str, address: &str) -> Result<bool, String> {
    let wrong = || format!("`{network}` is no network: write it as 10.0.0.0/8 or 2001:db8::/32");
    let (base, length) = match network.split_once('/') {
        Some((base, length)) => (base, Some(length.parse::<u32>().map_err(|_| wrong())?)),
        None => (network, None),
    };
    let base: IpAddr = base.parse().map_err(|_| wrong())?;
    let Ok(address) = address.parse::<IpAddr>() else { return Ok(false) };
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => u128::from(address),
    };
    let width = if base.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(width);
    if length > width {
        return Err(wrong());
    }
    let mask = u128::MAX.checked_shl(width - length).unwrap_or(0);
    let (base, address) = (bits(base), bits(address));
    if base & !mask != 0 {
        return Err(format!("`{network}` has bits behind its length"));
    }
    Ok(base & mask == address & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_in_either_case() {
        for (pattern, text, want) in [
            ("web*", "WEB1", true),
            ("*", "", true),
            ("?", "", false),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("*.example.org", "www.example.org", true),
            ("w?b", "web", true),
            ("web", "web1", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("**a", "bba", true),
            ("?", "ä", false),
            ("??", "ä", true),
            ("Ä*", "ä", false),
        ] {
            assert_eq!(is_like(pattern, text), want, "{pattern} {text}");
        }
    }

    #[test]
    fn networks_and_addresses() {
        for (network, address, want) in [
            ("10.0.0.0/8", "10.1.2.3", Ok(true)),
            ("10.0.0.0/8", "11.1.2.3", Ok(false)),
            ("0.0.0.0/0", "11.1.2.3", Ok(true)),
            ("2001:db8::/32", "2001:db8::1", Ok(true)),
            ("10.1.2.3", "10.1.2.3", Ok(true)),
            ("10.0.0.0/8", "::1", Ok(false)),
            ("10.0.0.0/8", "::ffff:10.1.2.3", Ok(true)),
            ("::ffff:10.0.0.0/104", "10.1.2.3", Ok(true)),
            ("0.0.0.0/0", "::1", Ok(false)),
            ("::/0", "11.1.2.3", Ok(true)),
            ("10.0.0.0/8", "web", Ok(false)),
        ] {
            assert_eq!(in_network(network, address), want, "{network} {address}");
        }
        for network in ["10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "x", ""] {
            assert!(in_network(network, "10.0.0.1").is_err(), "{network}");
        }
    }

    #[test]
    fn arrays_match_whole_or_in_part() {
        let mut patterns = Patterns::default();
        let array = Value::array(vec![Value::text("ab"), Value::text("x")]);
        let mut call = |mode: f64| {
            call("match", &[Value::text("a*"), array.clone(), Value::Number(mode)], &mut patterns)
                .unwrap()
                .is_true()
        };
        assert_eq!((call(0.0), call(1.0)), (false, true));
    }
}
