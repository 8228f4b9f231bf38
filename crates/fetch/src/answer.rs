//! What came back.

use net::tls::Certificate;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url, Version};

/// Times of one request, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phases {
    /// Name resolution, TCP, and the proxy's tunnel; none if an open connection was used again.
    pub connect: Option<f64>,
    /// The TLS handshake; none without TLS.
    pub tls: Option<f64>,
    /// From the request until the headers had come.
    pub first_byte: f64,
    /// From the headers to the last byte.
    pub transfer: f64,
}

/// An answer, read up to its limit.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was asked for.
    pub url: Url,
    /// HTTP version of the answer.
    pub version: Version,
    /// Its status.
    pub status: StatusCode,
    /// The words behind the status: the server's own, else the usual ones.
    pub reason: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The content as it was sent; empty if it was not to be read.
    pub body: Vec<u8>,
    /// How long it took.
    pub phases: Phases,
    /// The server's certificate, if it was TLS.
    pub certificate: Option<Certificate>,
}

impl Answer {
    /// `HTTP/1.1 200 OK`; HTTP/2 has no words: `HTTP/2 200`.
    pub fn status_line(&self) -> String {
        self.first_line().trim_end().to_owned()
    }

    fn first_line(&self) -> String {
        let version = match self.version {
            Version::HTTP_2 => "HTTP/2".to_owned(),
            other => format!("{other:?}"),
        };
        format!("{version} {} {}", self.status.as_u16(), self.reason)
    }

    /// Bytes of the status line and the headers, as they are on the wire in HTTP/1.
    pub fn head_size(&self) -> usize {
        let fields = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
        // the status line always has a space before its words, even if there are none
        self.first_line().len() + 2 + fields.sum::<usize>() + 2
    }

    /// Bytes of the whole answer, head and content.
    pub fn size(&self) -> usize {
        self.head_size() + self.body.len()
    }

    /// A header as text, if it is there and printable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(HeaderValue::to_str).and_then(Result::ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_head_as_the_wire_has_it() {
        let mut headers = HeaderMap::new();
        headers.insert("server", HeaderValue::from_static("nginx"));
        let answer = Answer {
            url: Url::parse("http://a/").unwrap(),
            version: Version::HTTP_11,
            status: StatusCode::OK,
            reason: "Fine".to_owned(),
            headers,
            body: b"hello".to_vec(),
            phases: Phases::default(),
            certificate: None,
        };
        assert_eq!(answer.status_line(), "HTTP/1.1 200 Fine");
        assert_eq!(answer.size(), "HTTP/1.1 200 Fine\r\nserver: nginx\r\n\r\nhello".len());
        assert_eq!(answer.header("Server"), Some("nginx"));
    }
}
