//! One EAP conversation, the server's side; no sockets, no RADIUS.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use openssl::ssl::SslContext;

use super::fault::{Fault, MalformedEap, Phase, Resumption};
use super::inner::{Inner, Peap, Said, Ttls};
use super::settings::{PEAP, RadiusMock, TTLS};
use super::tls::{Received, Tunnel};
use super::wire::random;

const REQUEST: u8 = 1;
const RESPONSE: u8 = 2;
const SUCCESS: u8 = 3;
const FAILURE: u8 = 4;
const IDENTITY: u8 = 1;
const NAK: u8 = 3;
const START: u8 = 0x20;

/// What all conversations of a server have in common.
pub(super) struct Shared {
    pub mock: RadiusMock,
    pub context: SslContext,
    /// Whose login a TLS session followed, by its secret.
    pub logged_in: Mutex<HashMap<Vec<u8>, String>>,
}

/// What the server answers.
pub(super) enum Step {
    /// An EAP request.
    Challenge(Vec<u8>),
    /// EAP-Success, the Master Session Key, the inner identity.
    Accept { eap: Vec<u8>, keys: [u8; 64], user: String },
    /// EAP-Failure.
    Reject(Vec<u8>),
    /// What it got is no answer.
    Ignore,
}

/// A conversation as far as it has come.
pub(super) struct Conversation {
    shared: Arc<Shared>,
    /// The outer identity.
    pub outer: String,
    identifier: u8,
    stage: Stage,
    malformed: Option<MalformedEap>,
    /// Was a TLS session resumed? None before TLS is complete.
    pub resumed: Option<bool>,
}

enum Stage {
    Identity,
    Proposed(u8),
    Handshake(u8, Tunnel),
    Inner(u8, Tunnel, Inner),
    /// What is left to be sent, and then EAP-Failure.
    Failed(u8, Tunnel),
    Endless,
}

impl Conversation {
    pub fn new(shared: &Arc<Shared>) -> Conversation {
        let malformed = shared.mock.find(|fault| match fault {
            Fault::MalformedEap(how) => Some(*how),
            _ => None,
        });
        let [identifier] = random();
        let shared = Arc::clone(shared);
        Conversation {
            shared,
            outer: String::new(),
            identifier,
            stage: Stage::Identity,
            malformed,
            resumed: None,
        }
    }

    /// How far it has come before the next request.
    pub fn phase(&self) -> Phase {
        match &self.stage {
            Stage::Identity => Phase::Identity,
            Stage::Proposed(_) | Stage::Endless => Phase::Hello,
            Stage::Handshake(..) | Stage::Failed(..) => Phase::Certificate,
            Stage::Inner(_, _, inner) if inner.is_decided() => Phase::Result,
            Stage::Inner(..) => Phase::Inner,
        }
    }

    /// The inner identity, once it is known.
    pub fn user(&self) -> Option<&str> {
        match &self.stage {
            Stage::Inner(_, _, inner) => Some(inner.user()).filter(|user| !user.is_empty()),
            _ => None,
        }
    }

    /// Takes an EAP response.
    pub fn handle(&mut self, eap: &[u8]) -> Step {
        self.answer(eap).unwrap_or(Step::Ignore)
    }

    fn answer(&mut self, eap: &[u8]) -> Option<Step> {
        let [RESPONSE, identifier, _, _, kind, data @ ..] = eap else { return None };
        if !matches!(self.stage, Stage::Identity) && *identifier != self.identifier {
            return None;
        }
        match (std::mem::replace(&mut self.stage, Stage::Identity), *kind) {
            (Stage::Identity, IDENTITY) => {
                self.outer = String::from_utf8_lossy(data).into_owned();
                self.identifier = *identifier;
                Some(self.begin())
            }
            (Stage::Endless, _) => Some(self.endless()),
            (Stage::Proposed(_), NAK) => {
                let methods = &self.shared.mock.methods;
                let wanted = data.iter().copied().find(|wanted| methods.contains(wanted));
                Some(match wanted {
                    Some(method) => self.propose(method),
                    None => self.failure(),
                })
            }
            (Stage::Proposed(method), kind) if kind == method && matches!(method, TTLS | PEAP) => {
                let tunnel = Tunnel::new(&self.shared.context, self.shared.mock.fragment);
                Some(self.packet(method, tunnel, None, data))
            }
            (Stage::Handshake(method, tunnel), kind) if kind == method => {
                Some(self.packet(method, tunnel, None, data))
            }
            (Stage::Inner(method, tunnel, inner), kind) if kind == method => {
                Some(self.packet(method, tunnel, Some(inner), data))
            }
            (Stage::Failed(method, mut tunnel), _) if tunnel.has_more() => {
                let data = tunnel.next_packet();
                self.stage = Stage::Failed(method, tunnel);
                Some(self.request(method, &data))
            }
            // an answer to MD5-Challenge or LEAP, a refusal where none is possible, the end of what failed
            _ => Some(self.failure()),
        }
    }

