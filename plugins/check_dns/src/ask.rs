//! One question to one server, by UDP or TCP, with all that can go wrong on the way named.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use check::{CheckError, Ctx};
use hickory_resolver::proto::op::{Edns, Message, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use net::{Conversation, DialOptions, Progress, Udp};
use tokio::time::timeout_at;

use crate::Args;
use crate::options::Server;
use crate::reply;

/// Largest datagram that servers may send: what passes everywhere without fragments (DNS flag day 2020).
const PAYLOAD: u16 = 1232;
/// A datagram may be lost: the question is sent so many times within the time there is.
const TRIES: u32 = 4;
/// How much earlier than the check's own deadline waiting ends, so that the message can say for what.
const HAIR: Duration = Duration::from_millis(50);

/// How questions travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// By UDP, and again by TCP if the answer is truncated.
    Udp,
    /// By TCP.
    Tcp,
}

/// Where a question goes: host and port. The host is an address, unless a proxy resolves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    host: String,
    port: u16,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = Server { host: self.host.clone(), port: Some(self.port) };
        write!(f, "{host}")
    }
}

impl From<SocketAddr> for Place {
    fn from(address: SocketAddr) -> Place {
        Place { host: address.ip().to_string(), port: address.port() }
    }
}

/// How a question is put.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub transport: Transport,
    /// Shall the server ask others for us?
    pub recursion: bool,
    /// Shall signatures come with the answer?
    pub signatures: bool,
    /// Shall the server answer even if the answer is bogus?
    pub checking_disabled: bool,
}

/// Asks the first of its places that answers.
#[derive(Clone)]
pub(crate) struct Asker {
    places: Arc<[Place]>,
    dial: Arc<DialOptions>,
    ctx: Ctx,
    pub manner: Manner,
}

/// What a server answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// An answer to the question that was asked; its code may be an error.
    pub message: Message,
    /// Which server.
    pub place: Place,
    /// From the first packet to the answer.
    pub seconds: f64,
    /// It had to be asked for by TCP, since the datagram had not room for it.
    pub was_truncated: bool,
}

impl Asker {
    /// Asks the server that the options name, or those of the system.
    pub(crate) async fn new(args: &Args, server: Option<&Server>, ctx: &Ctx) -> Result<Asker, CheckError> {
        let places = match server {
            Some(server) => named(server, args, ctx).await?,
            None => systems(args)?,
        };
        Ok(Asker {
            places: places.into(),
            dial: Arc::new(args.dial.clone()),
            ctx: *ctx,
            manner: Manner {
                transport: args.transport(),
                recursion: !args.no_recursion,
                signatures: args.wants_signatures(),
                checking_disabled: args.trust_anchor.is_some(),
            },
        })
    }

    /// Puts its questions otherwise.
    pub(crate) fn with(&self, manner: Manner) -> Asker {
        Asker { manner, ..self.clone() }
    }

    /// The same questions, to another server.
    pub(crate) fn at(&self, address: SocketAddr) -> Asker {
        Asker { places: [address.into()].into(), ..self.clone() }
    }

    /// The same questions, to a server by name or address.
    pub(crate) async fn to(&self, server: &Server, args: &Args, ctx: &Ctx) -> Result<Asker, CheckError> {
        Ok(Asker { places: named(server, args, ctx).await?.into(), ..self.clone() })
    }

    /// Asks. A server that fails is told only if no other answers.
    pub(crate) async fn ask(&self, name: &Name, kind: RecordType) -> Result<Answer, CheckError> {
        let mut first_error = None;
        let mut left = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        for place in &*self.places {
            // one that is silent must leave time for the others
            let ctx = if left > 1 { Ctx::new(tenths(self.ctx.remaining() / left), 0) } else { self.ctx };
            left = left.saturating_sub(1);
            match self.ask_at(place, name, kind, &ctx).await {
                Ok(answer) => return Ok(answer),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| CheckError::internal("there is no server to ask")))
    }

    async fn ask_at(
        &self,
        place: &Place,
        name: &Name,
        kind: RecordType,
        ctx: &Ctx,
    ) -> Result<Answer, CheckError> {
        let start = Instant::now();
        let mut question = self.question(name, kind);
        let (mut message, mut was_truncated) = self.exchange(place, &question, ctx).await?;
        if reply::knows_no_edns(&message) && !self.manner.signatures {
            question = self.question(name, kind);
            question.edns = None;
            (message, was_truncated) = self.exchange(place, &question, ctx).await?;
        }
        Ok(Answer { message, place: place.clone(), seconds: start.elapsed().as_secs_f64(), was_truncated })
    }

