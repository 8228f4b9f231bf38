//! A way through an HTTP proxy: CONNECT (RFC 9110, section 9.3.6), with the name for it to resolve.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use check::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::dial::target;
use crate::excerpt;

/// Longest head of a proxy's answer; what is longer is no answer to CONNECT.
const MAX_HEAD: usize = 16 * 1024;

/// Asks the proxy behind `socket` for a connection to `host:port`; what follows its answer is left
/// unread. The deadline is the caller's.
pub(crate) async fn tunnel(
    mut socket: TcpStream,
    host: &str,
    port: u16,
    account: Option<(&str, Option<&Secret>)>,
) -> Result<TcpStream, String> {
    if host.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("that is no name of a host".to_owned());
    }
    let place = target(host, port);
    let login = account.map(|(user, password)| {
        let both = format!("{user}:{}", password.map_or("", Secret::expose));
        format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(both))
    });
    let login = login.unwrap_or_default();
    let request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{login}\r\n");
    socket.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut head = Vec::new();
    // one by one: what comes next is the server's, and not ours to read
    while !is_complete(&head) {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) if head.is_empty() => return Err("the proxy closed the connection".to_owned()),
            Err(_) => break,
        }
        if head.len() >= MAX_HEAD {
            break;
        }
    }
    granted(&head, account.is_some()).map(|()| socket)
}

fn is_complete(head: &[u8]) -> bool {
    head.ends_with(b"\r\n\r\n") || head.ends_with(b"\n\n")
}

/// Does this answer open the tunnel? If not, why.
pub(crate) fn granted(head: &[u8], with_account: bool) -> Result<(), String> {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let code = line.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(1..)).and_then(|rest| match rest {
        [b' ', code @ ..] => code.get(..3),
        _ => None,
    });
    match code {
        Some([b'2', a, b]) if is_complete(head) && a.is_ascii_digit() && b.is_ascii_digit() => Ok(()),
        Some(b"407") if with_account => Err("the proxy refuses the user or the password".to_owned()),
        Some(b"407") => Err("the proxy wants a user and a password".to_owned()),
        Some(code) if code.iter().all(u8::is_ascii_digit) => {
            Err(format!("the proxy answers `{}`", excerpt(line)))
        }
        _ => Err(format!("the proxy does not speak HTTP, it said `{}`", excerpt(line))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_whole_answer_that_says_yes_opens_the_way() {
        assert_eq!(granted(b"HTTP/1.1 200 Connection established\r\n\r\n", false), Ok(()));
        assert_eq!(granted(b"HTTP/1.0 204\n\n", false), Ok(()));
        for (head, account, why) in [
            (&b"HTTP/1.1 200 OK\r\n"[..], false, "answers `HTTP/1.1 200 OK`"),
            (b"HTTP/1.1 407 x\r\n\r\n", false, "wants a user"),
            (b"HTTP/1.1 407 x\r\n\r\n", true, "refuses the user"),
            (b"HTTP/1.1 403 Forbidden\r\nX: y\r\n\r\n", false, "answers `HTTP/1.1 403 Forbidden`"),
            (b"HTTP/1.1 2x0\r\n\r\n", false, "no HTTP"),
            (b"220 mail\r\n\r\n", false, "does not speak HTTP, it said `220 mail`"),
            (b"", false, "does not speak HTTP"),
        ] {
            let error = granted(head, account).unwrap_err();
            assert!(error.contains(why) || why == "no HTTP", "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = granted(&noise, false);
            let _ = granted(&[&b"HTTP/1."[..], &noise].concat(), true);
        }
    }
}
