//! A hello written by hand, to learn what a server speaks that the TLS library does not: which old
//! version and cipher it would take, and its certificate, which goes in the clear before TLS 1.3.
//! The handshake ends there; nothing is ever sent on such a connection.

use check::Ctx;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::certificate::Certificate;
use super::client::{TlsError, read_chain};
use super::version::{Version, alert_name, cipher_name};
use crate::conversation::{in_time, opening};

/// Most bytes of the server's first flight that are read: a hello and a chain.
const MAX_FLIGHT: usize = 128 * 1024;

/// Every cipher suite that servers of the last twenty years are likely to have, best first, and the
/// signal that says "no renegotiation" (RFC 5746).
const CIPHERS: &[u16] = &[
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009e, 0x009f, 0xccaa, 0xc0ac, 0xc0ad, 0xc023, 0xc027,
    0xc024, 0xc028, 0xc009, 0xc013, 0xc00a, 0xc014, 0x0067, 0x006b, 0x0033, 0x0039, 0x009c, 0x009d, 0xc09c,
    0xc09d, 0x003c, 0x003d, 0x002f, 0x0035, 0x0041, 0x0084, 0x0045, 0x0088, 0x0096, 0x0007, 0xc008, 0xc012,
    0x0016, 0x000a, 0xc007, 0xc011, 0x0005, 0x0004, 0x0032, 0x0038, 0x0013, 0x0015, 0x0009, 0x00ff,
];

/// What a server would agree to.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Its choice, at most the version asked for.
    pub version: Version,
    /// Its choice of cipher suite.
    pub cipher: String,
    /// The chain it sent, if any of it can be read.
    pub chain: Vec<Certificate>,
}

/// Says hello as a client whose newest version is `newest` (TLS 1.2 at most), and hears the answer
/// out. A version that the server refuses is [`TlsError::Alert`] or [`TlsError::Closed`].
pub async fn probe(mut stream: TcpStream, name: &str, newest: Version, ctx: &Ctx) -> Result<Offer, TlsError> {
    let mut random = [0_u8; 32];
    let provider = rustls::crypto::ring::default_provider();
    provider
        .secure_random
        .fill(&mut random)
        .map_err(|_| TlsError::Failed("the system has no random numbers".to_owned()))?;
    let hello = hello(name, newest.min(Version::Tls12), random);
    let asking = async {
        stream.write_all(&hello).await?;
        let mut flight = Vec::new();
        let mut buffer = [0_u8; 2048];
        loop {
            if let Some(answer) = answer(&flight) {
                return Ok(answer);
            }
            match stream.read(&mut buffer).await? {
                0 => return Ok(Answer::Closed),
                _ if flight.len() > MAX_FLIGHT => return Ok(Answer::Nonsense),
                read => flight.extend_from_slice(&buffer[..read]),
            }
        }
    };
    let heard: std::io::Result<Answer> = in_time(asking, ctx)
        .await
        .ok_or_else(|| TlsError::TimedOut(ctx.timeout.as_secs_f64().to_string()))?;
    match heard {
        Ok(Answer::Hello { version, cipher, chain }) => Ok(Offer {
            version,
            cipher: cipher_name(cipher),
            chain: read_chain(chain.into_iter().map(CertificateDer::from)).unwrap_or_default(),
        }),
        Ok(Answer::Alert(number)) => Err(TlsError::Alert(alert_name(number))),
        Ok(Answer::NotTls(said)) => Err(TlsError::NotTls(opening(&said))),
        Ok(Answer::Nonsense) => Err(TlsError::Failed("its answer to a hello makes no sense".to_owned())),
        Ok(Answer::Closed) | Err(_) => Err(TlsError::Closed),
    }
}

/// A server's first flight, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Hello { version: Version, cipher: u16, chain: Vec<Vec<u8>> },
    Alert(u8),
    NotTls(Vec<u8>),
    Nonsense,
    Closed,
}

