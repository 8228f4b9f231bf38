//! Where a redirect leads, and what goes along.

use check::CheckError;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, LOCATION, PROXY_AUTHORIZATION};
use reqwest::{Method, StatusCode, Url};

use crate::{Answer, Request, clipped};

/// So many redirects are followed unless an option says otherwise, as the peer has it.
pub const MAX_REDIRECTS: u32 = 15;

/// The request that an answer asks for by its status and `Location`; none if it is no redirect.
///
/// What is for one origin only (a password, a cookie, a Host header of our own) does not go to
/// another one. 301, 302 and 303 make a GET of everything but HEAD; 307 and 308 repeat the request.
pub fn next_request(request: &Request, answer: &Answer) -> Result<Option<Request>, CheckError> {
    let repeats = match answer.status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => false,
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
        _ => return Ok(None),
    };
    let Some(location) = answer.headers.get(LOCATION) else {
        return Err(CheckError::target(format!("{} redirects without saying where", answer.url)));
    };
    let text = String::from_utf8_lossy(location.as_bytes());
    let nowhere =
        || CheckError::target(format!("{} redirects to `{}`, which is no URL", answer.url, clipped(&text)));
    let mut url = answer.url.join(&text).map_err(|_| nowhere())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(CheckError::target(format!(
            "{} redirects to `{}`, which is not HTTP",
            answer.url,
            clipped(&text)
        )));
    }
    // a name and a password in a Location are nobody's business
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);

    let mut next = Request { url, ..request.clone() };
    if !repeats && next.method != Method::HEAD {
        next.method = Method::GET;
        next.body = None;
        next.headers.remove(CONTENT_TYPE);
    }
    if !same_origin(&request.url, &next.url) {
        for private in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, HOST] {
            next.headers.remove(private);
        }
    }
    Ok(Some(next))
}

/// Scheme, host and port alike?
pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Phases;
    use reqwest::Version;
    use reqwest::header::{HeaderMap, HeaderValue};

    fn redirect(status: u16, location: Option<&str>) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(location) = location {
            headers.insert(LOCATION, HeaderValue::from_str(location).unwrap());
        }
        Answer {
            url: Url::parse("https://a.example/x/y").unwrap(),
            version: Version::HTTP_11,
            status: StatusCode::from_u16(status).unwrap(),
            reason: String::new(),
            headers,
            body: Vec::new(),
            phases: Phases::default(),
            certificate: None,
        }
    }

    fn post() -> Request {
        let mut request = Request::get(Url::parse("https://a.example/x/y").unwrap());
        request.method = Method::POST;
        request.body = Some(b"a=b".to_vec());
        request.headers.insert(AUTHORIZATION, HeaderValue::from_static("secret"));
        request.headers.insert(HOST, HeaderValue::from_static("b.example"));
        request
    }

    #[test]
    fn leads_where_the_location_says() {
        for (location, want) in [
            ("z", "https://a.example/x/z"),
            ("/z?q=1#top", "https://a.example/z?q=1"),
            ("//b.example/", "https://b.example/"),
            ("http://me:pw@b.example:8080/", "http://b.example:8080/"),
        ] {
            let next = next_request(&post(), &redirect(302, Some(location))).unwrap().unwrap();
            assert_eq!(next.url.as_str(), want);
        }
        assert!(next_request(&post(), &redirect(304, Some("z"))).unwrap().is_none());
        assert!(next_request(&post(), &redirect(200, None)).unwrap().is_none());
        for location in [None, Some("ftp://a/"), Some("file:///etc/passwd"), Some("http://:0/")] {
            assert!(next_request(&post(), &redirect(301, location)).is_err(), "{location:?}");
        }
    }

    #[test]
    fn credentials_stay_with_their_origin_and_bodies_with_307() {
        let kept = next_request(&post(), &redirect(307, Some("/z"))).unwrap().unwrap();
        assert_eq!((kept.method, kept.headers.len(), kept.body.is_some()), (Method::POST, 2, true));
        let plain = next_request(&post(), &redirect(303, Some("http://a.example/"))).unwrap().unwrap();
        assert_eq!((plain.method, plain.headers.len(), plain.body), (Method::GET, 0, None));
    }
}
