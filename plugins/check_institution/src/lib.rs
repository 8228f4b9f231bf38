//! `check_institution`: does an institution of eduroam publish its realms and its coverage, and rightly?
//!
//! `source` does all I/O; [`document`] reads what came, XML of version 1 or JSON of version 2, with every
//! fault against the schema's rules; [`mapping`] says which institution a realm is of; `judge` compares.

pub mod document;
mod json;
mod judge;
pub mod mapping;
mod realm;
mod source;
mod v1;
mod values;

use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use fetch::UrlOptions;
pub use realm::Realm;

use crate::source::Source;

/// Options of `check_institution`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The document, institution.xml or institution.json: a file, or a URL (redirects are followed). {id}
    /// in it stands for the institution's identifier, which --institution or --mapping tells
    #[arg(short = 'u', long = "url", alias = "file", value_name = "URL|FILE")]
    document: Source,
    /// Realm or alias of the institution; may be repeated, or several with commas. Case does not matter
    #[arg(short = 'r', long = "realm", value_name = "REALM", required = true, value_delimiter = ',', value_parser = realm)]
    realms: Vec<Realm>,
    /// Look at the coverage instead of the realms: it must be there, follow the rules of its schema, and
    /// have locations if the institution offers eduroam. Every fault is listed
    #[arg(short = 'C', long)]
    coverage: bool,
    /// The institution is the one with this identifier (instid), and others in the document do not matter
    #[arg(short = 'i', long, value_name = "ID", conflicts_with = "mapping")]
    institution: Option<String>,
    /// Look the identifier up here: JSON, {"REALM": "ID"}, in a file or at a URL
    #[arg(short = 'm', long, value_name = "URL|FILE")]
    mapping: Option<Source>,
    /// Page of the national operator that an institution must not give as its own info_URL; may be
    /// repeated. http and https are the same
    #[arg(short = 'd', long = "default-url", value_name = "URL")]
    default_urls: Vec<String>,
    /// The operator's own realm, which may use these pages; may be repeated
    #[arg(long = "operator-realm", value_name = "REALM", value_delimiter = ',', value_parser = realm)]
    operator_realms: Vec<Realm>,
    /// With --coverage: so many locations must be there, unless it is an identity provider only (the
    /// schema itself asks for none)
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "coverage")]
    min_locations: u32,
    #[command(flatten)]
    urls: UrlOptions,
}

/// What was found.
pub(crate) struct Sample {
    /// What the document is called.
    pub place: String,
    /// Until it was read.
    pub seconds: f64,
    /// The institution's identifier, if it was given or mapped.
    pub id: Option<String>,
    pub found: Found,
}

pub(crate) enum Found {
    Document(Vec<u8>),
    NoFile,
    /// No realm of ours is in the mapping.
    NotMapped,
    /// An answer, but not a document.
    Status {
        status: u16,
        line: String,
    },
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_institution",
        title: "INSTITUTION",
        separator: " - ",
        about: "What an institution of eduroam publishes: its realms and aliases and no others, or its coverage, valid \
                by the rules of the eduroam database (institution.xml version 1, institution.json version 2)",
        examples: "Examples:\n  \
            # the realms: all of them, no other, and a page of its own about eduroam\n  \
            check_institution -u https://www.example.cz/institution.xml -r example.cz,cs.example.cz \\\n    \
            -d http://eduroam.example/en/roaming.html --operator-realm eduroam.example\n  \
            # the coverage, one file for each institution\n  \
            check_institution --coverage -r example.cz -m /var/lib/eduroam/realm_to_inst.js \\\n    \
            -u '/var/lib/eduroam/coverage/{id}.json' -d http://eduroam.example/en/roaming.html\n  \
            # the same from the federation's export, where the realm tells which institution it is\n  \
            check_institution --coverage -r example.cz -u https://monitor.example/institution.json\n\
            Realms: what is missing, too much or unreadable is CRITICAL; an answer of HTTP 4xx is WARNING, 5xx\n\
            CRITICAL. Coverage: all of these are CRITICAL.",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    fn validate(&self) -> Result<(), CheckError> {
        if self.document.names_an_institution() && self.institution.is_none() && self.mapping.is_none() {
            return Err(CheckError::usage(format!(
                "{} in the document's name needs --institution or --mapping",
                source::PLACE_OF_ID
            )));
        }
        Ok(())
    }

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = source::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}

fn realm(text: &str) -> Result<Realm, String> {
    Realm::new(text)
        .filter(|_| !text.contains(['@', '/', ' ']))
        .ok_or_else(|| format!("`{text}` is no realm: write example.cz"))
}