/// The answer, once there is enough of it: hello and certificates, or that they do not come.
fn answer(flight: &[u8]) -> Option<Answer> {
    let mut messages = Vec::new();
    let mut rest = Reader(flight);
    while let Some(kind) = rest.u8() {
        if !(20..=23).contains(&kind) || rest.0.first().is_some_and(|major| *major != 3) {
            return Some(if messages.is_empty() {
                Answer::NotTls(flight.to_vec())
            } else {
                Answer::Nonsense
            });
        }
        let record = rest.u16().and_then(|_| rest.u16()).and_then(|length| rest.take(usize::from(length)));
        let Some(record) = record else { break };
        match (kind, record) {
            // warnings, such as "unrecognised name", do not end a handshake
            (21, [1, number, ..]) if *number != 0 => {}
            (21, [_, number, ..]) => return Some(understood(&messages).unwrap_or(Answer::Alert(*number))),
            (22, record) => messages.extend_from_slice(record),
            _ => return Some(Answer::Nonsense),
        }
    }
    understood(&messages).filter(|answer| match answer {
        // wait for the chain: a suite that has one sends it next
        Answer::Hello { chain, .. } => !chain.is_empty() || has_ended(&messages),
        _ => true,
    })
}

/// Does this much of a first flight say what the server wants?
pub(crate) fn understands(flight: &[u8]) -> bool {
    answer(flight).is_some()
}

/// Hello and certificates from handshake messages, as far as they are complete.
fn understood(messages: &[u8]) -> Option<Answer> {
    let mut hello = None;
    let mut chain = Vec::new();
    for (kind, body) in handshakes(messages) {
        match (kind, &hello) {
            (2, None) => match server_hello(body) {
                Some(found) => hello = Some(found),
                None => return Some(Answer::Nonsense),
            },
            (_, None) => return Some(Answer::Nonsense),
            (11, Some(_)) => chain = certificates(body),
            _ => {}
        }
    }
    let (version, cipher) = hello?;
    Some(Answer::Hello { version, cipher, chain })
}

/// Has the server finished its flight, or sent another message than certificates after its hello?
fn has_ended(messages: &[u8]) -> bool {
    handshakes(messages).any(|(kind, _)| kind != 2)
}

/// Complete handshake messages: type and body.
fn handshakes(messages: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = Reader(messages);
    std::iter::from_fn(move || {
        let kind = rest.u8()?;
        let length = rest.u24()?;
        Some((kind, rest.take(length)?))
    })
}

fn server_hello(body: &[u8]) -> Option<(Version, u16)> {
    let mut body = Reader(body);
    let version = Version::from_wire(body.u16()?)?;
    body.take(32)?;
    let session = body.u8()?;
    body.take(usize::from(session))?;
    Some((version, body.u16()?))
}

fn certificates(body: &[u8]) -> Vec<Vec<u8>> {
    let mut list = Reader(body);
    list.u24();
    std::iter::from_fn(|| {
        let length = list.u24()?;
        list.take(length).map(<[u8]>::to_vec)
    })
    .collect()
}

/// Takes numbers and bytes off the front, or nothing.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn u24(&mut self) -> Option<usize> {
        let [a, b, c] = self.take(3)?.try_into().ok()?;
        Some(u32::from_be_bytes([0, a, b, c]) as usize)
    }
}

/// The hello's record.
fn hello(name: &str, newest: Version, random: [u8; 32]) -> Vec<u8> {
    let mut body = newest.wire().to_be_bytes().to_vec();
    body.extend(random);
    body.push(0); // no session
    vector(&mut body, &words(CIPHERS));
    body.extend([1, 0]); // no compression
    if newest > Version::Ssl3 {
        vector(&mut body, &extensions(name, newest));
    }
    let mut message = vec![1];
    message.extend(&u32::try_from(body.len()).unwrap_or_default().to_be_bytes()[1..]);
    message.extend(body);
    let mut record = vec![22];
    record.extend(newest.min(Version::Tls10).wire().to_be_bytes());
    vector(&mut record, &message);
    record
}

