//! Links of an HTML page, and the words behind each: all that listings and indexes need of HTML.
//!
//! No parser of documents: a listing is written by a program, and a page that is not well formed
//! has fewer links here, never more work. Every byte is looked at a fixed number of times.

/// Links read of one page; what comes behind them is not looked at.
pub const MAX_LINKS: usize = 50_000;

/// Words kept behind a link.
const MAX_WORDS: usize = 12;

/// An `<a href=…>` and what follows it.
#[derive(Debug, PartialEq)]
pub struct Link {
    /// The target, entities decoded.
    pub href: String,
    /// Words of the text from the link's end to the next link.
    pub words: Vec<String>,
}

/// All links of a page, in order.
pub fn links(page: &str) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let mut rest = page;
    // what stands between <a …> and </a> is a name, perhaps cut, and not needed
    let mut inside = false;
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        push_words(&mut links, inside, text);
        if let Some(comment) = tag.strip_prefix("<!--") {
            let Some((_, after)) = comment.split_once("-->") else { return links };
            rest = after;
            continue;
        }
        let Some(end) = end_of(tag) else { break };
        let (tag, after) = tag.split_at(end);
        rest = after;
        let mut name = tag.trim_start_matches('<').split(|c: char| c.is_ascii_whitespace() || c == '>');
        match name.next() {
            Some("a" | "A") => {
                inside = true;
                if let Some(href) = href(tag) {
                    if links.len() == MAX_LINKS {
                        return links;
                    }
                    links.push(Link { href: decode(href), words: Vec::new() });
                }
            }
            Some("/a" | "/A") => inside = false,
            _ => {}
        }
    }
    push_words(&mut links, inside, rest);
    links
}

fn push_words(links: &mut [Link], inside: bool, text: &str) {
    let Some(link) = links.last_mut().filter(|_| !inside) else { return };
    let room = MAX_WORDS.saturating_sub(link.words.len());
    let spaced = text.replace("&nbsp;", " ");
    link.words.extend(spaced.split_whitespace().take(room).map(str::to_owned));
}

/// Where the tag ends, behind its `>`; a `>` in a quoted value does not end it.
fn end_of(tag: &str) -> Option<usize> {
    let (mut quote, mut is_value) = (None, false);
    for (i, c) in tag.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(i + 1),
            (None, '"' | '\'') if is_value => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        is_value = c == '=' || is_value && c.is_ascii_whitespace();
    }
    None
}

fn href(tag: &str) -> Option<&str> {
    let lower = tag.to_ascii_lowercase();
    // the end of another attribute's name is none
    let mut found = lower.match_indices("href=").map(|(at, _)| at);
    let at = found.find(|at| !lower[..*at].ends_with(|c: char| c == '-' || c.is_ascii_alphanumeric()))?;
    let value = tag.get(at + "href=".len()..)?;
    match value.chars().next()? {
        quote @ ('"' | '\'') => value.get(1..)?.split(quote).next(),
        _ => value.split(|c: char| c.is_ascii_whitespace() || c == '>').next(),
    }
}

/// The entities that programs write into an attribute.
fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let (before, entity) = rest.split_at(start);
        decoded.push_str(before);
        let end = entity.char_indices().take(10).find(|(_, c)| *c == ';').map(|(i, _)| i);
        if let Some((end, c)) = end.and_then(|end| Some((end, character(entity.get(1..end)?)?))) {
            decoded.push(c);
            rest = entity.get(end + 1..).unwrap_or_default();
        } else {
            decoded.push('&');
            rest = entity.get(1..).unwrap_or_default();
        }
    }
    decoded.push_str(rest);
    decoded
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str) -> Vec<(String, String)> {
        links(page).into_iter().map(|link| (link.href, link.words.join(" "))).collect()
    }

    #[test]
    fn finds_links_and_the_words_behind_them() {
        let page = "<h1>Index</h1><a href=\"../\">../</a>\n<a HREF='a&amp;b%20c'>a 2026-01-01 1:2</a>  \
                    02-Jan-2026 03:04 <td align=\"right\">3.0K</td>&nbsp;<A class=x href=d/>d";
        let want = [("../", ""), ("a&b%20c", "02-Jan-2026 03:04 3.0K"), ("d/", "")];
        assert_eq!(found(page), want.map(|(href, words)| (href.to_owned(), words.to_owned())));
        let odd =
            "<!-- don't > edit --><a data-href='no' href=a>a</a><p title=don't><a class=\"x>y\" href=b>b</a>";
        assert_eq!(
            found(odd),
            [("a", ""), ("b", "")].map(|(href, words)| (href.to_owned(), words.to_owned()))
        );
        assert_eq!(decode("&#39;&#x41;&lt;&bogus;&"), "'A<&bogus;&");
    }

    #[test]
    fn a_broken_page_has_fewer_links() {
        for page in
            ["", "<", "<a", "<a href", "<a href=", "<a href=\"", "<a href=\"x>", "<a><a href=>", "é<é>"]
        {
            assert!(found(page).iter().all(|(href, _)| href.is_empty()), "{page}");
        }
        let many = "<a href=x>".repeat(MAX_LINKS + 10);
        assert_eq!(links(&many).len(), MAX_LINKS);
        let nested = "<a href='".repeat(200_000);
        assert!(links(&nested).len() <= MAX_LINKS);
    }
}
