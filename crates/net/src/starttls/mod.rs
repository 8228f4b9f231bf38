//! How each protocol is asked for TLS: one table of what is sent and how the answer reads.
//!
//! Read [`Starttls`] first. The readers are pure: they look at the bytes so far and say whether to
//! go on, wait or give up; [`Starttls::ask`] is the only one that does I/O.

mod replies;

use std::str::FromStr;

use check::{CheckError, Ctx};
use tokio::net::TcpStream;

use crate::conversation::{Conversation, Progress, TalkError};
use crate::{Stream, xmpp};

/// Looks at what has come so far.
type Reader = fn(&[u8]) -> Progress<Heard>;

/// How many bytes each reader of an answer takes, of those that it is content with.
pub(crate) fn taken(bytes: &[u8]) -> Vec<usize> {
    let readers: [Reader; 9] = [
        |bytes| replies::code(bytes, 220),
        replies::ehlo,
        replies::imap_greeting,
        replies::imap_tagged,
        replies::pop3,
        replies::postgres,
        replies::ldap,
        replies::xmpp_features,
        replies::xmpp_proceed,
    ];
    let read = readers.iter().map(|reader| reader(bytes));
    read.filter_map(|progress| match progress {
        Progress::Done(_, used) => Some(used),
        Progress::More => None,
    })
    .collect()
}

/// A protocol that can change to TLS in mid-conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starttls {
    /// RFC 3207.
    Smtp,
    /// RFC 2033 with RFC 3207: local delivery, which greets by LHLO.
    Lmtp,
    /// RFC 9051.
    Imap,
    /// RFC 2595.
    Pop3,
    /// RFC 4217.
    Ftp,
    /// RFC 4511.
    Ldap,
    /// PostgreSQL's own.
    Postgres,
    /// RFC 6120, as a client.
    Xmpp,
    /// RFC 6120, as another server.
    XmppServer,
}

/// Why there is no TLS to begin.
#[derive(Debug, thiserror::Error)]
pub enum StarttlsError {
    /// The peer fell silent, hung up, or said too much.
    #[error(transparent)]
    Talk(#[from] TalkError),
    /// It knows what was asked and does not offer it.
    #[error("{place}: no STARTTLS (its {expected}: {said})")]
    Refused {
        /// Whom we talked to.
        place: String,
        /// What should have come.
        expected: &'static str,
        /// Its words.
        said: String,
    },
    /// It speaks another protocol.
    #[error("{place}: expected {expected}, it said `{said}`")]
    Wrong {
        /// Whom we talked to.
        place: String,
        /// What should have come.
        expected: &'static str,
        /// What came.
        said: String,
    },
}

impl From<StarttlsError> for CheckError {
    fn from(error: StarttlsError) -> CheckError {
        match error {
            StarttlsError::Talk(error) => error.into(),
            other => CheckError::target(other),
        }
    }
}

/// What an answer means for the way to TLS.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// On to the next step.
    Go,
    /// The peer understands, and has no TLS for us; its words.
    Refused(String),
    /// Not this protocol; its words.
    Wrong(String),
}

/// One step: what is sent (`name` is the server's), what is expected, and how it reads.
struct Step {
    send: fn(name: &str) -> Vec<u8>,
    expected: &'static str,
    read: fn(&[u8]) -> Progress<Heard>,
}

