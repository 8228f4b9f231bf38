//! The sources: what one is, and asking all of them at once.

use std::str::FromStr;
use std::time::Duration;

use check::{CheckError, Ctx};
use fetch::{Url, UrlOptions};

use crate::document::{self, Path};

/// One place to ask for the height.
#[derive(Clone)]
pub(crate) struct Source {
    pub name: String,
    url: Url,
    path: Option<Path>,
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Source, String> {
        let is_url = |text: &str| text.starts_with("http://") || text.starts_with("https://");
        let (name, url) = match text.split_once('=') {
            Some((name, url)) if !is_url(text) && !name.is_empty() => (Some(name), url),
            _ => (None, text),
        };
        if !is_url(url) {
            return Err("a source is given as [NAME=]http[s]://HOST/…[#PATH]".to_owned());
        }
        let (url, path) = match url.split_once('#') {
            Some((url, path)) => (url, Some(path.parse()?)),
            None => (url, None),
        };
        // never the URL in a message: it may hold a key
        let url = Url::parse(url).map_err(|error| format!("its URL is none: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a source is asked without user and password".to_owned());
        }
        let name = name.map_or_else(|| fetch::place(&url), str::to_owned);
        Ok(Source { name, url, path })
    }
}

/// Without the path and the query, which may hold a key.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({})", self.name)
    }
}

/// What each says, in their order. They have a little less than the check's own time, so that one
/// that is slow is named, and does not keep the others from being compared.
pub(crate) async fn ask(sources: &[Source], urls: &UrlOptions, ctx: &Ctx) -> Vec<Result<u64, String>> {
    let time = ctx.remaining();
    let own = Ctx::new(time.saturating_sub((time / 10).max(Duration::from_millis(50))), ctx.verbosity);
    let asked = check::together(sources.iter().map(|source| source.height(urls, &own)), |_| false).await;
    asked.into_iter().flatten().collect()
}

impl Source {
    async fn height(&self, urls: &UrlOptions, ctx: &Ctx) -> Result<u64, String> {
        // a source without a name of its own is called by its place, which errors tell already
        let is_told = |why: &str| self.name == fetch::place(&self.url) && why.contains(&self.name);
        let named = |why: String| if is_told(&why) { why } else { format!("{}: {why}", self.name) };
        let answer = match urls.get(&self.url, ctx).await {
            Ok(answer) => answer,
            Err(CheckError::Timeout(_)) => return Err(format!("{}: no answer in time", self.name)),
            Err(error) => return Err(named(error.to_string())),
        };
        if !answer.status.is_success() {
            return Err(format!("{}: {}", self.name, fetch::clipped(&answer.status_line())));
        }
        document::height(&answer.body, self.path.as_ref()).map_err(|why| format!("{}: {why}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_url_with_a_name_and_a_path_if_need_be() {
        let read = |text: &str| text.parse::<Source>().unwrap();
        assert_eq!(read("https://a.example/tip?x=1").name, "a.example");
        assert_eq!(read("one=https://a.example/?key=1#a.b").name, "one");
        assert_eq!(read("http://a.example:81/?k=v#$.x[?@.y=='z']").url.as_str(), "http://a.example:81/?k=v");
        assert!(read("https://a/#b").path.is_some());
        assert_eq!(format!("{:?}", read("https://a.example/s3cret")), "Source(a.example)");
        for bad in [
            "",
            "a.example",
            "ftp://a/",
            "=https://a/",
            "https://",
            "https://a/#",
            "https://a/#b[",
            "https://u:p@a/",
        ] {
            assert!(bad.parse::<Source>().is_err(), "{bad}");
        }
    }
}
