//! The socket, and RADIUS around the conversations.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::conversation::{Conversation, Shared, Step};
use super::fault::{Cui, Fault, Malformed, On, Phase};
use super::seen::Seen;
use super::settings::RadiusMock;
use super::tls::context;
use super::wire::{
    HEADER, Reply, Request, code, hex, md5, mppe_key, random, set_length, set_message_authenticator,
    set_response_authenticator,
};

/// More than any datagram.
const BUFFER: usize = 65_536;

/// A mock that runs; it ends when it is dropped.
pub struct RunningRadius {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RunningRadius {
    #[track_caller]
    pub(super) fn start(mock: RadiusMock) -> RunningRadius {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let is_over = Arc::new(AtomicBool::new(false));
        let context = context(&mock);
        let shared = Arc::new(Shared { mock, context, logged_in: Mutex::default() });
        let server = Server {
            shared,
            socket,
            seen: Arc::clone(&seen),
            conversations: HashMap::new(),
            answered: HashMap::new(),
            copies: HashMap::new(),
            last: HashMap::new(),
        };
        let over = Arc::clone(&is_over);
        let thread = Some(thread::spawn(move || server.run(&over)));
        RunningRadius { address, seen, is_over, thread }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it saw until now.
    pub fn seen(&self) -> Seen {
        self.seen.lock().expect("no thread panics with it").clone()
    }
}

impl Drop for RunningRadius {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // wakes it
        let woken = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(&[], self.address));
        let ended = self.thread.take().filter(|_| woken.is_ok()).map(JoinHandle::join);
        assert!(
            thread::panicking() || ended.is_none_or(|end| end.is_ok()),
            "the mock panicked: its output is above"
        );
    }
}

struct Server {
    shared: Arc<Shared>,
    socket: UdpSocket,
    seen: Arc<Mutex<Seen>>,
    conversations: HashMap<Vec<u8>, Conversation>,
    /// Replies by the request's octets, for its copies.
    answered: HashMap<(SocketAddr, Vec<u8>), Option<Vec<u8>>>,
    /// How many copies of a request came.
    copies: HashMap<(SocketAddr, Vec<u8>), usize>,
    /// The last reply to each client, for late copies.
    last: HashMap<SocketAddr, Vec<u8>>,
}

impl Server {
    fn run(mut self, is_over: &AtomicBool) {
        let mut buffer = vec![0; BUFFER];
        while let Ok((length, client)) = self.socket.recv_from(&mut buffer) {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            self.receive(&buffer[..length], client);
        }
    }

    fn receive(&mut self, datagram: &[u8], client: SocketAddr) -> Option<()> {
        let mock = self.shared.mock.clone();
        let secret = mock.secret.as_bytes();
        let seen = Arc::clone(&self.seen);
        let mut seen = seen.lock().expect("no thread panics with it");
        let Some(request) =
            Request::read(datagram).filter(|request| request.is_authentic(secret) != Some(false))
        else {
            seen.refused += 1;
            return None;
        };
        seen.requests += 1;
        seen.longest.0 = seen.longest.0.max(datagram.len());
        let key = (client, request.bytes.clone());
        let copies = self.copies.entry(key.clone()).or_default();
        *copies += 1;
        let count = *copies;
        if count > 1 {
            seen.retransmissions += 1;
        } else if self.repeats(&request, client) {
            seen.changed_retransmissions += 1;
        }
        let is_lost = mock.find(|fault| match fault {
            Fault::LosesCopies(most) => Some(count <= *most),
            Fault::LosesRequestsAbove(octets) => (datagram.len() > *octets).then_some(true),
            _ => None,
        });
        if is_lost == Some(true) {
            return None;
        }
        let reply = if let Some(reply) = self.answered.get(&key) {
            reply.clone()
        } else {
            let reply = self.answer(&request, &mut seen).map(|reply| seal(reply, &request, &mock));
            self.answered.insert(key, reply.clone());
            reply
        }?;
        seen.longest.1 = seen.longest.1.max(reply.len());
        drop(seen);
        self.send(&reply, client, &mock);
        Some(())
    }

    /// Has it the content of one that was not answered, in other octets?
    fn repeats(&self, request: &Request, client: SocketAddr) -> bool {
        let content = request.content();
        self.copies.keys().any(|(from, bytes)| {
            *from == client
                && *bytes != request.bytes
                && self.answered.get(&(client, bytes.clone())).is_none_or(Option::is_none)
                && Request::read(bytes).is_some_and(|other| other.content() == content)
        })
    }