impl Starttls {
    /// The names that users write, and their protocols.
    pub const NAMES: [(&'static str, Starttls); 9] = [
        ("smtp", Starttls::Smtp),
        ("lmtp", Starttls::Lmtp),
        ("imap", Starttls::Imap),
        ("pop3", Starttls::Pop3),
        ("ftp", Starttls::Ftp),
        ("ldap", Starttls::Ldap),
        ("postgres", Starttls::Postgres),
        ("xmpp", Starttls::Xmpp),
        ("xmpp-server", Starttls::XmppServer),
    ];

    /// The protocol's usual port.
    pub fn port(self) -> u16 {
        match self {
            Starttls::Smtp => 25,
            Starttls::Lmtp => 24,
            Starttls::Imap => 143,
            Starttls::Pop3 => 110,
            Starttls::Ftp => 21,
            Starttls::Ldap => 389,
            Starttls::Postgres => 5432,
            Starttls::Xmpp => 5222,
            Starttls::XmppServer => 5269,
        }
    }

    /// Asks for TLS, up to the moment at which the handshake starts. `name` is the server's, which
    /// XMPP wants to hear; `place` names it in messages.
    pub async fn ask(
        self,
        stream: TcpStream,
        name: &str,
        place: &str,
        ctx: &Ctx,
    ) -> Result<TcpStream, StarttlsError> {
        let mut conversation = Conversation::new(stream, place);
        for step in self.steps() {
            let sent = (step.send)(name);
            if !sent.is_empty() {
                conversation.send(&sent, step.expected, ctx).await?;
            }
            let place = || place.to_owned();
            match conversation.receive(step.expected, step.read, ctx).await? {
                Heard::Go => {}
                Heard::Refused(said) => {
                    return Err(StarttlsError::Refused { place: place(), expected: step.expected, said });
                }
                Heard::Wrong(said) => {
                    return Err(StarttlsError::Wrong { place: place(), expected: step.expected, said });
                }
            }
        }
        match conversation.into_stream()? {
            Stream::Plain(stream) => Ok(stream),
            Stream::Tls(_) => unreachable!("the conversation began without TLS"),
        }
    }

    /// The table.
    fn steps(self) -> &'static [Step] {
        match self {
            Starttls::Smtp => &[
                Step { send: nothing, expected: "SMTP greeting", read: |bytes| replies::code(bytes, 220) },
                Step {
                    send: |_| b"EHLO localhost\r\n".to_vec(),
                    expected: "answer to EHLO",
                    read: replies::ehlo,
                },
                Step {
                    send: |_| b"STARTTLS\r\n".to_vec(),
                    expected: "answer to STARTTLS",
                    read: |bytes| replies::code(bytes, 220),
                },
            ],
            Starttls::Lmtp => &[
                Step { send: nothing, expected: "LMTP greeting", read: |bytes| replies::code(bytes, 220) },
                Step {
                    send: |_| b"LHLO localhost\r\n".to_vec(),
                    expected: "answer to LHLO",
                    read: replies::ehlo,
                },
                Step {
                    send: |_| b"STARTTLS\r\n".to_vec(),
                    expected: "answer to STARTTLS",
                    read: |bytes| replies::code(bytes, 220),
                },
            ],
            Starttls::Imap => &[
                Step { send: nothing, expected: "IMAP greeting", read: replies::imap_greeting },
                Step {
                    send: |_| b"a1 STARTTLS\r\n".to_vec(),
                    expected: "answer to STARTTLS",
                    read: replies::imap_tagged,
                },
            ],
            Starttls::Pop3 => &[
                Step { send: nothing, expected: "POP3 greeting", read: replies::pop3 },
                Step { send: |_| b"STLS\r\n".to_vec(), expected: "answer to STLS", read: replies::pop3 },
            ],
            Starttls::Ftp => &[
                Step { send: nothing, expected: "FTP greeting", read: |bytes| replies::code(bytes, 220) },
                Step {
                    send: |_| b"AUTH TLS\r\n".to_vec(),
                    expected: "answer to AUTH TLS",
                    read: |bytes| replies::code(bytes, 234),
                },
            ],
            Starttls::Ldap => &[Step {
                send: |_| replies::LDAP_STARTTLS.to_vec(),
                expected: "answer to the LDAP request for TLS",
                read: replies::ldap,
            }],
            Starttls::Postgres => &[Step {
                send: |_| replies::POSTGRES_SSL.to_vec(),
                expected: "answer to the PostgreSQL request for TLS",
                read: replies::postgres,
            }],
            Starttls::Xmpp => &[
                Step {
                    send: |name| xmpp::open(name, xmpp::Side::Client),
                    expected: "XMPP stream features",
                    read: replies::xmpp_features,
                },
                Step {
                    send: |_| xmpp::STARTTLS.to_vec(),
                    expected: "XMPP go-ahead for TLS",
                    read: replies::xmpp_proceed,
                },
            ],
            Starttls::XmppServer => &[
                Step {
                    send: |name| xmpp::open(name, xmpp::Side::Server),
                    expected: "XMPP stream features",
                    read: replies::xmpp_features,
                },
                Step {
                    send: |_| xmpp::STARTTLS.to_vec(),
                    expected: "XMPP go-ahead for TLS",
                    read: replies::xmpp_proceed,
                },
            ],
        }
    }
}

impl FromStr for Starttls {
    type Err = String;

    fn from_str(text: &str) -> Result<Starttls, String> {
        let lower = text.to_ascii_lowercase();
        let found = Starttls::NAMES.into_iter().find(|(name, _)| *name == lower);
        found.map(|(_, protocol)| protocol).ok_or_else(|| {
            let names: Vec<&str> = Starttls::NAMES.iter().map(|(name, _)| *name).collect();
            format!("`{text}` has no STARTTLS known here: use {}", names.join(", "))
        })
    }
}

