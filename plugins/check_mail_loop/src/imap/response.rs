//! Responses of IMAP (RFC 9051): a line, and literals of a stated length within it, pure.

use net::Progress;

/// Longest literal taken: a header, and what a server sends unasked.
const MAX_LITERAL: usize = 48 * 1024;

/// One response, from `*`, `+` or a tag to the end of its last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The line, without its literals.
    pub text: String,
    /// They, in order.
    pub literals: Vec<Vec<u8>>,
}

/// A literal that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sends {0} bytes in one piece")]
pub struct TooLong(pub usize);

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// Refused.
    No,
    /// Not understood.
    Bad,
}

/// Reads one response.
pub fn response(bytes: &[u8]) -> Progress<Result<Response, TooLong>> {
    let mut response = Response { text: String::new(), literals: Vec::new() };
    let mut used = 0;
    loop {
        let rest = bytes.get(used..).unwrap_or_default();
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { return Progress::More };
        let line = rest.get(..end).unwrap_or_default();
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
        used += end + 1;
        response.text.push_str(&line);
        let Some(length) = literal(&line) else { return Progress::Done(Ok(response), used) };
        if length > MAX_LITERAL {
            return Progress::Done(Err(TooLong(length)), used);
        }
        let Some(data) = bytes.get(used..used + length) else { return Progress::More };
        response.literals.push(data.to_vec());
        used += length;
    }
}

impl Response {
    /// Does it end the command with this tag, how, and in which words?
    pub fn ends(&self, tag: &str) -> Option<(Status, &str)> {
        let rest = self.text.strip_prefix(tag)?.strip_prefix(' ')?;
        let (status, words) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = match status.to_ascii_uppercase().as_str() {
            "OK" => Status::Ok,
            "NO" => Status::No,
            _ => Status::Bad,
        };
        Some((status, words))
    }

    /// The words of a server that hangs up.
    pub fn goodbye(&self) -> Option<&str> {
        self.text.strip_prefix("* BYE").map(str::trim)
    }

    /// The numbers of an answer to a search.
    pub fn found(&self) -> Option<Vec<u32>> {
        let numbers = self.text.strip_prefix("* SEARCH")?;
        Some(numbers.split_whitespace().filter_map(|number| number.parse().ok()).collect())
    }
}

/// The length in a line that ends in `{42}`.
fn literal(line: &str) -> Option<usize> {
    let (_, length) = line.strip_suffix('}')?.rsplit_once('{')?;
    length.bytes().all(|byte| byte.is_ascii_digit()).then(|| length.parse().unwrap_or(usize::MAX))
}

/// A string as it stands in a command; `None` if it can only be sent otherwise.
pub fn quoted(text: &str) -> Option<String> {
    let fits = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_control());
    fits.then(|| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Response {
        match response(bytes) {
            Progress::Done(Ok(response), used) => {
                assert_eq!(used, bytes.len());
                response
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_lines_and_literals() {
        let fetch = read(b"* 1 FETCH (UID 5 BODY[HEADER]<0> {6}\r\na\r\nb\r\n FLAGS {0}\r\n)\r\n");
        assert_eq!(fetch.literals, [b"a\r\nb\r\n".to_vec(), vec![]]);
        assert!(fetch.text.ends_with("{6} FLAGS {0})"), "{}", fetch.text);
        assert_eq!(response(b"* 1 FETCH {5}\r\nab"), Progress::More);
        assert_eq!(response(b"* x {99999999999999999999}\r\n"), Progress::Done(Err(TooLong(usize::MAX)), 28));
        assert_eq!(read(b"* SEARCH 3 4\r\n").found(), Some(vec![3, 4]));
        assert_eq!(read(b"* SEARCH\r\n").found(), Some(vec![]));
        assert_eq!(read(b"* BYE too many\r\n").goodbye(), Some("too many"));
        assert_eq!(read(b"a1 OK [X] done\r\n").ends("a1"), Some((Status::Ok, "[X] done")));
        assert_eq!(read(b"a1 no\r\n").ends("a1"), Some((Status::No, "")));
        assert_eq!(read(b"a11 OK\r\n").ends("a1"), None);
    }

    #[test]
    fn quotes_what_can_be_quoted() {
        assert_eq!(quoted("a b\"\\").as_deref(), Some("\"a b\\\"\\\\\""));
        for other in ["é", "a\r\nb"] {
            assert_eq!(quoted(other), None);
        }
    }

    proptest! {
        #[test]
        fn no_response_makes_it_panic(text in "([*]|a1|OK| |[{]|[}]|[0-9]|\r|\n|SEARCH|\\PC){0,60}") {
            if let Progress::Done(read, used) = response(text.as_bytes()) {
                prop_assert!(used <= text.len());
                if let Ok(read) = read {
                    let _ = (read.ends("a1"), read.found(), read.goodbye());
                }
            }
        }
    }
}