    fn begin(&mut self) -> Step {
        let mock = &self.shared.mock;
        if mock.has(Fault::AcceptsAtOnce) {
            return self.success([0x5a; 64], self.outer.clone());
        }
        if mock.has(Fault::EndlessChallenges) {
            return self.endless();
        }
        let first = mock.find(|fault| match fault {
            Fault::ProposesFirst(method) => Some(*method),
            _ => None,
        });
        let method = first.unwrap_or(mock.methods[0]);
        self.propose(method)
    }

    fn propose(&mut self, method: u8) -> Step {
        self.stage = Stage::Proposed(method);
        let data = match method {
            // 16 octets of challenge, and a name
            4 => [&[16], random::<16>().as_slice(), b"mock"].concat(),
            // version, unused, 8 octets of challenge, and a name
            17 => [&[1, 0, 8], random::<8>().as_slice(), b"mock"].concat(),
            _ => vec![START],
        };
        self.request(method, &data)
    }

    /// PEAP starts again and again: each challenge is good, there are only too many of them.
    fn endless(&mut self) -> Step {
        let step = self.request(PEAP, &[START]);
        self.stage = Stage::Endless;
        step
    }

    /// A packet of TTLS or PEAP: what TLS does with it, and what comes of that.
    fn packet(&mut self, method: u8, mut tunnel: Tunnel, inner: Option<Inner>, data: &[u8]) -> Step {
        let message = match tunnel.receive(data) {
            None => return self.failure(),
            Some(Received::Fragment) => return self.wait(method, tunnel, inner, &[0]),
            Some(Received::Acknowledgement) => {
                let data = tunnel.next_packet();
                return self.wait(method, tunnel, inner, &data);
            }
            Some(Received::Message(message)) => message,
        };
        match inner {
            Some(inner) => self.inner(method, tunnel, inner, &message),
            None => self.handshake(method, tunnel, &message),
        }
    }

