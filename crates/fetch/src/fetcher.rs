//! One request at a time, within the deadline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use check::{CheckError, Ctx, Secret};
use hyper::ext::ReasonPhrase;
use net::ProxyKind;
use net::tls::Certificate;
use reqwest::header::{HOST, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Client, Method, Response, Url, Version};

use crate::aim::{Aim, is_literal};
use crate::resolver::Resolver;
use crate::tls::{Session, configure};
use crate::watch::{TimedLayer, Watch};
use crate::{Answer, HttpVersion, Stick, Target, TlsVersions, error, redirect};

/// Environment variable with the password of `--user`.
const PASSWORD_VARIABLE: &str = "HLIDKA_HTTP_PASSWORD";

/// A request, complete but for what the target's options add at its own origin.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers besides those of the target.
    pub headers: HeaderMap,
    /// Content to send.
    pub body: Option<Vec<u8>>,
    /// Is the content of the answer wanted?
    pub wants_body: bool,
}

impl Request {
    /// A GET of a URL.
    pub fn get(url: Url) -> Request {
        Request { method: Method::GET, url, headers: HeaderMap::new(), body: None, wants_body: true }
    }
}

/// Asks the host of a [`Target`], over the same connection as long as it lasts.
pub struct Fetcher<'a> {
    target: &'a Target,
    ctx: &'a Ctx,
    aim: Aim,
    client: Client,
    watch: Arc<Watch>,
    account: Option<(String, Option<Secret>)>,
}

