//! Where the document comes from; all I/O.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::str::FromStr;
use std::time::Instant;

use check::{CheckError, Ctx};
use fetch::Url;

use crate::{Args, Found, Sample, mapping};

/// Read of a file; documents from the web have `--max-body`.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// What stands for an institution's identifier in the name of a document.
pub(crate) const PLACE_OF_ID: &str = "{id}";

/// A file, or a document on the web.
#[derive(Clone)]
pub(crate) enum Source {
    File(String),
    Web(String),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Source, String> {
        if text.starts_with("http://") || text.starts_with("https://") {
            let url = Url::parse(&text.replace(PLACE_OF_ID, "id"))
                .map_err(|error| format!("`{text}` is no URL: {error}"))?;
            if !url.username().is_empty() || url.password().is_some() {
                return Err(
                    "a URL with a user or a password is shown to everybody: leave them out".to_owned()
                );
            }
            Ok(Source::Web(text.to_owned()))
        } else if text.contains("://") {
            Err(format!("`{text}` is neither a file nor http:// nor https://"))
        } else {
            Ok(Source::File(text.to_owned()))
        }
    }
}

/// Without the query of a URL, which may hold a key.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

impl Source {
    /// What it is called in messages.
    fn name(&self) -> String {
        match self {
            Source::File(path) => path.clone(),
            Source::Web(url) => Url::parse(url).map(|url| fetch::place(&url)).unwrap_or_default(),
        }
    }

    pub(crate) fn names_an_institution(&self) -> bool {
        let (Source::File(text) | Source::Web(text)) = self;
        text.contains(PLACE_OF_ID)
    }

    fn of(&self, id: &str) -> Source {
        match self {
            Source::File(path) => Source::File(path.replace(PLACE_OF_ID, id)),
            Source::Web(url) => Source::Web(url.replace(PLACE_OF_ID, id)),
        }
    }

    async fn read(&self, args: &Args, ctx: &Ctx) -> Result<Found, CheckError> {
        match self {
            Source::File(path) => file(Path::new(path)),
            Source::Web(url) => {
                let url = Url::parse(url)
                    .map_err(|error| CheckError::usage(format!("{}: {error}", self.name())))?;
                let answer = args.urls.get(&url, ctx).await?;
                let status = answer.status.as_u16();
                if answer.status.is_success() {
                    Ok(Found::Document(answer.body))
                } else {
                    Ok(Found::Status { status, line: fetch::clipped(&answer.status_line()) })
                }
            }
        }
    }
}

fn file(path: &Path) -> Result<Found, CheckError> {
    let name = path.display();
    let cannot = |error: std::io::Error| CheckError::internal(format!("cannot read {name}: {error}"));
    let metadata = match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::NoFile),
        other => other.map_err(cannot)?,
    };
    if !metadata.is_file() {
        return Err(CheckError::usage(format!("{name} is no file")));
    }
    if metadata.len() > MAX_FILE {
        let size = check::size::shown(MAX_FILE);
        return Err(CheckError::target(format!("{name} is larger than {size}")));
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(cannot)?.take(MAX_FILE).read_to_end(&mut bytes).map_err(cannot)?;
    Ok(Found::Document(bytes))
}

/// The mapping first, if there is one, since the document's name may depend on it.
pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let mut sample = Sample {
        place: args.document.name(),
        seconds: 0.0,
        id: args.institution.clone(),
        found: Found::NoFile,
    };
    if let Some(source) = &args.mapping {
        let name = source.name();
        let text = match source.read(args, ctx).await? {
            Found::Document(text) => text,
            other => {
                sample.place = name;
                sample.found = other;
                return Ok(sample);
            }
        };
        sample.id = mapping::institution(&text, &args.realms)
            .map_err(|why| CheckError::target(format!("the mapping of {name} cannot be read: {why}")))?;
        if sample.id.is_none() {
            sample.place = name;
            sample.found = Found::NotMapped;
            return Ok(sample);
        }
    }
    let source = match &sample.id {
        Some(id) if args.document.names_an_institution() => {
            if !mapping::is_name(id) {
                let shown = fetch::clipped(id);
                return Err(CheckError::target(format!(
                    "the identifier `{shown}` cannot be a part of a name"
                )));
            }
            args.document.of(id)
        }
        _ => args.document.clone(),
    };
    sample.place = source.name();
    sample.found = source.read(args, ctx).await?;
    sample.seconds = start.elapsed().as_secs_f64();
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_file_or_a_url() {
        let read = |text: &str| text.parse::<Source>();
        assert!(matches!(read("/var/lib/x/{id}.json"), Ok(Source::File(_))));
        assert!(matches!(read("https://a.example/{id}.json?key=1"), Ok(Source::Web(_))));
        assert_eq!(format!("{:?}", read("https://a.example/x?key=s3cret").unwrap()), "a.example");
        for bad in ["ftp://a/", "https://", "https://u:p@a/"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let source = read("/x/{id}.json").unwrap();
        assert!(source.names_an_institution());
        assert_eq!(source.of("ex01").name(), "/x/ex01.json");
    }
}
