//! Replies of SMTP, LMTP and FTP: three digits, and lines until one has a space behind them.

use std::fmt;

use crate::conversation::{Progress, excerpt, line};

/// Most lines of one reply that are kept; the limit of an answer's bytes comes on top.
const MAX_LINES: usize = 200;

/// A whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits; `None` if the first line has none: that is no such protocol.
    pub code: Option<u16>,
    /// The text of each line, without the digits.
    pub lines: Vec<String>,
}

impl Reply {
    /// Is it this kind: 2 done, 3 go on, 4 later, 5 no?
    pub fn is_class(&self, class: u16) -> bool {
        self.code.is_some_and(|code| code / 100 == class)
    }

    /// The words behind a keyword in an answer to EHLO (`AUTH` gives `PLAIN LOGIN`), if it is there.
    pub fn keyword(&self, keyword: &str) -> Option<&str> {
        self.lines.iter().skip(1).chain(self.lines.last()).find_map(|line| {
            let (word, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
            word.eq_ignore_ascii_case(keyword).then_some(rest)
        })
    }
}

/// Code and first line, as in `550 relay not permitted`, at most 80 characters.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = excerpt(self.lines.first().map_or(&[][..], |line| line.as_bytes()));
        match self.code {
            Some(code) if first.is_empty() => write!(f, "{code}"),
            Some(code) => write!(f, "{code} {first}"),
            None => f.write_str(&first),
        }
    }
}

/// Reads one reply. A line without digits makes it complete at once if it is the first; between
/// others it is text, as FTP servers send.
pub fn reply(bytes: &[u8]) -> Progress<Reply> {
    let mut reply = Reply { code: None, lines: Vec::new() };
    let mut used = 0;
    while let Progress::Done(text, length) = line(bytes.get(used..).unwrap_or_default()) {
        used += length;
        let parts = split(&text);
        match (reply.code, parts) {
            (None, None) => return Progress::Done(Reply { code: None, lines: vec![text] }, used),
            (None, Some((code, _, _))) => reply.code = Some(code),
            _ => {}
        }
        let (last, words) = match parts {
            Some((code, goes_on, words)) if reply.code == Some(code) => (!goes_on, words),
            _ => (false, text.as_str()),
        };
        if reply.lines.len() < MAX_LINES {
            reply.lines.push(words.to_owned());
        }
        if last {
            return Progress::Done(reply, used);
        }
    }
    Progress::More
}

/// Digits, whether more lines follow, and the text.
fn split(line: &str) -> Option<(u16, bool, &str)> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    match rest.bytes().next() {
        None => Some((code, false, "")),
        Some(b' ') => Some((code, false, rest.get(1..)?)),
        Some(b'-') => Some((code, true, rest.get(1..)?)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Reply {
        match reply(bytes) {
            Progress::Done(reply, used) => {
                assert_eq!(used, bytes.len());
                reply
            }
            Progress::More => panic!("{bytes:?} is incomplete"),
        }
    }

    #[test]
    fn reads_one_line_and_many() {
        assert_eq!(read(b"220 mx ESMTP\r\n").to_string(), "220 mx ESMTP");
        assert_eq!(read(b"354\r\n").to_string(), "354");
        let ehlo = read(b"250-mx\r\n250-AUTH PLAIN LOGIN\r\n250-SIZE 10\r\n250 STARTTLS\r\n");
        assert_eq!((ehlo.code, ehlo.lines.len()), (Some(250), 4));
        assert_eq!(ehlo.keyword("auth"), Some("PLAIN LOGIN"));
        assert_eq!(ehlo.keyword("starttls"), Some(""));
        assert_eq!(ehlo.keyword("DSN"), None);
        assert_eq!(read(b"250-mx\r\n250 AUTH=LOGIN\r\n").keyword("AUTH"), Some("LOGIN"));
        assert_eq!(reply(b"250-mx\r\n250-x\r\n"), Progress::More);
        assert!(ehlo.is_class(2) && !ehlo.is_class(5));
    }

    #[test]
    fn a_stranger_has_no_code() {
        for said in [&b"SSH-2.0-OpenSSH\r\n"[..], b"\r\n", b"22x\r\n", b"2200 x\n", "22é\n".as_bytes()] {
            assert_eq!(read(said).code, None, "{said:?}");
        }
    }

    proptest! {
        #[test]
        fn no_reply_makes_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Progress::Done(_, used) = reply(&noise) {
                prop_assert!(used <= noise.len());
            }
        }
    }
}