impl<'a> Fetcher<'a> {
    /// Reads passwords; connects to nothing yet. `tls` asks for TLS even if `-S` does not.
    pub fn new(target: &'a Target, tls: bool, stick: Stick, ctx: &'a Ctx) -> Result<Fetcher<'a>, CheckError> {
        // only TLS can show a certificate of our own
        let tls = tls || target.ssl.is_some() || target.trust.identity().is_some();
        let aim = Aim::of(target, tls)?;
        let watch = Arc::new(Watch::default());
        let protocols: &[&[u8]] = match target.http_version {
            HttpVersion::Two => &[b"h2", b"http/1.1"],
            HttpVersion::OneOne | HttpVersion::One => &[b"http/1.1"],
        };
        let session = Session {
            versions: target.ssl.unwrap_or(TlsVersions::Any).offered(),
            protocols: protocols.iter().map(|name| name.to_vec()).collect(),
            name: aim.certificate_name.clone(),
            identity: target.trust.identity(),
        };
        let config = configure(target.trust.trust(), session, watch.clone())?;
        let resolver = Resolver {
            dial: Arc::new(target.dial.clone()),
            name: aim.base.host_str().unwrap_or_default().to_owned(),
            leads_to: aim.dial.clone(),
            stick,
        };
        let mut builder = Client::builder()
            .tls_backend_preconfigured(config)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .local_address(target.dial.source())
            // shared among the addresses of a name; our own wait ends a hair before all of it
            .connect_timeout(ctx.remaining())
            .dns_resolver(Arc::new(resolver))
            .connector_layer(TimedLayer(watch.clone()));
        if target.http_version == HttpVersion::Two && !tls {
            builder = builder.http2_prior_knowledge();
        }
        if let Some(url) = proxy_url(target)? {
            let proxy = reqwest::Proxy::all(url).map_err(|error| CheckError::usage(error.without_url()))?;
            builder = builder.proxy(proxy);
        }
        let client =
            builder.build().map_err(|error| CheckError::internal(format!("HTTP client: {error}")))?;
        let account = account(target)?;
        Ok(Fetcher { target, ctx, aim, client, watch, account })
    }

    /// The URL of a path at the target. What an address bar would take for the path is taken.
    pub fn url(&self, path: &str) -> Result<Url, CheckError> {
        // not repeated: there may be a password in it
        let bad = || CheckError::usage("-u takes a path: the host is given by -H, and TLS asked for by -S");
        if path.contains("://") && !path.starts_with('/') {
            return Err(bad());
        }
        let mut url = self.aim.base.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(path);
        url.set_query(query);
        Ok(url)
    }

    /// Host and port of a URL, as messages name them.
    fn place(url: &Url) -> String {
        let port = url.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", url.host_str().unwrap_or_default())
    }

    /// Sends a request and reads the answer. Redirects are answers like others: [`crate::next_request`].
    pub async fn fetch(&self, request: &Request) -> Result<Answer, CheckError> {
        let (mut answer, content) = self.open(request).await?;
        if request.wants_body {
            let began = Instant::now();
            answer.body = self.body(content).await?;
            answer.phases.transfer = began.elapsed().as_secs_f64();
        }
        Ok(answer)
    }

    /// Sends a request and reads the head of the answer; its content is still to be read, by a caller
    /// who bounds it. For what is too large to be held.
    pub async fn open(&self, request: &Request) -> Result<(Answer, Content<'_>), CheckError> {
        let place = Fetcher::place(&request.url);
        let host = request.url.host_str().unwrap_or_default();
        if is_literal(host) && self.target.dial.proxy().is_none() {
            // reqwest would connect to an address without asking what -4, -6 and --source allow
            self.target.dial.resolve(host, 0).await?;
        }
        self.watch.begin();
        let asked = Instant::now();
        let sending = self.prepared(request).send();
        let response = match tokio::time::timeout(self.left(), sending).await {
            Ok(response) => response.map_err(|error| self.explained(&error, &place))?,
            Err(_) => return Err(self.too_slow(&place)),
        };
        let first_byte = Instant::now();
        let answer = Answer {
            url: request.url.clone(),
            version: response.version(),
            status: response.status(),
            reason: reason(&response),
            headers: response.headers().clone(),
            body: Vec::new(),
            phases: self.watch.seen().phases(asked, first_byte, first_byte),
            certificate: self.accepted_certificate().filter(|_| request.url.scheme() == "https"),
        };
        Ok((answer, Content { fetcher: self, response, place, read: 0 }))
    }

    /// The server's certificate, if the last request came as far as a finished handshake, whatever
    /// became of it afterwards.
    pub fn accepted_certificate(&self) -> Option<Certificate> {
        let seen = self.watch.seen();
        seen.certificate.clone().filter(|_| seen.is_connected())
    }

    fn prepared(&self, request: &Request) -> reqwest::RequestBuilder {
        let target = self.target;
        let own = redirect::same_origin(&request.url, &self.aim.base);
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, target.useragent.clone().unwrap_or_else(own_agent));
        if let (true, Some(host)) = (own, &self.aim.host_header) {
            headers.insert(HOST, host.clone());
        }
        headers.extend(request.headers.clone());
        // what the operator writes stands, whatever would be sent by itself
        for header in target.headers.iter().filter(|_| own) {
            headers.remove(&header.name);
        }
        for header in target.headers.iter().filter(|_| own) {
            headers.append(header.name.clone(), header.value.clone());
        }
        let mut builder = self.client.request(request.method.clone(), request.url.clone()).headers(headers);
        if target.http_version == HttpVersion::One {
            builder = builder.version(Version::HTTP_10);
        }
        if let (true, Some((user, password))) = (own, &self.account) {
            builder = builder.basic_auth(user, password.as_ref().map(Secret::expose));
        }
        match &request.body {
            Some(body) => builder.body(body.clone()),
            None => builder,
        }
    }

    /// All of a content, if it is no more than `--max-body`.
    pub async fn body(&self, mut content: Content<'_>) -> Result<Vec<u8>, CheckError> {
        let limit = self.target.max_body;
        let too_large = |place: &str| {
            let limit = check::size::shown(limit);
            CheckError::target(format!("{place} sends more than {limit} (--max-body reads more)"))
        };
        if content.length().is_some_and(|length| length > limit) {
            return Err(too_large(&content.place));
        }
        let mut body = Vec::new();
        while let Some(part) = content.next().await? {
            if content.read > limit {
                return Err(too_large(&content.place));
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }

    /// A hair less than the check's own time, so that the message can say what was slow.
    fn left(&self) -> Duration {
        self.ctx.remaining().saturating_sub(Duration::from_millis(20))
    }

    fn too_slow(&self, place: &str) -> CheckError {
        let seconds = self.ctx.timeout.as_secs_f64();
        let seen = self.watch.seen();
        let what = if seen.is_connected() {
            "no answer"
        } else if seen.is_shaking_hands() {
            "no TLS handshake"
        } else {
            "no connection"
        };
        CheckError::timeout(format!("{what} from {place} within {seconds} seconds"))
    }

    fn cut_off(&self, place: &str, read: u64) -> CheckError {
        let seconds = self.ctx.timeout.as_secs_f64();
        CheckError::timeout(format!("{place} is slow: {read} bytes of content within {seconds} seconds"))
    }

    fn explained(&self, error: &reqwest::Error, place: &str) -> CheckError {
        error::explain(error, place, self.target, &self.watch.seen())
    }
}

/// The content of an answer, piece by piece as it comes.
pub struct Content<'f> {
    fetcher: &'f Fetcher<'f>,
    response: Response,
    place: String,
    read: u64,
}

