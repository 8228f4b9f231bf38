//! The start of an XMPP stream (RFC 6120): opening it, and the elements that come before anybody
//! has logged in. No general XML: only as much as it takes to find where an element ends.

use std::fmt;

use crate::conversation::{Progress, excerpt};

/// The request for TLS.
pub const STARTTLS: &[u8] = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

/// Deepest nesting of a stream's elements that is followed.
const MAX_DEPTH: usize = 32;

/// As whom a stream is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A client.
    Client,
    /// Another server.
    Server,
}

/// What a server can do on this stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// TLS may be asked for.
    pub starttls: bool,
    /// It must be.
    pub starttls_required: bool,
    /// Ways to log in: `SCRAM-SHA-1`, `PLAIN`.
    pub mechanisms: Vec<String>,
    /// Names of all features.
    pub names: Vec<String>,
}

/// Why a server ends a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamError {
    /// Its condition: `host-unknown`.
    pub condition: String,
    /// Its words, if it has some.
    pub text: String,
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.as_str() {
            "" => f.write_str(&self.condition),
            text => write!(f, "{} ({text})", self.condition),
        }
    }
}

/// A whole element inside a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// `<stream:features>`.
    Features(Features),
    /// `<stream:error>`.
    Error(StreamError),
    /// Another element, by its name; or text that is no XMPP, as it came.
    Other(String),
}

/// What opens a stream to a domain.
pub fn open(domain: &str, side: Side) -> Vec<u8> {
    let namespace = match side {
        Side::Client => "jabber:client",
        Side::Server => "jabber:server",
    };
    let domain: String = domain
        .chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '\'' => "&apos;".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!(
        "<?xml version='1.0'?><stream:stream to='{domain}' version='1.0' xml:lang='en' xmlns='{namespace}' \
         xmlns:stream='http://etherx.jabber.org/streams'>"
    )
    .into_bytes()
}

/// Reads the next whole element of a stream, passing over its opening.
pub fn element(bytes: &[u8]) -> Progress<Element> {
    let mut tags = Tags { bytes, at: 0 };
    let mut path: Vec<String> = Vec::new();
    let mut features = Features::default();
    let mut error = StreamError::default();
    loop {
        let text_from = tags.at;
        let Some(tag) = tags.next() else { return unfinished(bytes, text_from, path.is_empty()) };
        if path.is_empty() && !bytes.get(text_from..tag.from).unwrap_or_default().trim_ascii().is_empty() {
            return Progress::Done(Element::Other(excerpt(bytes)), bytes.len());
        }
        match tag.kind {
            Kind::Declaration => continue,
            Kind::Start | Kind::Empty if path.is_empty() && tag.name == "stream" => continue,
            Kind::End if path.is_empty() => {
                return Progress::Done(Element::Other(format!("end of {}", tag.name)), tags.at);
            }
            Kind::Start | Kind::Empty => {
                note(&path, &tag.name, &mut features, &mut error);
                if tag.kind == Kind::Start {
                    path.push(tag.name.clone());
                }
            }
            Kind::End => {
                let text = || excerpt(bytes.get(text_from..tag.from).unwrap_or_default());
                match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                    [.., "mechanism"] => features.mechanisms.push(text()),
                    ["error", "text"] => error.text = text(),
                    _ => {}
                }
                path.pop();
            }
        }
        if path.len() > MAX_DEPTH {
            return Progress::Done(Element::Other("elements nested too deeply".to_owned()), bytes.len());
        }
        if path.is_empty() {
            let element = match tag.name.as_str() {
                "features" => Element::Features(features),
                "error" => Element::Error(error),
                _ => Element::Other(tag.name),
            };
            return Progress::Done(element, tags.at);
        }
    }
}

/// Bytes that end in the midst of a tag are waited for; text where a stream should begin is not.
fn unfinished(bytes: &[u8], from: usize, outside: bool) -> Progress<Element> {
    let rest = bytes.get(from..).unwrap_or_default().trim_ascii_start();
    if outside && rest.first().is_some_and(|byte| *byte != b'<') {
        return Progress::Done(Element::Other(excerpt(bytes)), bytes.len());
    }
    Progress::More
}