    fn send(&mut self, reply: &[u8], client: SocketAddr, mock: &RadiusMock) {
        let before = self.last.insert(client, reply.to_owned());
        let mut datagrams = Vec::new();
        if mock.has(Fault::LateCopies) {
            datagrams.extend(before);
        }
        datagrams.push(reply.to_owned());
        if mock.has(Fault::Duplicates) {
            datagrams.push(reply.to_owned());
        }
        let limit = mock.find(|fault| match fault {
            Fault::LosesRepliesAbove(octets) => Some(*octets),
            _ => None,
        });
        datagrams.retain(|datagram| limit.is_none_or(|limit| datagram.len() <= limit));
        let delay = mock.find(|fault| match fault {
            Fault::Delay(time) => Some(*time),
            _ => None,
        });
        match delay {
            None => say(&self.socket, &datagrams, client),
            Some(time) => say_later(&self.socket, datagrams, client, time),
        }
    }

    fn answer(&mut self, request: &Request, seen: &mut Seen) -> Option<Reply> {
        let mock = &self.shared.mock;
        match (request.code, request.eap()) {
            (code::STATUS_SERVER, _) => Some(Reply::new(code::ACCEPT, request)),
            (code::ACCESS_REQUEST, None) => {
                let name = request.text(code::USER_NAME)?;
                let given = request.password(mock.secret.as_bytes())?;
                let is_right = mock.accounts.get(&name).is_some_and(|right| right.as_bytes() == given);
                let code = if is_right { code::ACCEPT } else { code::REJECT };
                Some(Reply::new(code, request))
            }
            (code::ACCESS_REQUEST, Some(eap)) => self.converse(&eap, request, seen),
            _ => None,
        }
    }

    fn converse(&mut self, eap: &[u8], request: &Request, seen: &mut Seen) -> Option<Reply> {
        let shared = Arc::clone(&self.shared);
        let mock = &shared.mock;
        // RFC 3579, 3.2: EAP without Message-Authenticator is dropped
        request.is_authentic(mock.secret.as_bytes())?;
        let mut conversation = match request.first(code::STATE) {
            None => {
                seen.begins(request);
                Conversation::new(&shared)
            }
            Some(state) => match self.conversations.remove(state) {
                Some(conversation) => conversation,
                None => return Some(Reply::new(code::REJECT, request)),
            },
        };
        let phase = conversation.phase();
        if mock.has_from(phase, Fault::SilentFrom) {
            return None;
        }
        if mock.has_from(phase, Fault::ForgetsAt) {
            let mut reply = Reply::new(code::REJECT, request);
            reply.has_message_authenticator = false;
            return Some(reply);
        }
        if phase != Phase::Identity && mock.has_from(phase, Fault::RestartsAt) {
            let mut reply = Reply::new(code::CHALLENGE, request);
            reply.add_eap(&[1, random::<1>()[0], 0, 5, 1]);
            let state = random::<16>();
            reply.add(code::STATE, state);
            self.conversations.insert(state.to_vec(), Conversation::new(&shared));
            return Some(reply);
        }
        let before = conversation.user().map(str::to_owned);
        let resumed = conversation.resumed;
        let step = conversation.handle(eap);
        if phase == Phase::Identity {
            seen.outer.push(conversation.outer.clone());
        }
        if resumed.is_none()
            && let Some(resumed) = conversation.resumed
        {
            seen.handshakes += 1;
            seen.resumed += usize::from(resumed);
        }
        if before.is_none() && resumed != Some(true) {
            seen.inner.extend(conversation.user().map(str::to_owned));
        }
        match step {
            Step::Ignore => None,
            Step::Reject(eap) => {
                seen.rejects += 1;
                let mut reply = Reply::new(code::REJECT, request);
                reply.add_eap(&eap);
                Some(reply)
            }
            Step::Challenge(eap) => {
                let state = random::<16>();
                let mut reply = Reply::new(code::CHALLENGE, request);
                reply.add_eap(&eap);
                reply.add(code::STATE, state);
                self.conversations.insert(state.to_vec(), conversation);
                Some(reply)
            }
            Step::Accept { eap, keys, user } => {
                seen.accepts += 1;
                Some(accept(&eap, keys, &user, request, mock))
            }
        }
    }
}

