//! What an institution publishes: bytes to what the check wants to know; pure.

use xml::XmlError;

use crate::{json, v1};

/// Faults of one document that are told; a broken export repeats one for every location.
pub const MAX_FAULTS: usize = 50;

/// Characters of a value that are repeated in a message.
const SHOWN: usize = 40;

/// A document of one institution or of several.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// How it is written.
    pub form: Form,
    /// All of them.
    pub institutions: Vec<Institution>,
    /// Against the rules, but in no institution.
    pub faults: Faults,
}

/// The two forms, by the version of the schema that they follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `institution.xml`, version 1.
    Xml1,
    /// XML of version 2: read for its realms and pages, not held to the rules.
    Xml2,
    /// `institution.json`, version 2.
    Json2,
}

impl Form {
    /// For messages.
    pub fn name(self) -> &'static str {
        match self {
            Form::Xml1 => "XML of version 1",
            Form::Xml2 => "XML of version 2",
            Form::Json2 => "JSON of version 2",
        }
    }
}

/// What an institution does in eduroam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Has users, and no places.
    IdP,
    /// Has places, and perhaps users.
    Sp,
}

/// One institution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Institution {
    /// `instid`, of version 2.
    pub id: Option<String>,
    /// Its type, if it is a known one.
    pub kind: Option<Kind>,
    /// Its realms and aliases, as they are written.
    pub realms: Vec<String>,
    /// Its pages about eduroam, and those of its locations.
    pub info_urls: Vec<String>,
    /// Places where it offers eduroam.
    pub locations: usize,
    /// What is against the schema's rules.
    pub faults: Faults,
}

/// What is wrong, as far as it is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    told: Vec<String>,
    count: usize,
}

/// Why nothing can be told about a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// A page of a web server, most likely.
    #[error("it is neither XML nor JSON: it begins with `{0}`")]
    Neither(String),
    /// No XML, or XML that goes too far.
    #[error("{0}")]
    Xml(#[from] XmlError),
    /// No JSON, or nested too deeply.
    #[error("it is no JSON: {0}")]
    Json(String),
    /// Well-formed, but something else.
    #[error("{0}")]
    Other(String),
}

/// Reads a document of either form.
pub fn read(bytes: &[u8]) -> Result<Document, DocumentError> {
    let text = xml::decode(bytes)?;
    match text.trim_start().chars().next() {
        None => Err(DocumentError::Empty),
        Some('<') => v1::read(text.trim_start()),
        Some('{' | '[') => json::read(&text),
        Some(_) => Err(DocumentError::Neither(shown(text.trim_start()))),
    }
}

impl Faults {
    /// One more.
    pub(crate) fn add(&mut self, fault: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < MAX_FAULTS {
            self.told.push(fault());
        }
    }

    /// How many there are, told or not.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first ones.
    pub fn told(&self) -> &[String] {
        &self.told
    }
}

/// The start of a value, on one line.
pub(crate) fn shown(value: &str) -> String {
    let start: String = value.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if start.len() < value.len() { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_neither_is_told() {
        let said = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert_eq!(said(b" \n"), "it is empty");
        assert_eq!(said(b"404: not here"), "it is neither XML nor JSON: it begins with `404: not here`");
        assert!(said(b"<html><body>moved</body></html>").contains("`html`"));
        assert!(said(b"{\"a\": ").starts_with("it is no JSON: EOF"));
        assert!(said("[".repeat(100_000).as_bytes()).contains("recursion limit"));
        assert!(said(b"<!DOCTYPE html><html></html>").contains("document type declaration"));
    }

    #[test]
    fn faults_are_counted_beyond_those_told() {
        let mut faults = Faults::default();
        for i in 0..1000 {
            faults.add(|| i.to_string());
        }
        assert_eq!((faults.count(), faults.told().len()), (1000, MAX_FAULTS));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..200), with: u8, at in 0_usize..2000) {
            let _ = read(&noise);
            for good in [&include_bytes!("../testdata/v1.xml")[..], include_bytes!("../testdata/v2.json")] {
                let mut bent = good.to_vec();
                let at = at % bent.len();
                bent[at] = with;
                if let Ok(document) = read(&bent) {
                    for institution in &document.institutions {
                        prop_assert!(institution.faults.told().len() <= MAX_FAULTS);
                    }
                }
            }
        }
    }
}