fn note(path: &[String], name: &str, features: &mut Features, error: &mut StreamError) {
    let inside: Vec<&str> = path.iter().map(String::as_str).collect();
    match (inside.as_slice(), name) {
        (["features"], name) => {
            features.names.push(name.to_owned());
            features.starttls |= name == "starttls";
        }
        (["features", "starttls"], "required") => features.starttls_required = true,
        (["error"], name) if error.condition.is_empty() => name.clone_into(&mut error.condition),
        _ => {}
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    Empty,
    End,
    Declaration,
}

struct Tag {
    kind: Kind,
    /// Without its prefix.
    name: String,
    /// Where its `<` stands.
    from: usize,
}

/// Tags one after the other; text between them is the caller's.
struct Tags<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Tags<'_> {
    fn next(&mut self) -> Option<Tag> {
        let rest = self.bytes.get(self.at..)?;
        let from = self.at + rest.iter().position(|byte| *byte == b'<')?;
        let inner = self.bytes.get(from + 1..)?;
        let length = end_of_tag(inner)?;
        let content = inner.get(..length)?;
        self.at = from + length + 2;
        let (kind, content) = match content {
            [b'?' | b'!', ..] => (Kind::Declaration, content),
            [b'/', name @ ..] => (Kind::End, name),
            [name @ .., b'/'] => (Kind::Empty, name),
            name => (Kind::Start, name),
        };
        let name = content.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        let name = excerpt(name);
        let name = name.rsplit_once(':').map_or(name.as_str(), |(_, local)| local).to_owned();
        Some(Tag { kind, name, from })
    }
}

/// Where the `>` is that no quotes surround.
fn end_of_tag(inner: &[u8]) -> Option<usize> {
    let mut quote = None;
    inner.iter().position(|byte| {
        match (quote, *byte) {
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == byte => quote = None,
            (None, b'>') => return true,
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPENING: &str = "<?xml version='1.0'?><stream:stream from='x' xmlns='jabber:client' a=\">\">";

    fn read(text: &str) -> Element {
        for end in 0..text.len() {
            if let Some(part) = text.get(..end) {
                assert_eq!(element(part.as_bytes()), Progress::More, "{part}");
            }
        }
        match element(text.as_bytes()) {
            Progress::Done(element, used) => {
                assert_eq!(used, text.len());
                element
            }
            Progress::More => panic!("incomplete: {text}"),
        }
    }

    #[test]
    fn finds_features_behind_the_opening() {
        let features = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>\
            <mechanisms xmlns='x'><mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>";
        let Element::Features(found) = read(&format!("{OPENING}{features}")) else { panic!() };
        assert!(found.starttls && found.starttls_required);
        assert_eq!(found.mechanisms, ["PLAIN", "SCRAM-SHA-1"]);
        assert_eq!(found.names, ["starttls", "mechanisms"]);
        assert_eq!(read("<features/>"), Element::Features(Features::default()));
        // a trap for a search by text: no STARTTLS is offered here
        let Element::Features(none) = read("<f:features><x a='<starttls/>'><starttls/></x></f:features>")
        else {
            panic!()
        };
        assert!(!none.starttls);
    }

    #[test]
    fn errors_and_strangers() {
        let error = format!("{OPENING}<stream:error><host-unknown xmlns='y'/><text>no</text></stream:error>");
        let Element::Error(error) = read(&error) else { panic!() };
        assert_eq!(
            (error.condition.as_str(), error.to_string().as_str()),
            ("host-unknown", "host-unknown (no)")
        );
        assert_eq!(read("<proceed xmlns='x'/>"), Element::Other("proceed".to_owned()));
        assert_eq!(element(b"220 mail"), Progress::Done(Element::Other("220 mail".to_owned()), 8));
        assert_eq!(
            element(b"</stream:stream>"),
            Progress::Done(Element::Other("end of stream".to_owned()), 16)
        );
        let deep = "<a>".repeat(40);
        assert!(
            matches!(element(deep.as_bytes()), Progress::Done(Element::Other(what), _) if what.contains("deeply"))
        );
    }

    #[test]
    fn a_domain_cannot_break_out_of_the_opening() {
        let text = String::from_utf8(open("a'><b&", Side::Server)).unwrap();
        assert!(text.contains("to='a&apos;>&lt;b&amp;'") && text.contains("jabber:server"), "{text}");
    }

    proptest! {
        #[test]
        fn no_stream_makes_it_panic(noise in "[<>/a:'\"=? ]{0,80}") {
            if let Progress::Done(_, used) = element(noise.as_bytes()) {
                prop_assert!(used <= noise.len());
            }
        }
    }
}
