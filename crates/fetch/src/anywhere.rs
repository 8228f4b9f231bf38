//! Documents at any URL: for checks that are given URLs, where [`Target`] is given a host.

use std::path::PathBuf;

use check::{CheckError, Ctx};
use net::DialOptions;
use reqwest::Url;
use reqwest::header::{HeaderValue, USER_AGENT};

use crate::target::{TrustOptions, body_limit};
use crate::{Answer, Fetcher, HttpVersion, Request, Stick, Target, TlsVersions, next_request};

/// Read of a document, if no option says otherwise.
const MAX_BODY: u64 = 10 << 20;

/// Redirects followed for one document.
const MAX_REDIRECTS: u32 = 5;

/// How to get what URLs lead to: whom to trust, the proxy, how much to read.
#[derive(Clone, Debug, clap::Args)]
pub struct UrlOptions {
    /// Read no more than this of a document; a larger one is an error
    #[arg(help_heading = "HTTP", long, value_name = "SIZE", default_value = "10M", value_parser = body_limit)]
    max_body: u64,
    #[command(flatten)]
    trust: TrustOptions,
    #[command(flatten)]
    dial: DialOptions,
}

impl UrlOptions {
    /// For a check whose own options say the way, and whom to trust: the authorities of a file, or the
    /// system's. No more than 10 MiB of a document are read.
    pub fn of(dial: DialOptions, ca_file: Option<PathBuf>) -> UrlOptions {
        UrlOptions { max_body: MAX_BODY, trust: TrustOptions::of(ca_file), dial }
    }

    /// How connections are made, for what is no HTTP.
    pub fn dial(&self) -> &DialOptions {
        &self.dial
    }

    /// The same, but past the proxy: for what an option says is to be asked directly.
    #[must_use]
    pub fn without_proxy(&self) -> UrlOptions {
        UrlOptions { dial: self.dial.without_proxy(), ..self.clone() }
    }

    /// The document at a URL, wherever redirects lead; any status is an answer.
    pub async fn get(&self, url: &Url, ctx: &Ctx) -> Result<Answer, CheckError> {
        let target = self.target(url)?;
        let fetcher = Fetcher::new(&target, false, Stick::No, ctx)?;
        let mut request = Request::get(url.clone());
        request.headers.insert(USER_AGENT, own_agent());
        let mut answer = fetcher.fetch(&request).await?;
        for _ in 0..MAX_REDIRECTS {
            // its own words would show both URLs, and there may be a key in them
            let nowhere = |_| {
                let place = place(&answer.url);
                CheckError::target(format!("{place} redirects to nothing that could be asked over HTTP"))
            };
            match next_request(&request, &answer).map_err(nowhere)? {
                Some(next) => request = next,
                None => return Ok(answer),
            }
            answer = fetcher.fetch(&request).await?;
        }
        Ok(answer)
    }

    /// The same as options of a target at the URL's host, for a [`Fetcher`] of one's own.
    pub fn target(&self, url: &Url) -> Result<Target, CheckError> {
        let tls = match url.scheme() {
            "http" => None,
            "https" => Some(TlsVersions::Any),
            other => return Err(CheckError::usage(format!("{other}:// is not HTTP"))),
        };
        let host = url.host_str().ok_or_else(|| CheckError::usage("a URL without a host"))?;
        Ok(Target {
            hostname: Some(host.to_owned()),
            address: None,
            positional: Vec::new(),
            port: url.port_or_known_default(),
            ssl: tls,
            sni: None,
            http_version: HttpVersion::OneOne,
            user: None,
            password_file: None,
            authorization: None,
            headers: Vec::new(),
            useragent: None,
            max_body: self.max_body,
            trust: if tls.is_some() { self.trust.clone() } else { self.trust.anonymous() },
            dial: self.dial.clone(),
        })
    }
}

/// Host of a URL, with its port if it is not the usual one: how messages name a document whose path
/// or query may hold a key.
pub fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn own_agent() -> HeaderValue {
    HeaderValue::from_static(concat!("hlidka/", env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, FromArgMatches};

    fn options() -> UrlOptions {
        let command = UrlOptions::augment_args(clap::Command::new("x").no_binary_name(true));
        UrlOptions::from_arg_matches(&command.get_matches_from(Vec::<String>::new())).unwrap()
    }

    #[test]
    fn a_url_says_host_port_and_tls() {
        for (url, port, tls) in [
            ("http://a.example/x", 80, false),
            ("https://a.example", 443, true),
            ("https://a.example:8080/", 8080, true),
        ] {
            let target = options().target(&Url::parse(url).unwrap()).unwrap();
            assert_eq!(target.hostname.as_deref(), Some("a.example"));
            assert_eq!((target.port, target.ssl.is_some()), (Some(port), tls), "{url}");
        }
        for bad in ["ftp://a/", "file:///etc/passwd", "magnet:?x"] {
            assert!(options().target(&Url::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_place_shows_no_keys() {
        let url = Url::parse("https://me:pw@a.example:444/key/x?token=1").unwrap();
        assert_eq!(place(&url), "a.example:444");
        assert_eq!(place(&Url::parse("https://[::1]/").unwrap()), "[::1]");
    }
}
