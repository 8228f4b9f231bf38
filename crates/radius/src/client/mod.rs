//! Asking a server: over UDP with retransmission, or over RadSec.

mod mailbox;
mod radsec;
mod table;
mod udp;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use check::Secret;

use crate::crypt::MppeKeys;
use crate::draft::Draft;
use crate::error::Error;
use crate::packet::{Code, Packet};
use crate::proof::Proof;

/// Requests in flight by one socket or connection: as many as an octet has values.
pub const IDENTIFIERS: usize = 256;

/// Sockets of one client unless it is told otherwise: 8192 requests in flight.
const SOCKETS: usize = 32;

/// What to do with an Access-Accept or Access-Challenge without Message-Authenticator, which whoever
/// sits on the way may have made (Blast-RADIUS). An Access-Reject, and the answer to Status-Server, let
/// nobody in: they are always taken, and [`Reply::proof`] tells. Over RadSec, where TLS proves who
/// answers, only replies with an EAP-Message have to have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// It is an error.
    #[default]
    Required,
    /// It is taken; the caller looks at [`Reply::proof`].
    Reported,
}

/// How to ask over UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Local address to ask from.
    pub source: Option<IpAddr>,
    /// Replies without Message-Authenticator.
    pub demand: Demand,
    /// Most sockets at once, each for 256 requests in flight; at least one.
    pub max_sockets: usize,
    /// Most retransmissions of a request; without a number the deadline is the limit.
    pub max_retransmissions: Option<u32>,
}

impl Default for Options {
    fn default() -> Options {
        Options { source: None, demand: Demand::default(), max_sockets: SOCKETS, max_retransmissions: None }
    }
}

/// A reply that is from whoever knows the secret, to the request that was asked.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What came.
    pub packet: Packet,
    /// How well it is proven.
    pub proof: Proof,
    /// From the last transmission of the request to the reply.
    pub rtt: Duration,
    /// From the first transmission to the reply.
    pub elapsed: Duration,
    /// How often the request was sent again.
    pub retransmissions: u32,
    /// The keys of an Access-Accept.
    pub keys: MppeKeys,
}

impl Reply {
    /// What the server says.
    pub fn code(&self) -> Code {
        self.packet.code()
    }
}

/// A RADIUS server that can be asked, by many at once: cloning is cheap, and all clones share sockets
/// and identifiers. Needs a tokio runtime, whose tasks end with the last clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

enum Inner {
    Udp(udp::Udp),
    Radsec(radsec::Radsec),
}

impl Client {
    /// A client over UDP. Sockets are opened when something is asked.
    pub fn udp(server: SocketAddr, secret: Secret, options: Options) -> Client {
        Client { inner: Arc::new(Inner::Udp(udp::Udp::new(server, secret, options))) }
    }

    /// A client over one connection, which should be TLS to somebody trusted (RFC 6614); `place` names
    /// the server in messages. Without TLS it is RADIUS over TCP (RFC 6613). The connection serves 256
    /// requests at once, others wait for their turn. It is not opened again when it breaks.
    pub fn radsec(stream: net::Stream, place: impl Into<String>, secret: Secret, demand: Demand) -> Client {
        Client { inner: Arc::new(Inner::Radsec(radsec::Radsec::new(stream, place.into(), secret, demand))) }
    }

    /// Sends a request and waits for its reply until the deadline. Over UDP the same bytes are sent again
    /// after some 2, 4, 8 and then every 16 seconds (RFC 5080 section 2.2.1). Packets that cannot be the
    /// reply are passed over; if one was of another secret, or no packet, the wait ends 2 seconds later
    /// and the error says so. Dropping the future frees the identifier.
    pub async fn ask(&self, draft: &Draft, deadline: Instant) -> Result<Reply, Error> {
        match &*self.inner {
            Inner::Udp(udp) => udp.ask(draft, deadline).await,
            Inner::Radsec(radsec) => radsec.ask(draft, deadline).await,
        }
    }

    /// Whom it asks, for messages: `192.0.2.1:1812`.
    pub fn server(&self) -> &str {
        match &*self.inner {
            Inner::Udp(udp) => udp.place(),
            Inner::Radsec(radsec) => radsec.place(),
        }
    }

    /// The shared secret.
    pub fn secret(&self) -> &Secret {
        match &*self.inner {
            Inner::Udp(udp) => udp.secret(),
            Inner::Radsec(radsec) => radsec.secret(),
        }
    }
}

/// Is a reply without Message-Authenticator to be refused?
fn refuses(demand: Demand, request: Code, reply: Code, proof: Proof) -> bool {
    demand == Demand::Required
        && proof == Proof::Missing
        && request == Code::ACCESS_REQUEST
        && reply != Code::ACCESS_REJECT
}

/// Times of one exchange, to be told with its reply.
#[derive(Clone, Copy)]
struct Times {
    first: Instant,
    last: Instant,
    transmissions: u32,
}

impl Times {
    fn reply(self, heard: mailbox::Heard, request: &Packet, secret: &Secret) -> Reply {
        let keys = match heard.packet.code() {
            Code::ACCESS_ACCEPT => MppeKeys::of(&heard.packet, &request.authenticator(), secret),
            _ => MppeKeys::default(),
        };
        Reply {
            packet: heard.packet,
            proof: heard.proof,
            rtt: heard.at.saturating_duration_since(self.last),
            elapsed: heard.at.saturating_duration_since(self.first),
            retransmissions: self.transmissions.saturating_sub(1),
            keys,
        }
    }
}

/// A task that ends with its owner.
struct Task(tokio::task::AbortHandle);

impl Task {
    fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Task {
        Task(tokio::spawn(future).abort_handle())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