    fn question(&self, name: &Name, kind: RecordType) -> Message {
        let mut message = Message::query();
        message.metadata.recursion_desired = self.manner.recursion;
        message.metadata.checking_disabled = self.manner.checking_disabled;
        // "I understand AD in the answer" (RFC 6840, section 5.7)
        message.metadata.authentic_data = true;
        message.add_query(Query::query(name.clone(), kind));
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD).set_dnssec_ok(self.manner.signatures);
        message.set_edns(edns);
        message
    }

    async fn exchange(
        &self,
        place: &Place,
        question: &Message,
        ctx: &Ctx,
    ) -> Result<(Message, bool), CheckError> {
        if self.manner.transport == Transport::Tcp {
            return Ok((self.by_tcp(place, question, ctx).await?, false));
        }
        let message = self.by_udp(place, question, ctx).await?;
        if !message.metadata.truncation {
            return Ok((message, false));
        }
        let whole = self.by_tcp(place, question, ctx).await.map_err(|error| {
            let told = format!("{place}: the answer by UDP was truncated, and by TCP: {error}");
            if let CheckError::Timeout(_) = error {
                CheckError::Timeout(told)
            } else {
                CheckError::Target(told)
            }
        })?;
        Ok((whole, true))
    }

    /// Waits for the answer to this question, whatever else comes: it may be forged.
    async fn by_udp(&self, place: &Place, question: &Message, ctx: &Ctx) -> Result<Message, CheckError> {
        let broken = |error: io::Error| CheckError::target(format!("query to {place}: {error}"));
        let bytes = encoded(question)?;
        let address: IpAddr = place
            .host
            .parse()
            .map_err(|_| CheckError::internal(format!("{}: a name cannot be asked by UDP", place.host)))?;
        let socket = Udp::connect((address, place.port).into(), self.dial.source()).map_err(broken)?;
        let deadline = ctx.deadline().checked_sub(HAIR).unwrap_or_else(Instant::now);
        let patience = ctx.remaining() / TRIES;
        let mut again = Instant::now();
        let mut junk = Junk::default();
        let mut buffer = vec![0; usize::from(u16::MAX)];
        loop {
            let now = Instant::now();
            if now >= deadline {
                return Err(junk.told(place, ctx));
            }
            if now >= again {
                socket.send(&bytes).await.map_err(broken)?;
                again = now + patience;
            }
            let Ok(received) = timeout_at(again.min(deadline).into(), socket.recv(&mut buffer)).await else {
                continue;
            };
            let length = received.map_err(broken)?;
            match reply::read(buffer.get(..length).unwrap_or_default(), question) {
                Ok(message) => return Ok(message),
                Err(what) => junk.add(what),
            }
        }
    }

    async fn by_tcp(&self, place: &Place, question: &Message, ctx: &Ctx) -> Result<Message, CheckError> {
        let mut bytes = encoded(question)?;
        let length =
            u16::try_from(bytes.len()).map_err(|_| CheckError::internal("the question is too long"))?;
        bytes.splice(0..0, length.to_be_bytes());
        let stream = self.dial.connect(&place.host, place.port, ctx).await?;
        let mut talk = Conversation::new(stream, place.to_string());
        talk.send(&bytes, "answer", ctx).await?;
        let answer = talk.receive("answer", framed, ctx).await?;
        reply::read(&answer, question)
            .map_err(|what| CheckError::target(format!("{place} sent {what} by TCP")))
    }
}

/// Rounded down to tenths of a second, since messages name it.
fn tenths(time: Duration) -> Duration {
    let tenths = u64::try_from(time.as_millis() / 100).unwrap_or(u64::MAX);
    Duration::from_millis(tenths.saturating_mul(100))
}

/// The servers of /etc/resolv.conf.
fn systems(args: &Args) -> Result<Vec<Place>, CheckError> {
    let way_out = "name a server by -s";
    let (config, _) = read_system_conf()
        .map_err(|error| CheckError::internal(format!("/etc/resolv.conf: {error}; {way_out}")))?;
    let mut places: Vec<Place> = Vec::new();
    for server in config.name_servers() {
        let place = Place::from(SocketAddr::new(server.ip, args.port));
        if args.dial.family().admits(server.ip) && !places.contains(&place) {
            places.push(place);
        }
    }
    if places.is_empty() {
        return Err(CheckError::internal(format!(
            "/etc/resolv.conf names no server that can be used; {way_out}"
        )));
    }
    Ok(places)
}

/// A server by name or address. Through a proxy its name is not looked up here.
async fn named(server: &Server, args: &Args, ctx: &Ctx) -> Result<Vec<Place>, CheckError> {
    let port = server.port.unwrap_or(args.port);
    if args.dial.proxy().is_some() {
        return Ok(vec![Place { host: server.host.clone(), port }]);
    }
    let addresses = args.dial.resolve_in_time(&server.host, port, ctx).await?;
    Ok(addresses.into_iter().map(Place::from).collect())
}

fn encoded(question: &Message) -> Result<Vec<u8>, CheckError> {
    question.to_vec().map_err(|error| CheckError::usage(format!("this cannot be asked: {error}")))
}

/// A message of TCP: two bytes of length before it (RFC 1035, section 4.2.2).
fn framed(bytes: &[u8]) -> Progress<Vec<u8>> {
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else { return Progress::More };
    let length = usize::from(u16::from_be_bytes(*length));
    match rest.get(..length) {
        Some(message) => Progress::Done(message.to_vec(), length + 2),
        None => Progress::More,
    }
}

/// Datagrams that were no answers.
#[derive(Default)]
struct Junk {
    count: u64,
    first: String,
}

impl Junk {
    fn add(&mut self, what: String) {
        if self.count == 0 {
            self.first = what;
        }
        self.count = self.count.saturating_add(1);
    }

    fn told(&self, place: &Place, ctx: &Ctx) -> CheckError {
        let seconds = ctx.timeout.as_secs_f64();
        if self.count == 0 {
            return CheckError::timeout(format!("no answer from {place} within {seconds} seconds"));
        }
        CheckError::target(format!(
            "no answer from {place} within {seconds} seconds, only what is none: {}",
            self.first
        ))
    }
}