fn nothing(_: &str) -> Vec<u8> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Plays a server's whole side into the table, in pieces of every size.
    fn play(protocol: Starttls, answers: &[&[u8]]) -> Vec<Heard> {
        let mut heard = Vec::new();
        for (step, answer) in protocol.steps().iter().zip(answers) {
            for end in 1..answer.len() {
                assert_eq!((step.read)(&answer[..end]), Progress::More, "{protocol:?} {end} of {answer:?}");
            }
            match (step.read)(answer) {
                Progress::Done(what, used) => {
                    assert_eq!(used, answer.len());
                    heard.push(what);
                }
                Progress::More => panic!("{protocol:?} waits for more than {answer:?}"),
            }
        }
        heard
    }

    #[test]
    fn every_protocol_gets_to_tls() {
        let features: &[u8] = b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
        let proceed: &[u8] = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
        let cases: [(Starttls, &[&[u8]]); 9] = [
            (Starttls::Smtp, &[b"220 mx\r\n", b"250-mx\r\n250-SIZE 1\r\n250 STARTTLS\r\n", b"220 go\r\n"]),
            (Starttls::Lmtp, &[b"220-mx\r\n220 more\r\n", b"250 starttls\r\n", b"220 go\r\n"]),
            (Starttls::Imap, &[b"* OK [CAPABILITY IMAP4rev1] hi\r\n", b"* x\r\na1 OK begin\r\n"]),
            (Starttls::Pop3, &[b"+OK hi\r\n", b"+OK begin\r\n"]),
            (Starttls::Ftp, &[b"220-a\r\n b\r\n220 c\r\n", b"234 go\r\n"]),
            (Starttls::Ldap, &[&[0x30, 0x0c, 2, 1, 1, 0x78, 7, 10, 1, 0, 4, 0, 4, 0]]),
            (Starttls::Postgres, &[b"S"]),
            (Starttls::Xmpp, &[features, proceed]),
            (Starttls::XmppServer, &[features, proceed]),
        ];
        for (protocol, answers) in cases {
            assert_eq!(answers.len(), protocol.steps().len(), "{protocol:?}");
            assert!(play(protocol, answers).iter().all(|heard| *heard == Heard::Go), "{protocol:?}");
        }
    }

    #[test]
    fn refusals_are_no_strangers() {
        let last = |protocol: Starttls, answers: &[&[u8]]| play(protocol, answers).pop().unwrap();
        let refused = |text: &str| Heard::Refused(text.to_owned());
        assert!(matches!(last(Starttls::Smtp, &[b"220 mx\r\n", b"250 mx\r\n"]), Heard::Refused(_)));
        assert_eq!(last(Starttls::Smtp, &[b"554 no\r\n"]), refused("554 no"));
        assert_eq!(last(Starttls::Imap, &[b"* OK\r\n", b"a1 BAD what\r\n"]), refused("a1 BAD what"));
        assert_eq!(last(Starttls::Pop3, &[b"+OK\r\n", b"-ERR what\r\n"]), refused("-ERR what"));
        assert_eq!(last(Starttls::Ftp, &[b"220 a\r\n", b"530 no\r\n"]), refused("530 no"));
        assert_eq!(last(Starttls::Postgres, &[b"N"]), refused("N"));
        let ldap: &[u8] = &[0x30, 0x0c, 2, 1, 1, 0x78, 7, 10, 1, 52, 4, 0, 4, 0];
        assert_eq!(last(Starttls::Ldap, &[ldap]), refused("LDAP result 52"));
        assert!(matches!(last(Starttls::Imap, &[b"220 mx\r\n"]), Heard::Wrong(_)));
        assert!(matches!(last(Starttls::Smtp, &[b"SSH-2.0-x\r\n"]), Heard::Wrong(_)));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            for (_, protocol) in Starttls::NAMES {
                for step in protocol.steps() {
                    if let Progress::Done(_, used) = (step.read)(&noise) {
                        prop_assert!(used <= noise.len());
                    }
                }
            }
        }
    }

    #[test]
    fn names_are_read_in_any_case() {
        assert_eq!("IMAP".parse(), Ok(Starttls::Imap));
        assert!("imaps".parse::<Starttls>().unwrap_err().contains("pop3"));
    }
}
