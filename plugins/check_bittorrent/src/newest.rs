//! The newest of what an index lists; pure.

use std::cmp::Ordering;
use std::str::FromStr;

use fetch::Url;
use fetch::html::{MAX_LINKS, links};
use serde_json::Value;
use serde_json_path::JsonPath;

/// Longest name that counts, in bytes: no file system has longer ones.
const MAX_NAME: usize = 255;

/// A pattern of names, such as `live-*.img.torrent`, by which the newest is chosen.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    /// Characters before the first wildcard, and behind the last.
    fixed: (usize, usize),
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Pattern, String> {
        if text.is_empty() || text.contains('/') {
            return Err(format!("`{text}` is no pattern of a name, such as live-*.torrent"));
        }
        let glob: Vec<char> = text.chars().collect();
        let is_wild = |c: &char| matches!(c, '*' | '?');
        let before = glob.iter().position(is_wild).unwrap_or(glob.len());
        let behind = glob.iter().rev().position(is_wild).unwrap_or_default();
        Ok(Pattern { text: text.to_owned(), fixed: (before, behind) })
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Pattern {
    /// Does the whole name match?
    pub fn matches(&self, name: &str) -> bool {
        check::glob(&self.text, name)
    }

    /// What the wildcards stand for, from the first to the last: the version. A name is
    /// [`MAX_NAME`] long at most, so that comparing all is little work.
    fn version(&self, name: &str) -> Vec<char> {
        let name: Vec<char> = name.chars().collect();
        let end = name.len().saturating_sub(self.fixed.1);
        name.get(self.fixed.0..end).unwrap_or_default().to_vec()
    }

    /// Of two names that match, which is newer.
    fn compare(&self, one: &str, other: &str) -> Ordering {
        by_version(&self.version(one), &self.version(other))
    }
}

/// A torrent in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The last part of its URL; of a magnet link its `dn`.
    pub name: String,
    /// Where it is: `http:`, `https:` or `magnet:`.
    pub url: Url,
}

/// The newest in an index: of an HTML page its links, of JSON the texts that `path` selects (without
/// one, all texts), relative to `base`.
pub fn newest(
    page: &[u8],
    base: &Url,
    path: Option<&JsonPath>,
    wanted: &Pattern,
    unwanted: &[Pattern],
) -> Result<Listed, String> {
    let page = String::from_utf8_lossy(page);
    let is_json = path.is_some() || page.trim_start().starts_with(['{', '[']);
    let texts = if is_json {
        let document: Value =
            serde_json::from_str(&page).map_err(|error| format!("it is no JSON ({error})"))?;
        texts(&document, path)
    } else {
        links(&page).into_iter().map(|link| link.href).collect()
    };
    let (count, mut matching) = (texts.len(), Vec::new());
    for text in texts {
        let Some(listed) = listed(&text, base) else { continue };
        if wanted.matches(&listed.name) && !unwanted.iter().any(|pattern| pattern.matches(&listed.name)) {
            matching.push(listed);
        }
    }
    let what = if is_json { "texts" } else { "links" };
    let best = matching.into_iter().max_by(|one, other| wanted.compare(&one.name, &other.name));
    best.ok_or_else(|| format!("no {wanted} among its {count} {what}"))
}

fn listed(text: &str, base: &Url) -> Option<Listed> {
    let url = base.join(text.trim()).ok()?;
    let name = match url.scheme() {
        "magnet" => url.query_pairs().find(|(key, _)| key == "dn")?.1.into_owned(),
        "http" | "https" => fetch::percent_decoded(url.path().rsplit('/').next()?),
        _ => return None,
    };
    (name.len() <= MAX_NAME).then_some(Listed { name, url })
}

fn texts(document: &Value, path: Option<&JsonPath>) -> Vec<String> {
    let mut waiting: Vec<&Value> = match path {
        Some(path) => path.query(document).all(),
        None => vec![document],
    };
    let mut texts = Vec::new();
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(text) if texts.len() < MAX_LINKS => texts.push(text.clone()),
            Value::Array(all) => waiting.extend(all),
            Value::Object(all) => waiting.extend(all.values()),
            _ => {}
        }
    }
    texts
}

