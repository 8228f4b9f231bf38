//! All I/O of `check_http`: ask, follow redirects, read.

use std::time::Instant;

use check::{CheckError, Ctx};
use fetch::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use fetch::{Answer, Fetcher, Method, Request, Stick, Url, clipped, next_request};
use jiff::Timestamp;
use net::tls::Certificate;
use regex::bytes::Regex;

use crate::Args;
use crate::expect::OnRedirect;

/// What was seen.
pub(crate) struct Sample {
    /// From the first packet to the last byte, redirects and all.
    pub seconds: f64,
    /// Now, seconds since 1970.
    pub now: i64,
    /// The certificate of the host that was asked, not of where it redirected to.
    pub certificate: Option<Certificate>,
    /// The last answer; none if only the certificate was wanted.
    pub answer: Option<Answer>,
    /// The pattern to look for.
    pub pattern: Option<Regex>,
    /// What was asked and answered on the way, for `-v`.
    pub steps: Vec<String>,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let pattern = args.content.pattern().map_err(CheckError::usage)?;
    let stick = match args.on_redirect {
        OnRedirect::Sticky | OnRedirect::StickyPort => Stick::ToAddress,
        OnRedirect::Is(_) | OnRedirect::Follow => Stick::No,
    };
    let absolute = absolute(&args.url)?;
    let through = absolute.as_ref().map(|url| args.target.through_address(url)).transpose()?;
    let target = through.as_ref().unwrap_or(&args.target);
    let fetcher = Fetcher::new(target, args.certificate.is_some(), stick, ctx)?;
    let path = absolute.as_ref().map(|url| match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    });
    let mut request = request(args, path.as_deref().unwrap_or(&args.url), &fetcher)?;
    let start = Instant::now();
    let mut sample = Sample {
        seconds: 0.0,
        now: Timestamp::now().as_second(),
        certificate: None,
        answer: None,
        pattern,
        steps: vec![format!("{} {}", request.method, request.url)],
    };
    let first = fetcher.fetch(&request).await;
    if args.certificate_only() {
        // the certificate is what was wanted: what comes after it, good or bad, is not judged
        sample.certificate = fetcher.accepted_certificate();
        if sample.certificate.is_none() {
            first?;
        }
        sample.seconds = start.elapsed().as_secs_f64();
        return Ok(sample);
    }
    let mut answer = first?;
    sample.certificate.clone_from(&answer.certificate);
    let mut redirects = 0;
    while let Some(next) = followed(args, &request, &answer)? {
        redirects += 1;
        sample.steps.push(format!("{} -> {}", clipped(&answer.status_line()), clipped(next.url.as_str())));
        if redirects > args.max_redirs {
            return Err(CheckError::target(format!(
                "maximum redirection depth {} exceeded - {}",
                args.max_redirs,
                clipped(next.url.as_str())
            )));
        }
        request = next;
        answer = fetcher.fetch(&request).await?;
    }
    sample.seconds = start.elapsed().as_secs_f64();
    sample.steps.push(clipped(&answer.status_line()));
    sample.answer = Some(answer);
    Ok(sample)
}

/// `-u` as a whole URL, if it is one. It is not repeated in messages: there may be a password in it.
fn absolute(url: &str) -> Result<Option<Url>, CheckError> {
    if url.starts_with('/') || !url.contains("://") {
        return Ok(None);
    }
    let read =
        Url::parse(url).map_err(|error| CheckError::usage(format!("-u is no path and no URL: {error}")))?;
    Ok(Some(read))
}

/// The first request, by the options.
fn request(args: &Args, path: &str, fetcher: &Fetcher<'_>) -> Result<Request, CheckError> {
    let mut request = Request::get(fetcher.url(path)?);
    if let Some(post) = &args.post {
        let content_type = HeaderValue::from_str(&args.content_type)
            .map_err(|_| CheckError::usage("the content type has characters that cannot be sent"))?;
        request.method = Method::POST;
        request.headers.insert(CONTENT_TYPE, content_type);
        request.body = Some(post.clone().into_bytes());
    }
    if let Some(method) = &args.method {
        request.method = method.clone();
    }
    request.wants_body = !args.no_body && !args.certificate_only();
    // as the peer does: what is measured is a visitor who comes anew
    request.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
}

/// The next request, if this answer is a redirect and redirects are followed.
fn followed(args: &Args, request: &Request, answer: &Answer) -> Result<Option<Request>, CheckError> {
    if matches!(args.on_redirect, OnRedirect::Is(_)) {
        return Ok(None);
    }
    let Some(mut next) = next_request(request, answer)? else { return Ok(None) };
    if args.on_redirect == OnRedirect::StickyPort && next.url.scheme() == request.url.scheme() {
        // an error is impossible here: both URLs have a host
        let _ = next.url.set_port(request.url.port());
    }
    Ok(Some(next))
}
