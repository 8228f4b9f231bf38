//! XML that strangers publish: bytes to a tree, with limits on everything that could grow.
//!
//! [`decode`] finds the encoding, [`parse`] makes the tree, [`text`] is what an element says. What a check
//! looks for is found by local names ([`children`]): publishers declare namespaces or none, as they like.
//!
//! A document type declaration is refused. No document that checks read needs one, and entities are how a
//! small document becomes a huge one.
//!
//! Invariant: the work is in proportion to the length of the text. The parser compares all attributes of an
//! element with each other, and copies namespaces from parent to child, so [`parse`] counts both before it.

mod encoding;
mod guard;

pub use roxmltree::{Document, Node};
use roxmltree::{Error, ParsingOptions};

pub use encoding::decode;

/// Elements, texts and comments of a document: some 40 MB of memory, and a whole federation's institutions.
pub const MAX_NODES: u32 = 500_000;

/// Elements inside each other; the documents of eduroam have six.
pub const MAX_DEPTH: usize = 64;

/// Attributes of one element.
pub const MAX_ATTRIBUTES: usize = 64;

/// Declarations of namespaces in all of a document.
pub const MAX_NAMESPACES: usize = 256;

/// Why there is no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// The declaration names an encoding that nobody has a table for.
    #[error("its encoding `{0}` is not known: publish it as UTF-8")]
    UnknownEncoding(String),
    /// The bytes are not of the encoding that it says it has.
    #[error("its bytes are not {encoding}, {}", if *declared { "though it says so" } else { "and it declares no other encoding" })]
    Encoding {
        /// Its name.
        encoding: &'static str,
        /// Said by the document, rather than assumed?
        declared: bool,
    },
    /// It breaks a limit of this module.
    #[error("it has more than {0}")]
    Limit(String),
    /// It has a DTD.
    #[error(
        "it has a document type declaration (<!DOCTYPE …>), which is not read: entities can make a small document huge"
    )]
    Dtd,
    /// The parser's words, with line and column.
    #[error("it is not well-formed: {0}")]
    Malformed(String),
}

/// The tree of a text, within the limits of this module.
pub fn parse(text: &str) -> Result<Document<'_>, XmlError> {
    guard::check(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        Error::DtdDetected => XmlError::Dtd,
        Error::NodesLimitReached => XmlError::Limit(format!("{MAX_NODES} nodes")),
        // names in its words may be as long as the document
        error => XmlError::Malformed(error.to_string().chars().take(200).collect()),
    })
}

/// What an element says itself: its text without comments, entities and CDATA resolved, trimmed.
pub fn text(node: Node<'_, '_>) -> String {
    let parts = node.children().filter(Node::is_text).filter_map(|child| child.text());
    parts.collect::<String>().trim().to_owned()
}

/// The elements of this local name right below, of any namespace.
pub fn children<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_without_comments_and_space_around() {
        let read = |xml: &str| text(parse(xml).unwrap().root_element());
        for (xml, want) in [
            ("<a> x </a>", "x"),
            ("<a>exam<!-- or <a> -->ple.cz</a>", "example.cz"),
            ("<a><![CDATA[<b>]]>&amp;&#x41;</a>", "<b>&A"),
            ("<a/>", ""),
            ("<a>x<b>inner</b>y</a>", "xy"),
        ] {
            assert_eq!(read(xml), want, "{xml}");
        }
    }

    #[test]
    fn elements_are_found_in_any_namespace() {
        let xml = r#"<e:l xmlns:e="urn:x"><e:a>1</e:a><a xmlns="urn:y">2</a><b><a>3</a></b></e:l>"#;
        let tree = parse(xml).unwrap();
        let found: Vec<String> = children(tree.root_element(), "a").map(text).collect();
        assert_eq!(found, ["1", "2"]);
    }

    #[test]
    fn what_grows_is_refused_in_words() {
        let said = |xml: &str| parse(xml).unwrap_err().to_string();
        let laughs = r#"<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l>&b;</l>"#;
        assert!(said(laughs).contains("document type declaration"), "{}", said(laughs));
        let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
        assert_eq!(said(&deep), "it has more than 64 elements inside each other");
        let wide = (0..100_000).map(|i| format!(" a{i}='>'")).collect::<Vec<_>>().concat();
        assert_eq!(said(&format!("<a{wide}/>")), "it has more than 64 attributes on one element");
        let spaces = (0..1000).map(|i| format!("<b xmlns:n{i}='u'/>")).collect::<Vec<_>>().concat();
        assert_eq!(said(&format!("<a>{spaces}</a>")), "it has more than 256 declarations of namespaces");
        let many = format!("<a>{}</a>", "<b/>".repeat(600_000));
        assert_eq!(said(&many), "it has more than 500000 nodes");
        let long = format!("<a></{}>", "b".repeat(1_000_000));
        assert!(said(&long).len() < 300, "{}", said(&long).len());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..300), xml in "[<>/a-c ='\"!&;\\[\\]?x-]{0,80}") {
            if let Ok(text) = decode(&noise) {
                let _ = parse(&text);
            }
            if let Ok(tree) = parse(&xml) {
                let _ = text(tree.root_element());
            }
        }
    }
}