/// Numbers by value, other characters as they are; what ends first is older, but `~` is older still
/// (as Debian orders versions: 6.0~rc1, 6.0, 6.0.1, 6.10).
fn by_version(one: &[char], other: &[char]) -> Ordering {
    let (mut a, mut b) = (one, other);
    loop {
        let (number_a, number_b) = (number(a), number(b));
        if !number_a.is_empty() && !number_b.is_empty() {
            let (short_a, short_b) = (without_zeros(number_a), without_zeros(number_b));
            let order = short_a.len().cmp(&short_b.len()).then_with(|| short_a.cmp(short_b));
            if order != Ordering::Equal {
                return order;
            }
            a = a.get(number_a.len()..).unwrap_or_default();
            b = b.get(number_b.len()..).unwrap_or_default();
            continue;
        }
        match (a.split_first(), b.split_first()) {
            (None, None) => return Ordering::Equal,
            (Some((x, rest_a)), Some((y, rest_b))) if x == y => (a, b) = (rest_a, rest_b),
            (x, y) => return rank(x.map(|(c, _)| *c)).cmp(&rank(y.map(|(c, _)| *c))),
        }
    }
}

fn rank(c: Option<char>) -> (u8, char) {
    match c {
        Some('~') => (0, '~'),
        None => (1, ' '),
        Some(c) => (2, c),
    }
}

fn number(text: &[char]) -> &[char] {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    text.get(..digits).unwrap_or_default()
}

fn without_zeros(digits: &[char]) -> &[char] {
    let zeros = digits.iter().take_while(|c| **c == '0').count();
    digits.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(page: &str, path: Option<&str>, pattern: &str, unwanted: &[&str]) -> Result<String, String> {
        let base = Url::parse("http://a.example/torrents/files/").unwrap();
        let path = path.map(|path| JsonPath::parse(path).unwrap());
        let unwanted: Vec<Pattern> = unwanted.iter().map(|text| text.parse().unwrap()).collect();
        newest(page.as_bytes(), &base, path.as_ref(), &pattern.parse().unwrap(), &unwanted)
            .map(|listed| listed.url.to_string())
    }

    #[test]
    fn versions_are_ordered_as_people_count() {
        let sorted = ["6.0~rc1", "6.0", "6.0.1", "6.1", "6.2-rc1", "6.9", "6.10", "06.11", "7", "10"];
        for (i, one) in sorted.iter().enumerate() {
            for (j, other) in sorted.iter().enumerate() {
                let chars = |text: &str| text.chars().collect::<Vec<_>>();
                assert_eq!(by_version(&chars(one), &chars(other)), i.cmp(&j), "{one} {other}");
            }
        }
    }

    #[test]
    fn the_newest_of_a_page_or_of_json() {
        let page = "<a href='../'>up</a><a href=live-6.9.img.torrent>x</a><a href='/t/live-6.10.img.torrent'>y</a>\
                    <a href=live-6.10.1.img.torrent>y</a><a href=live-7.0~beta1.img.torrent>z</a><a href=live-8.iso.torrent>w</a>";
        let pattern = "live-*.img.torrent";
        assert_eq!(
            chosen(page, None, pattern, &["*beta*"]).unwrap(),
            "http://a.example/torrents/files/live-6.10.1.img.torrent"
        );
        assert!(chosen(page, None, pattern, &[]).unwrap().ends_with("live-7.0~beta1.img.torrent"));
        assert_eq!(chosen(page, None, "none-*", &[]).unwrap_err(), "no none-* among its 6 links");
        let long = format!("<a href=live-{}.img.torrent>", "9".repeat(300));
        assert_eq!(chosen(&long, None, pattern, &[]).unwrap_err(), "no live-*.img.torrent among its 1 links");
        let json = r#"{"releases": [{"version": "live-9.img.torrent", "url": "http://b.example/live-1.img.torrent"},
            {"url": "live-2.img.torrent"}, {"magnet": "magnet:?xt=urn:btih:aa&dn=live-3.img"}]}"#;
        assert_eq!(
            chosen(json, Some("$.releases[*].url"), pattern, &[]).unwrap(),
            "http://a.example/torrents/files/live-2.img.torrent"
        );
        assert_eq!(
            chosen(json, None, pattern, &[]).unwrap(),
            "http://a.example/torrents/files/live-9.img.torrent"
        );
        assert!(chosen(json, None, "live-*.img", &[]).unwrap().starts_with("magnet:"));
        assert!(chosen("<html>", Some("$.a"), pattern, &[]).unwrap_err().contains("no JSON"));
        assert!("".parse::<Pattern>().is_err() && "a/*".parse::<Pattern>().is_err());
    }
}