/// An Access-Accept with what it grants.
fn accept(eap: &[u8], mut keys: [u8; 64], user: &str, request: &Request, mock: &RadiusMock) -> Reply {
    let mut reply = Reply::new(code::ACCEPT, request);
    if !mock.has(Fault::AcceptWithoutEap) {
        reply.add_eap(eap);
    }
    if mock.has(Fault::WrongKeys) {
        keys = random();
    }
    if !mock.has(Fault::NoKeys) {
        // the peer's MSK: what the access point receives with, then what it sends with
        for (kind, key) in [(17, &keys[..32]), (16, &keys[32..])] {
            let value = mppe_key(kind, key, request, mock.secret.as_bytes());
            reply.add(code::VENDOR_SPECIFIC, value);
        }
    }
    reply.add(code::USER_NAME, user);
    if let Some(cui) =
        request.first(code::CHARGEABLE_USER_IDENTITY).and_then(|_| cui(user, request, mock.cui))
    {
        reply.add(code::CHARGEABLE_USER_IDENTITY, cui);
    }
    let mut left = mock.padding;
    while left > 2 {
        let part = left.min(255) - 2;
        reply.add(code::REPLY_MESSAGE, vec![b'x'; part]);
        left = left.saturating_sub(part + 2);
    }
    reply
}

fn cui(user: &str, request: &Request, how: Cui) -> Option<Vec<u8>> {
    match how {
        Cui::Absent => None,
        Cui::Nul => Some(vec![0]),
        Cui::UserName => Some(user.as_bytes().to_owned()),
        Cui::Unstable => Some(hex(&random::<16>()).into_bytes()),
        Cui::Salted => {
            let operator = request.first(code::OPERATOR_NAME).unwrap_or_default();
            Some(hex(&md5(&[b"salt", user.to_ascii_lowercase().as_bytes(), operator])).into_bytes())
        }
    }
}

/// Makes a reply authentic, or wrong as its faults say.
fn seal(mut reply: Reply, request: &Request, mock: &RadiusMock) -> Vec<u8> {
    let code = reply.code;
    let has = |of: fn(On) -> Fault| {
        [On::Every, On::Challenge, On::Accept, On::Reject]
            .iter()
            .any(|on| on.means(code) && mock.has(of(*on)))
    };
    if has(Fault::OtherIdentifier) {
        reply.identifier = reply.identifier.wrapping_add(1);
    }
    reply.has_message_authenticator &= !has(Fault::NoMessageAuthenticator);
    let mut bytes = reply.draw();
    let malformed = mock.find(|fault| match fault {
        Fault::Malformed(on, how) if on.means(code) => Some(*how),
        _ => None,
    });
    if let Some(how) = malformed {
        malform(&mut bytes, how);
    }
    let secret = mock.secret.as_bytes();
    if bytes.len() < HEADER {
        return bytes;
    }
    if reply.has_message_authenticator {
        set_message_authenticator(&mut bytes, request, secret);
        if has(Fault::WrongMessageAuthenticator) {
            bytes[HEADER + 2] ^= 1;
        }
    }
    set_response_authenticator(&mut bytes, request, secret);
    if has(Fault::WrongResponseAuthenticator) {
        bytes[4] ^= 1;
    }
    bytes
}

fn malform(bytes: &mut Vec<u8>, how: Malformed) {
    match how {
        Malformed::AttributeOfOneOctet => bytes.extend([code::REPLY_MESSAGE, 1]),
        Malformed::AttributePastTheEnd => bytes.extend([code::REPLY_MESSAGE, 200, b'x']),
        Malformed::StrayOctet => bytes.push(code::REPLY_MESSAGE),
        Malformed::VendorAttributePastTheEnd => {
            bytes.extend([code::VENDOR_SPECIFIC, 10, 0, 0, 1, 55, 17, 200, 1, 2]);
        }
        Malformed::Truncated => bytes.truncate(10),
        Malformed::LengthBelowHeader => return bytes[2..4].copy_from_slice(&[0, 19]),
        Malformed::LengthPastTheEnd => return bytes[2..4].copy_from_slice(&[0x0f, 0xff]),
    }
    if bytes.len() >= HEADER {
        set_length(bytes);
    }
}

/// A client that is gone is no concern of the mock.
fn say(socket: &UdpSocket, datagrams: &[Vec<u8>], client: SocketAddr) {
    for datagram in datagrams {
        let _ = socket.send_to(datagram, client);
    }
}

fn say_later(socket: &UdpSocket, datagrams: Vec<Vec<u8>>, client: SocketAddr, time: Duration) {
    let socket = socket.try_clone().expect("a socket can be shared");
    thread::spawn(move || {
        thread::sleep(time);
        say(&socket, &datagrams, client);
    });
}