impl Content<'_> {
    /// Bytes that the server has announced, if it has.
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next piece, by the deadline of the check; none at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, CheckError> {
        let Ok(next) = tokio::time::timeout(self.fetcher.left(), self.response.chunk()).await else {
            return Err(self.fetcher.cut_off(&self.place, self.read));
        };
        match next {
            Ok(part) => {
                self.read += part.as_ref().map_or(0, |part| part.len() as u64);
                Ok(part.map(Vec::from))
            }
            Err(error) => {
                let why = self.fetcher.explained(&error, &self.place);
                Err(CheckError::target(format!("{why} (after {} bytes)", self.read)))
            }
        }
    }
}

fn own_agent() -> HeaderValue {
    HeaderValue::from_static(concat!("check_http/v", env!("CARGO_PKG_VERSION"), " (hlidka)"))
}

fn reason(response: &Response) -> String {
    let own = response.extensions().get::<ReasonPhrase>();
    let usual = || response.status().canonical_reason().unwrap_or_default().to_owned();
    match (own, response.version()) {
        (_, Version::HTTP_2) => String::new(),
        (Some(own), _) => String::from_utf8_lossy(own.as_bytes()).into_owned(),
        (None, _) => usual(),
    }
}

fn account(target: &Target) -> Result<Option<(String, Option<Secret>)>, CheckError> {
    if let Some(both) = &target.authorization {
        let (user, password) = both.split_once(':').unwrap_or((both, ""));
        return Ok(Some((user.to_owned(), Some(Secret::from(password.to_owned())))));
    }
    let Some(user) = &target.user else { return Ok(None) };
    let password = Secret::from_file_or_env(target.password_file.as_deref(), PASSWORD_VARIABLE)?;
    if password.is_none() {
        return Err(CheckError::usage(format!(
            "--user {user} needs a password: give --password-file FILE, or set {PASSWORD_VARIABLE}"
        )));
    }
    Ok(Some((user.clone(), password)))
}

/// The proxy as reqwest wants it; `socks5h` has it resolve the names, as those of HTTP do.
fn proxy_url(target: &Target) -> Result<Option<Url>, CheckError> {
    let Some(proxy) = target.dial.proxy() else { return Ok(None) };
    let scheme = match proxy.kind {
        ProxyKind::Socks5 => "socks5h",
        ProxyKind::Http => "http",
    };
    let host = if proxy.host.contains(':') { format!("[{}]", proxy.host) } else { proxy.host.clone() };
    let unusable = || CheckError::usage(format!("the proxy {proxy} has no usable host name"));
    let mut url = Url::parse(&format!("{scheme}://{host}:{}", proxy.port)).map_err(|_| unusable())?;
    if let Some(user) = &proxy.user {
        let password = target.dial.proxy_password()?;
        url.set_username(user).map_err(|()| unusable())?;
        url.set_password(password.as_ref().map(Secret::expose)).map_err(|()| unusable())?;
    }
    Ok(Some(url))
}
