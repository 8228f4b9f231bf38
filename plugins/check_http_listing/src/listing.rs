//! A page to its entries.

use fetch::html::{Link, MAX_LINKS, links};
use fetch::{Answer, Url, percent_decoded};
use jiff::civil::DateTime;
use serde_json::Value;

use crate::entry::{Entry, facts};

/// The entries of a listing; none if the page is none.
pub(crate) fn read(answer: &Answer) -> Option<Vec<Entry>> {
    let page = String::from_utf8_lossy(&answer.body);
    let entries = if answer.header("content-type").is_some_and(|kind| kind.contains("json")) {
        from_json(&page)?
    } else {
        let links = links(&page);
        if links.is_empty() && !page.to_ascii_lowercase().contains("<title>index of") {
            return None;
        }
        let entry = |link: &Link| {
            let (name, is_directory) = child(&answer.url, &link.href)?;
            let words: Vec<&str> = link.words.iter().map(String::as_str).collect();
            let (modified, size) = facts(&words);
            Some(Entry { name, href: link.href.clone(), is_directory, modified, size })
        };
        links.iter().filter_map(entry).collect()
    };
    Some(without_doubles(entries))
}

/// Apache's table links each file twice, by its picture and by its name: the one that tells more counts.
fn without_doubles(entries: Vec<Entry>) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        match kept.last_mut().filter(|last| last.name == entry.name) {
            Some(last) if last.modified.is_none() => *last = entry,
            Some(_) => {}
            None => kept.push(entry),
        }
    }
    kept
}

/// The name of what a link leads to, if that lies directly below the listing. Links to sort it, to
/// its parent and to elsewhere are none of it.
fn child(listing: &Url, href: &str) -> Option<(String, bool)> {
    let target = listing.join(href).ok()?;
    if target.origin() != listing.origin() || target.query().is_some() {
        return None;
    }
    let directory = listing.path().rsplit_once('/').map_or("/", |(directory, _)| directory);
    let below = target.path().strip_prefix(directory)?.strip_prefix('/')?;
    let (name, is_directory) = match below.strip_suffix('/') {
        Some(name) => (name, true),
        None => (below, false),
    };
    if name.is_empty() || name.contains('/') {
        return None;
    }
    Some((percent_decoded(name), is_directory))
}

/// nginx's `autoindex_format json`: `[{"name", "type", "mtime", "size"}]`.
fn from_json(page: &str) -> Option<Vec<Entry>> {
    let Value::Array(all) = serde_json::from_str(page).ok()? else { return None };
    let entry = |value: Value| {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let own = |name: &&str| !name.contains('/') && !["", ".", ".."].contains(name);
        let name = text("name").filter(own)?.to_owned();
        let is_directory = text("type") == Some("directory");
        let modified =
            text("mtime").and_then(|time| DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", time).ok());
        let size = value.get("size").and_then(Value::as_u64);
        let href = format!("./{}{}", encoded(&name), if is_directory { "/" } else { "" });
        Some(Entry { name, href, is_directory, modified, size })
    };
    Some(all.into_iter().take(MAX_LINKS).filter_map(entry).collect())
}

/// What could end a path, or begin an escape; the rest is the URL parser's.
fn encoded(name: &str) -> String {
    name.replace('%', "%25").replace('?', "%3F").replace('#', "%23").replace('\\', "%5C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fetch::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
    use fetch::{Phases, StatusCode, Version};

    fn page(kind: &'static str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        Answer {
            url: Url::parse("http://a/files/").unwrap(),
            version: Version::HTTP_11,
            status: StatusCode::OK,
            reason: String::new(),
            headers,
            body: body.as_bytes().to_vec(),
            phases: Phases::default(),
            certificate: None,
        }
    }

    fn names(kind: &'static str, body: &str) -> Option<Vec<(String, bool)>> {
        read(&page(kind, body))
            .map(|all| all.into_iter().map(|entry| (entry.name, entry.is_directory)).collect())
    }

    #[test]
    fn only_what_lies_directly_below_is_of_the_listing() {
        let body = "<a href='../'>up</a><a href='/'>top</a><a href='?C=M;O=A'>sort</a><a href='n%C3%A4me%20&amp;'>x</a>\
                    <a href='/files/sub/'>s</a><a href='./b'>b</a><a href='b/c'>c</a><a href='http://other/files/x'>x</a>\
                    <a href='#top'>t</a><a href='mailto:a@b'>m</a><a href='%zz%'>z</a>";
        let want = [("näme &", false), ("sub", true), ("b", false), ("%zz%", false)];
        assert_eq!(names("text/html", body).unwrap(), want.map(|(name, dir)| (name.to_owned(), dir)));
        assert_eq!(names("text/html", "<p>hello"), None);
        assert_eq!(names("text/html", "<title>Index of /</title>"), Some(vec![]));
    }

    #[test]
    fn json_is_read_as_nginx_writes_it() {
        let body = r#"[{"name":"d","type":"directory","mtime":"Sun, 22 Nov 2026 05:28:35 GMT"},
            {"name":"a?b%","type":"file","mtime":"bad","size":7},{"name":"../x","type":"file"},{"name":"..","type":"directory"},{"x":1},3]"#;
        let entries = read(&page("application/json", body)).unwrap();
        assert_eq!(entries.len(), 2, "{entries:?}");
        assert!(entries[0].is_directory && entries[0].modified.is_some());
        assert_eq!(
            (entries[1].href.as_str(), entries[1].size, entries[1].modified),
            ("./a%3Fb%25", Some(7), None)
        );
        for none in ["", "{}", "[", &"[".repeat(10_000)] {
            assert_eq!(names("application/json", none), None);
        }
    }
}
