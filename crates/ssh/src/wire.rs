//! What a server sends before the key exchange (RFC 4253): its version, then its algorithms in the
//! clear. Pure; every length is checked.

use net::Progress;

use crate::Algorithms;

/// Longest version line, line break included (RFC 4253, 4.2).
const MAX_VERSION: usize = 255;

/// Longest packet that an implementation must take (RFC 4253, 6.1).
const MAX_PACKET: usize = 35_000;

/// Longest name of an algorithm (RFC 4251, 6).
const MAX_NAME: usize = 64;

const DISCONNECT: u8 = 1;
const KEXINIT: u8 = 20;

/// The line by which a server introduces itself: `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// `2.0`, or `1.99` for one that speaks SSH 1 too.
    pub protocol: String,
    /// Software and comment: `OpenSSH_9.2p1 Debian-2+deb12u7`.
    pub software: String,
}

/// Why something is not SSH.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Lines that may come first, but no version.
    #[error("it does not speak SSH, it said `{0}`")]
    NoVersion(String),
    /// `SSH-`, and then not what must follow.
    #[error("its version `{0}` is no version of SSH")]
    Version(String),
    /// A packet that cannot be.
    #[error("its list of algorithms is broken: {0}")]
    Packet(&'static str),
}

/// One packet in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// SSH_MSG_KEXINIT.
    Algorithms(Box<Algorithms>),
    /// SSH_MSG_DISCONNECT, with the server's words.
    Disconnect(String),
    /// Any other (SSH_MSG_IGNORE, SSH_MSG_DEBUG), by its number.
    Other(u8),
}

/// Reads the version line, passing over lines before it, which a server may send.
pub fn version(bytes: &[u8]) -> Progress<Result<Version, Malformed>> {
    let mut from = 0;
    loop {
        let rest = bytes.get(from..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n');
        if rest.starts_with(b"SSH-") {
            return match end {
                Some(end) if end < MAX_VERSION => {
                    let line = rest.get(..end).unwrap_or_default();
                    Progress::Done(split_version(line), from + end + 1)
                }
                None if rest.len() <= MAX_VERSION => Progress::More,
                _ => Progress::Done(Err(Malformed::Version(net::excerpt(rest))), bytes.len()),
            };
        }
        match end {
            Some(end) => from += end + 1,
            None => return Progress::More,
        }
    }
}

fn split_version(line: &[u8]) -> Result<Version, Malformed> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let bad = || Malformed::Version(net::excerpt(line));
    let text = std::str::from_utf8(line).map_err(|_| bad())?;
    if text.chars().any(char::is_control) {
        return Err(bad());
    }
    let (protocol, software) =
        text.strip_prefix("SSH-").and_then(|rest| rest.split_once('-')).ok_or_else(bad)?;
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    if protocol.is_empty() || !protocol.chars().all(is_number) || software.is_empty() {
        return Err(bad());
    }
    Ok(Version { protocol: protocol.to_owned(), software: software.to_owned() })
}

/// Reads one packet.
pub fn message(bytes: &[u8]) -> Progress<Result<Message, Malformed>> {
    let mut fields = Fields(bytes);
    let Some(length) = fields.number() else { return Progress::More };
    // padding length, at least a type, at least four bytes of padding
    if !(6..=MAX_PACKET).contains(&length) {
        return Progress::Done(Err(Malformed::Packet("a length that no packet has")), bytes.len());
    }
    let Some(packet) = fields.take(length) else { return Progress::More };
    Progress::Done(payload(packet).and_then(read_message), 4 + length)
}

fn payload(packet: &[u8]) -> Result<&[u8], Malformed> {
    let (padding, rest) = packet.split_first().ok_or(Malformed::Packet("no padding"))?;
    let end = rest.len().checked_sub(usize::from(*padding));
    end.and_then(|end| rest.get(..end)).ok_or(Malformed::Packet("more padding than packet"))
}

fn read_message(payload: &[u8]) -> Result<Message, Malformed> {
    let (kind, rest) = payload.split_first().ok_or(Malformed::Packet("an empty packet"))?;
    let mut fields = Fields(rest);
    match *kind {
        KEXINIT => {
            let short = Malformed::Packet("it ends too early");
            fields.take(16).ok_or(short.clone())?;
            let mut lists: [Vec<String>; 10] = Default::default();
            for list in &mut lists {
                *list = names(fields.string().ok_or(short.clone())?)?;
            }
            // first_kex_packet_follows, and four bytes for later
            fields.take(5).ok_or(short)?;
            Ok(Message::Algorithms(Box::new(Algorithms::of(lists))))
        }
        DISCONNECT => {
            let words = fields.number().and_then(|_| fields.string()).unwrap_or_default();
            Ok(Message::Disconnect(net::excerpt(words)))
        }
        other => Ok(Message::Other(other)),
    }
}