    fn handshake(&mut self, method: u8, mut tunnel: Tunnel, message: &[u8]) -> Step {
        let alert = self.shared.mock.find(|fault| match fault {
            Fault::Alert(description) => Some(*description),
            _ => None,
        });
        if let Some(description) = alert {
            tunnel.say(&[21, 3, 3, 0, 2, 2, description]);
        } else if self.malformed == Some(MalformedEap::NoTlsRecord) {
            tunnel.say(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
        if alert.is_some()
            || self.malformed == Some(MalformedEap::NoTlsRecord)
            || tunnel.handshake(message).is_err()
        {
            if !tunnel.has_more() {
                return self.failure();
            }
            let data = tunnel.next_packet();
            self.stage = Stage::Failed(method, tunnel);
            return self.request(method, &data);
        }
        if !tunnel.is_finished() {
            let data = tunnel.next_packet();
            return self.wait(method, tunnel, None, &data);
        }
        let resumed = tunnel.ssl().session_reused();
        self.resumed = Some(resumed);
        if resumed {
            return self.resume(method, tunnel);
        }
        let inner = if method == TTLS { Inner::Ttls(Ttls::default()) } else { Inner::Peap(Peap::new()) };
        // with TLS 1.2 there is our Finished to send; with TLS 1.3 the peer's came last, perhaps with data
        if tunnel.has_more() {
            let data = tunnel.next_packet();
            return self.wait(method, tunnel, Some(inner), &data);
        }
        self.inner(method, tunnel, inner, &[])
    }

    /// A session that the peer had from before: the one place where CVE-2017-9148 is.
    fn resume(&mut self, method: u8, mut tunnel: Tunnel) -> Step {
        let logged_in = self.shared.logged_in.lock().expect("no thread panics with it");
        let user = match self.shared.mock.resumption {
            Resumption::Unchecked => Some(self.outer.clone()),
            _ => logged_in.get(&tunnel.session_secret()).cloned(),
        };
        drop(logged_in);
        match (method, user) {
            (_, None) => self.failure(),
            (TTLS, Some(user)) => {
                let keys = tunnel.keys(method);
                self.success(keys, user)
            }
            (_, Some(user)) => {
                let (peap, result) = Peap::resumed(&user, self.identifier.wrapping_add(1), true);
                tunnel.encrypt(&result);
                let data = tunnel.next_packet();
                self.wait(method, tunnel, Some(Inner::Peap(peap)), &data)
            }
        }
    }

    fn inner(&mut self, method: u8, mut tunnel: Tunnel, mut inner: Inner, message: &[u8]) -> Step {
        let Ok(clear) = tunnel.decrypt(message) else { return self.failure() };
        let next = self.identifier.wrapping_add(1);
        let said = inner.handle(&clear, &tunnel, &self.outer, next, &self.shared.mock);
        match said {
            Some(Said::Data(data)) => {
                tunnel.encrypt(&data);
                let data = tunnel.next_packet();
                self.wait(method, tunnel, Some(inner), &data)
            }
            Some(Said::Nothing) => self.wait(method, tunnel, Some(inner), &[0]),
            Some(Said::Accept) => {
                let (keys, user) = (tunnel.keys(method), inner.user().to_owned());
                let mut logged_in = self.shared.logged_in.lock().expect("no thread panics with it");
                logged_in.insert(tunnel.session_secret(), user.clone());
                drop(logged_in);
                self.stage = Stage::Inner(method, tunnel, inner);
                self.success(keys, user)
            }
            None | Some(Said::Reject) => {
                self.stage = Stage::Inner(method, tunnel, inner);
                self.failure()
            }
        }
    }

    /// Says something, and waits for the answer in the same stage.
    fn wait(&mut self, method: u8, tunnel: Tunnel, inner: Option<Inner>, data: &[u8]) -> Step {
        self.stage = match inner {
            Some(inner) => Stage::Inner(method, tunnel, inner),
            None => Stage::Handshake(method, tunnel),
        };
        self.request(method, data)
    }

    fn request(&mut self, kind: u8, data: &[u8]) -> Step {
        self.identifier = self.identifier.wrapping_add(1);
        let length = u16::try_from(data.len() + 5).expect("fragments are short").to_be_bytes();
        let mut eap = vec![REQUEST, self.identifier, length[0], length[1], kind];
        eap.extend(data);
        self.spoil(&mut eap);
        Step::Challenge(eap)
    }

    fn success(&self, keys: [u8; 64], user: String) -> Step {
        Step::Accept { eap: vec![SUCCESS, self.identifier, 0, 4], keys, user }
    }

    fn failure(&self) -> Step {
        Step::Reject(vec![FAILURE, self.identifier, 0, 4])
    }

    /// Malforms a request: what concerns the header in the first, what concerns TLS from the certificate on.
    fn spoil(&self, eap: &mut Vec<u8>) {
        let is_tls = matches!(self.stage, Stage::Handshake(..));
        match self.malformed {
            Some(MalformedEap::LengthPastTheEnd) => eap[2] = 0xff,
            Some(MalformedEap::Truncated) => eap.truncate(3),
            Some(MalformedEap::UnknownCode) => eap[0] = 0x7f,
            Some(MalformedEap::NoType) => *eap = vec![REQUEST, self.identifier, 0, 4],
            Some(MalformedEap::NoFlags) => *eap = vec![REQUEST, self.identifier, 0, 5, eap[4]],
            Some(MalformedEap::HugeTlsMessage) if is_tls => {
                let rest = eap.split_off(5);
                let is_long = rest[0] & 0x80 != 0;
                eap.extend([0xc0, 0xff, 0xff, 0xff, 0xff]);
                eap.extend(&rest[if is_long { 5 } else { 1 }..]);
            }
            Some(MalformedEap::TlsMessageTooLong) if is_tls => {
                let rest = eap.split_off(5);
                let is_long = rest[0] & 0x80 != 0;
                eap.extend([0x80, 0, 0, 0, 1]);
                eap.extend(&rest[if is_long { 5 } else { 1 }..]);
            }
            Some(MalformedEap::EndlessFragments) if is_tls => {
                eap.truncate(5);
                eap.push(0x40);
                eap.extend([0x16; 900]);
            }
            _ => return,
        }
        if !matches!(self.malformed, Some(MalformedEap::LengthPastTheEnd | MalformedEap::Truncated)) {
            let length = u16::try_from(eap.len()).expect("fragments are short").to_be_bytes();
            eap[2..4].copy_from_slice(&length);
        }
    }
}