fn extensions(name: &str, newest: Version) -> Vec<u8> {
    let mut all = Vec::new();
    let mut extension = |number: u16, content: &[u8]| {
        all.extend(number.to_be_bytes());
        vector(&mut all, content);
    };
    if let Ok(ServerName::DnsName(name)) = ServerName::try_from(name) {
        let mut entry = vec![0];
        vector(&mut entry, name.as_ref().as_bytes());
        let mut list = Vec::new();
        vector(&mut list, &entry);
        extension(0, &list);
    }
    // x25519, P-256, P-384, P-521, then what old servers have; uncompressed points
    let groups = words(&[0x001d, 0x0017, 0x0018, 0x0019, 0x0016, 0x0015, 0x0013, 0x0100]);
    let mut list = Vec::new();
    vector(&mut list, &groups);
    extension(10, &list);
    extension(11, &[1, 0]);
    if newest >= Version::Tls12 {
        let schemes = words(&[
            0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0807, 0x0808, 0x0401, 0x0501, 0x0601, 0x0303,
            0x0301, 0x0203, 0x0201, 0x0402, 0x0202,
        ]);
        let mut list = Vec::new();
        vector(&mut list, &schemes);
        extension(13, &list);
    }
    extension(23, &[]); // extended master secret
    all
}

/// Appends content behind its length in two bytes. All of ours are far shorter than 64 KiB.
fn vector(to: &mut Vec<u8>, content: &[u8]) {
    to.extend(u16::try_from(content.len()).unwrap_or_default().to_be_bytes());
    to.extend(content);
}

fn words(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 3, 1];
        vector(&mut record, content);
        record
    }

    fn flight(version: u16, certificate: &[u8]) -> Vec<u8> {
        let mut hello = version.to_be_bytes().to_vec();
        hello.extend([7; 32]);
        hello.extend([0, 0x00, 0x2f, 0]);
        let mut messages = vec![2, 0, 0, u8::try_from(hello.len()).unwrap()];
        messages.extend(hello);
        let length = u8::try_from(certificate.len()).unwrap();
        messages.extend([11, 0, 0, length + 6, 0, 0, length + 3, 0, 0, length]);
        messages.extend(certificate);
        record(22, &messages)
    }

    #[test]
    fn reads_version_cipher_and_chain_in_any_pieces() {
        let whole = flight(0x0301, b"cert");
        let want = Answer::Hello { version: Version::Tls10, cipher: 0x2f, chain: vec![b"cert".to_vec()] };
        assert_eq!(answer(&whole), Some(want.clone()));
        for end in 0..whole.len() {
            assert_eq!(answer(&whole[..end]), None, "{end}");
        }
        // messages split over records
        let mut split = Vec::new();
        for byte in &whole[5..] {
            split.extend(record(22, &[*byte]));
        }
        assert_eq!(answer(&split), Some(want));
    }

    #[test]
    fn refusals_and_strangers_are_told_apart() {
        assert_eq!(answer(&record(21, &[2, 70])), Some(Answer::Alert(70)));
        assert_eq!(answer(&record(21, &[1, 112])), None, "a warning is no refusal");
        assert_eq!(answer(b"220 mail"), Some(Answer::NotTls(b"220 mail".to_vec())));
        assert_eq!(answer(&flight(0x9999, b"")), Some(Answer::Nonsense));
        assert_eq!(answer(&record(22, &[11, 0, 0, 0])), Some(Answer::Nonsense));
    }

    #[test]
    fn the_hello_is_well_formed() {
        for newest in [Version::Ssl3, Version::Tls10, Version::Tls12] {
            let hello = hello("mx.example.org", newest, [9; 32]);
            let mut rest = Reader(&hello);
            assert_eq!((rest.u8(), rest.u16()), (Some(22), Some(newest.wire().min(0x0301))));
            let length = rest.u16().unwrap();
            assert_eq!(usize::from(length), rest.0.len());
            let (kind, body) = handshakes(rest.0).next().unwrap();
            assert_eq!((kind, body.len() + 4), (1, rest.0.len()));
            let named = hello.windows(14).any(|window| window == b"mx.example.org");
            assert_eq!(named, newest > Version::Ssl3);
        }
        assert!(!hello("127.0.0.1", Version::Tls12, [9; 32]).windows(9).any(|w| w == b"127.0.0.1"));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..300, with: u8) {
            let _ = answer(&noise);
            let _ = answer(&record(22, &noise));
            let mut bent = flight(0x0303, &noise[..noise.len().min(40)]);
            let at = at % bent.len();
            bent[at] = with;
            let _ = answer(&bent);
        }
    }
}