/// A name-list: printable ASCII between commas.
fn names(list: &[u8]) -> Result<Vec<String>, Malformed> {
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let name = |name: &[u8]| {
        let fits = !name.is_empty() && name.len() <= MAX_NAME && name.iter().all(u8::is_ascii_graphic);
        let text = fits.then(|| String::from_utf8_lossy(name).into_owned());
        text.ok_or(Malformed::Packet("a name that no algorithm can have"))
    };
    list.split(|byte| *byte == b',').map(name).collect()
}

/// The type at the start of a public key, as it is in a host key: `ssh-ed25519`.
pub(crate) fn key_type(blob: &[u8]) -> Option<&str> {
    Fields(blob).string().and_then(|name| std::str::from_utf8(name).ok())
}

/// The fields of a message, each with a length before it (RFC 4251, 5).
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<usize> {
        let bytes = self.take(4)?;
        usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn string(text: &str) -> Vec<u8> {
        let mut bytes = u32::try_from(text.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(text.as_bytes());
        bytes
    }

    pub(crate) fn packet(payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(1 + payload.len() + 4).unwrap();
        [&length.to_be_bytes()[..], &[4], payload, &[0; 4]].concat()
    }

    fn kexinit(lists: [&str; 10]) -> Vec<u8> {
        let mut payload = vec![KEXINIT];
        payload.extend([7; 16]);
        for list in lists {
            payload.extend(string(list));
        }
        payload.extend([0; 5]);
        payload
    }

    #[test]
    fn versions_may_have_lines_before_them() {
        let want = Version { protocol: "2.0".to_owned(), software: "OpenSSH_9.2p1 Debian-2".to_owned() };
        let text = b"hello\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2\r\nrest";
        assert_eq!(version(text), Progress::Done(Ok(want), text.len() - 4));
        assert_eq!(version(b"SSH-2.0-x"), Progress::More);
        assert_eq!(version(b"220 mail\r\n"), Progress::More);
        for bad in ["SSH-\n", "SSH-2.0\n", "SSH-2.0-\n", "SSH-two-x\n", "SSH-2.0-\x1b[1m\n", "SSH--x\n"] {
            assert!(
                matches!(version(bad.as_bytes()), Progress::Done(Err(Malformed::Version(_)), _)),
                "{bad}"
            );
        }
        let long = format!("SSH-2.0-{}\n", "x".repeat(300));
        assert!(matches!(version(long.as_bytes()), Progress::Done(Err(Malformed::Version(_)), _)));
        assert!(matches!(version(&long.as_bytes()[..290]), Progress::Done(Err(Malformed::Version(_)), _)));
    }

    #[test]
    fn algorithms_are_read_by_their_place() {
        let bytes = packet(&kexinit(["k1,k2", "h", "c", "d,e", "m", "n", "none", "zlib", "", ""]));
        for end in 0..bytes.len() {
            assert_eq!(message(&bytes[..end]), Progress::More);
        }
        let Progress::Done(Ok(Message::Algorithms(found)), used) = message(&bytes) else { panic!() };
        assert_eq!(used, bytes.len());
        let all: Vec<String> = found.all().iter().map(|(kind, name)| format!("{kind} {name}")).collect();
        assert_eq!(
            all,
            [
                "key exchange k1",
                "key exchange k2",
                "host key h",
                "cipher c",
                "cipher d",
                "cipher e",
                "MAC m",
                "MAC n",
                "compression none",
                "compression zlib"
            ]
        );
    }

    #[test]
    fn other_packets_and_broken_ones() {
        let disconnect = [&[DISCONNECT, 0, 0, 0, 12][..], &string("too many\n"), &string("")].concat();
        assert_eq!(
            message(&packet(&disconnect)),
            Progress::Done(Ok(Message::Disconnect("too many".to_owned())), 4 + 5 + disconnect.len())
        );
        assert!(matches!(message(&packet(&[2, 0])), Progress::Done(Ok(Message::Other(2)), _)));
        for bad in [
            &[0, 0, 0, 1, 0][..],
            &[0xff; 8],
            &[0, 0, 0, 6, 200, 20, 0, 0, 0, 0],
            &packet(&[KEXINIT]),
            &packet(&kexinit(["a b", "", "", "", "", "", "", "", "", ""])),
            &packet(&kexinit(["a,,b", "", "", "", "", "", "", "", "", ""])),
            &packet(&kexinit([&"x".repeat(65), "", "", "", "", "", "", "", "", ""])),
        ] {
            assert!(matches!(message(bad), Progress::Done(Err(Malformed::Packet(_)), _)), "{bad:?}");
        }
        assert_eq!(key_type(&string("ssh-ed25519")), Some("ssh-ed25519"));
        assert_eq!(key_type(&[0, 0, 0, 9, b'x']), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = version(&noise);
            let _ = message(&noise);
            let _ = message(&packet(&noise));
            let _ = message(&packet(&[&[KEXINIT][..], &noise].concat()));
        }
    }
}
