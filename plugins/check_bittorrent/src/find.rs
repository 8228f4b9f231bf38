//! From the options to one torrent: a file, a URL, a magnet link, or the newest of an index.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use check::{CheckError, Ctx};
use fetch::{Answer, Url, UrlOptions};
use serde_json_path::JsonPath;

use crate::Args;
use crate::metainfo::Subject;
use crate::newest::newest;

/// Largest torrent read from a file.
const MAX_FILE: u64 = 10 * 1024 * 1024;

/// `--torrent`.
#[derive(Clone, Debug)]
pub(crate) enum Named {
    Magnet(String),
    Url(Url),
    File(PathBuf),
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Named, String> {
        if text.starts_with("magnet:") {
            return Subject::from_magnet(text)
                .map(|_| Named::Magnet(text.to_owned()))
                .map_err(|why| format!("the link {why}"));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            if !matches!(scheme, "http" | "https") {
                return Err("a torrent is a file, a magnet link, or at http:// or https://".to_owned());
            }
            return url(text).map(Named::Url);
        }
        if text.is_empty() { Err("which torrent?".to_owned()) } else { Ok(Named::File(text.into())) }
    }
}

/// Never a whole URL in a message: it may hold a key.
fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("its URL is none: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a user and a password in a URL are read by everybody on this machine: leave them out".to_owned()
        );
    }
    Ok(url)
}

/// `--index`: a page, and where in it the names are if it is JSON.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    url: Url,
    path: Option<JsonPath>,
}

impl FromStr for Index {
    type Err = String;

    fn from_str(text: &str) -> Result<Index, String> {
        let (url, path) = text.split_once('#').map_or((text, None), |(url, path)| (url, Some(path)));
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err("an index is given as http[s]://HOST/…[#PATH]".to_owned());
        }
        let url = self::url(url)?;
        let path = path.map(|path| {
            let full = match path.chars().next() {
                Some('$') => path.to_owned(),
                Some('[') => format!("${path}"),
                _ => format!("$.{path}"),
            };
            JsonPath::parse(&full).map_err(|error| format!("what is behind the # is no JSONPath: {error}"))
        });
        Ok(Index { url, path: path.transpose()? })
    }
}

/// The torrent that the options ask for.
pub(crate) async fn subject(args: &Args, ctx: &Ctx) -> Result<Subject, CheckError> {
    match (&args.torrent, &args.index, &args.latest) {
        (Some(Named::Magnet(link)), ..) => Subject::from_magnet(link).map_err(CheckError::usage),
        (Some(Named::File(file)), ..) => from_file(file),
        (Some(Named::Url(url)), ..) => from_url(url, &args.urls, ctx).await,
        (None, Some(index), Some(latest)) => {
            let page = document(&index.url, &args.urls, ctx).await?;
            let found = newest(&page.body, &page.url, index.path.as_ref(), latest, &args.exclude)
                .map_err(|why| CheckError::target(format!("index at {}: {why}", fetch::place(&index.url))))?;
            if found.url.scheme() == "magnet" {
                return Subject::from_magnet(found.url.as_str()).map_err(|why| {
                    CheckError::target(format!("the magnet link {} {why}", fetch::clipped(&found.name)))
                });
            }
            from_url(&found.url, &args.urls, ctx).await
        }
        _ => Err(CheckError::usage("which torrent? Give --torrent, or --index and --latest")),
    }
}

fn from_file(file: &Path) -> Result<Subject, CheckError> {
    let name = file.display();
    let unreadable = |error| CheckError::internal(format!("cannot read {name}: {error}"));
    if !std::fs::metadata(file).map_err(unreadable)?.is_file() {
        return Err(CheckError::usage(format!("{name} is no file")));
    }
    let mut bytes = Vec::new();
    File::open(file).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(CheckError::usage(format!("{name} is larger than {}", fetch::shown(MAX_FILE))));
    }
    Subject::from_torrent(&bytes).map_err(|why| CheckError::usage(format!("{name} {why}")))
}

async fn from_url(url: &Url, urls: &UrlOptions, ctx: &Ctx) -> Result<Subject, CheckError> {
    let answer = document(url, urls, ctx).await?;
    Subject::from_torrent(&answer.body).map_err(|why| CheckError::target(format!("{} {why}", shown(url))))
}

async fn document(url: &Url, urls: &UrlOptions, ctx: &Ctx) -> Result<Answer, CheckError> {
    let answer = urls.get(url, ctx).await?;
    if answer.status.is_success() {
        return Ok(answer);
    }
    Err(CheckError::target(format!("{}: {}", shown(url), fetch::clipped(&answer.status_line()))))
}

/// A URL by its host and the name of the file: what stands between them, and a query, may hold a key.
fn shown(url: &Url) -> String {
    let path = url.path();
    let name = path.rsplit('/').next().unwrap_or_default();
    let between = if path.len() > name.len() + 1 { "/…/" } else { "/" };
    fetch::clipped(&format!("{}{between}{name}", fetch::place(url)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_what_may_be_a_key() {
        let shown = |url: &str| shown(&Url::parse(url).unwrap());
        assert_eq!(shown("https://a.example/download/s3cret/x.torrent?key=s3cret"), "a.example/…/x.torrent");
        assert_eq!(shown("http://a.example:81/x.torrent"), "a.example:81/x.torrent");
        assert_eq!(shown("http://a.example/s3cret/"), "a.example/…/");
    }

    #[test]
    fn a_torrent_is_named_in_three_ways() {
        assert!(matches!("http://a/x.torrent".parse(), Ok(Named::Url(_))));
        assert!(matches!("/srv/x.torrent".parse(), Ok(Named::File(_))));
        let magnet = "magnet:?xt=urn:btih:0102030405060708090a0b0c0d0e0f1011121314";
        assert!(matches!(magnet.parse(), Ok(Named::Magnet(_))));
        assert!("magnet:?dn=x".parse::<Named>().unwrap_err().contains("names no torrent"));
        assert!("".parse::<Named>().is_err() && "http://".parse::<Named>().is_err());
        assert!("https://a/#releases[*].url".parse::<Index>().unwrap().path.is_some());
        assert!("https://a/".parse::<Index>().unwrap().path.is_none());
        for bad in ["", "a", "ftp://a/", "https://a/#x[", "https://u:p@a/"] {
            assert!(bad.parse::<Index>().is_err(), "{bad}");
        }
        for bad in ["ftp://a/x.torrent", "http://u@a/x.torrent", "https://u:p@a/x.torrent"] {
            assert!(bad.parse::<Named>().is_err(), "{bad}");
        }
    }
}
