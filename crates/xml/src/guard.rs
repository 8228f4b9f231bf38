//! Counts what the parser has no limit for, before the parser sees it.
//!
//! It follows tags, quotes, comments and CDATA as the parser does; where a document is not well-formed it
//! may follow otherwise, and the parser ends at the same place.

use crate::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_NAMESPACES, XmlError};

pub(crate) fn check(text: &str) -> Result<(), XmlError> {
    let limit = |number: usize, of: &str| XmlError::Limit(format!("{number} {of}"));
    if text.matches("xmlns").count() > MAX_NAMESPACES {
        return Err(limit(MAX_NAMESPACES, "declarations of namespaces"));
    }
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at..).unwrap_or_default();
        let skipped = if rest.starts_with("<!--") {
            after(rest, "<!--", "-->")
        } else if rest.starts_with("<![CDATA[") {
            after(rest, "<![CDATA[", "]]>")
        } else if rest.starts_with("<?") {
            after(rest, "<?", "?>")
        } else if rest.starts_with("<!") {
            return Err(XmlError::Dtd);
        } else if rest.starts_with("</") {
            depth = depth.saturating_sub(1);
            after(rest, "</", ">")
        } else {
            let tag = Tag::of(rest);
            if tag.attributes > MAX_ATTRIBUTES {
                return Err(limit(MAX_ATTRIBUTES, "attributes on one element"));
            }
            if !tag.is_empty {
                depth += 1;
            }
            if depth > MAX_DEPTH {
                return Err(limit(MAX_DEPTH, "elements inside each other"));
            }
            rest.get(tag.length..)
        };
        rest = skipped.unwrap_or_default();
    }
    Ok(())
}

/// What comes after an end that follows a start.
fn after<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    text.get(start.len()..)?.split_once(end).map(|(_, rest)| rest)
}

struct Tag {
    attributes: usize,
    is_empty: bool,
    length: usize,
}

impl Tag {
    /// The start tag at the start of a text, up to its `>` outside quotes.
    fn of(text: &str) -> Tag {
        let mut quote = None;
        let mut tag = Tag { attributes: 0, is_empty: false, length: text.len() };
        let mut last = b'<';
        for (at, byte) in text.bytes().enumerate() {
            match (quote, byte) {
                (Some(open), byte) if open == byte => quote = None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => tag.attributes += 1,
                (None, b'>') => {
                    tag.is_empty = last == b'/';
                    tag.length = at + 1;
                    break;
                }
                (Some(_) | None, _) => {}
            }
            last = byte;
        }
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_tags_as_the_parser_does() {
        let deep = |inner: &str| format!("{}{inner}{}", "<a>".repeat(64), "</a>".repeat(64));
        assert_eq!(check(&deep("")), Ok(()));
        assert_eq!(check(&deep("<!-- <b> --><![CDATA[<b>]]><?pi <b>?>")), Ok(()));
        for more in ["<b/>", "<b c='>'/>", "<b c=\"/>\"></b>", "<b></b>"] {
            let is_empty = more.ends_with("/>");
            assert_eq!(check(&deep(more)).is_ok(), is_empty, "{more}");
        }
        let siblings = "<b><c/></b>".repeat(1000);
        assert_eq!(check(&format!("<a>{siblings}</a>")), Ok(()));
        assert_eq!(check("<!DOCTYPE a SYSTEM 'a.dtd'><a/>"), Err(XmlError::Dtd));
        for odd in ["<", "<a", "<a b='", "<!--", "<![CDATA[", "</", "<?", "<é", ""] {
            assert_eq!(check(odd), Ok(()), "{odd}");
        }
    }
}
