//! RADIUS over UDP: connected sockets, each with a task that reads it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use check::Secret;
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use super::mailbox::Down;
use super::table::{Table, Ticket};
use super::{IDENTIFIERS, Options, Reply, Task, Times, refuses};
use crate::draft::Draft;
use crate::error::{Error, place};
use crate::packet::MAX_PACKET;
use crate::random;

/// Wait before the first retransmission (IRT of RFC 5080 section 2.2.1).
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// Longest wait between two (MRT there).
const LONGEST_WAIT: Duration = Duration::from_secs(16);
/// How long a right reply may come behind a wrong one before the wrong one is believed to be all that
/// comes: anybody can send a wrong one.
const SECOND_THOUGHTS: Duration = Duration::from_secs(2);

pub(crate) struct Udp {
    server: SocketAddr,
    place: String,
    secret: Secret,
    options: Options,
    /// One for every identifier of every socket that may be opened.
    permits: Semaphore,
    sockets: Mutex<Vec<Arc<Socket>>>,
}

struct Socket {
    udp: Arc<net::Udp>,
    table: Arc<Table>,
    _reader: Task,
}

impl Udp {
    pub(crate) fn new(server: SocketAddr, secret: Secret, options: Options) -> Udp {
        let options = Options { max_sockets: options.max_sockets.clamp(1, u16::MAX.into()), ..options };
        let permits = Semaphore::new(options.max_sockets * IDENTIFIERS);
        Udp { server, place: place(server), secret, options, permits, sockets: Mutex::default() }
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(crate) async fn ask(&self, draft: &Draft, deadline: Instant) -> Result<Reply, Error> {
        let start = Instant::now();
        let seconds = || rounded(start.elapsed());
        let busy = || Error::Busy {
            server: self.place.clone(),
            seconds: seconds(),
            most: self.options.max_sockets * IDENTIFIERS,
        };
        let permit = timeout_at(deadline.into(), self.permits.acquire()).await;
        let Ok(Ok(_permit)) = permit else { return Err(busy()) };
        let (socket, ticket) =
            self.ticket(draft).map_err(|error| Error::of_io(self.place.clone(), &error))?;

        let mut times = Times { first: Instant::now(), last: Instant::now(), transmissions: 0 };
        let mut wait = jittered(FIRST_WAIT);
        // ends earlier once something wrong has come
        let mut until = deadline;
        loop {
            times.last = Instant::now();
            times.transmissions += 1;
            match timeout_at(deadline.into(), socket.udp.send(ticket.request.as_bytes())).await {
                Ok(Ok(_)) | Err(_) => {}
                // of this request or of one before: the port is closed to all of them
                Ok(Err(error)) => socket.table.fail(&down(&error)),
            }
            let again = times.last + wait;
            if self.options.max_retransmissions.is_some_and(|most| times.transmissions > most) {
                until = until.min(again);
            }
            while timeout_at(again.min(until).into(), ticket.mailbox.news()).await.is_ok() {
                let mut inbox = ticket.mailbox.look();
                if let Some(heard) = inbox.reply.take() {
                    drop(inbox);
                    if refuses(self.options.demand, draft.code(), heard.packet.code(), heard.proof) {
                        let what = heard.packet.code();
                        return Err(Error::Unauthenticated { server: self.place.clone(), what });
                    }
                    return Ok(times.reply(heard, &ticket.request, &self.secret));
                }
                if let Some(down) = inbox.down.take() {
                    return Err(failed(self.place.clone(), down));
                }
                if inbox.unfit.is_some() {
                    until = until.min(Instant::now() + SECOND_THOUGHTS);
                }
            }
            if Instant::now() >= until {
                let server = self.place.clone();
                return Err(match ticket.mailbox.look().unfit.take() {
                    Some(unfit) => Error::of_unfit(server, unfit),
                    None => Error::Silent { server, seconds: seconds(), transmissions: times.transmissions },
                });
            }
            wait = jittered((wait * 2).min(LONGEST_WAIT));
        }
    }

    /// An identifier of a socket that has one left, or of a new one. A permit is held: there is one.
    fn ticket(&self, draft: &Draft) -> io::Result<(Arc<Socket>, Ticket)> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        for socket in sockets.iter() {
            if let Some(ticket) = socket.table.take(draft) {
                return Ok((socket.clone(), ticket));
            }
        }
        let socket = Arc::new(self.open()?);
        let ticket =
            socket.table.take(draft).ok_or_else(|| io::Error::other("a new socket has no identifier"))?;
        sockets.push(socket.clone());
        Ok((socket, ticket))
    }

    fn open(&self) -> io::Result<Socket> {
        let udp = Arc::new(net::Udp::connect(self.server, self.options.source)?);
        let table = Table::new(self.secret.clone());
        let reader = Task::spawn(read(udp.clone(), table.clone()));
        Ok(Socket { udp, table, _reader: reader })
    }
}

async fn read(udp: Arc<net::Udp>, table: Arc<Table>) {
    // what is longer than a packet can be is padding behind it
    let mut buffer = vec![0; MAX_PACKET];
    loop {
        match udp.recv(&mut buffer).await {
            Ok(length) => table.deliver(buffer.get(..length).unwrap_or_default(), Instant::now()),
            // the runtime is going away
            Err(error) if error.raw_os_error().is_none() => return table.fail_for_good(&down(&error)),
            Err(error) => table.fail(&down(&error)),
        }
    }
}

fn down(error: &io::Error) -> Down {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Down::Refused,
        _ => Down::Broken(error.to_string()),
    }
}

fn failed(server: String, down: Down) -> Error {
    match down {
        Down::Refused => Error::Closed { server },
        Down::Broken(why) => Error::Broken { server, why },
    }
}

/// A tenth more or less at random, so that many who asked at once do not ask again at once (RFC 5080).
fn jittered(wait: Duration) -> Duration {
    let [octet] = random();
    wait.mul_f64(0.9 + 0.2 * f64::from(octet) / 255.0)
}

/// Seconds for people: to the tenth.
fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::Kind;
    use crate::client::{Client, Demand};
    use crate::draft::Seal;
    use crate::packet::{Code, Packet};
    use crate::proof::Proof;

    fn secret() -> Secret {
        Secret::from_argument("s3cret")
    }

    /// A server on loopback that answers each datagram by what the function makes of it.
    fn server(mut answer: impl FnMut(Packet) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 5000];
            while let Ok((length, client)) = socket.recv_from(&mut buffer) {
                for bytes in answer(Packet::decode(&buffer[..length]).unwrap()) {
                    socket.send_to(&bytes, client).unwrap();
                }
            }
        });
        address
    }

    fn accept(request: &Packet, seal: Seal) -> Vec<u8> {
        Draft::new(Code::ACCESS_ACCEPT).seal_reply(request, &secret(), seal).as_bytes().to_vec()
    }

    async fn ask(server: SocketAddr, draft: &Draft, seconds: f64) -> Result<Reply, Error> {
        let client = Client::udp(server, secret(), Options::default());
        client.ask(draft, Instant::now() + Duration::from_secs_f64(seconds)).await
    }

    #[tokio::test]
    async fn a_reply_is_taken_among_others() {
        let server = server(|request| {
            let mut other = request.as_bytes().to_vec();
            other[1] = other[1].wrapping_add(1);
            let other = Packet::decode(&other).unwrap();
            let good = accept(&request, Seal::First);
            vec![vec![], b"junk".to_vec(), accept(&other, Seal::First), good.clone(), good]
        });
        let reply = ask(server, &Draft::access_request(), 5.0).await.unwrap();
        assert_eq!(
            (reply.code(), reply.proof, reply.retransmissions),
            (Code::ACCESS_ACCEPT, Proof::First, 0)
        );
    }

    #[tokio::test]
    async fn a_lost_request_is_sent_again_as_it_was() {
        let mut seen: Option<Packet> = None;
        let server = server(move |request| match &seen {
            None => {
                seen = Some(request);
                Vec::new()
            }
            Some(first) => {
                assert_eq!(*first, request);
                vec![accept(&request, Seal::First)]
            }
        });
        let reply = ask(server, &Draft::access_request(), 10.0).await.unwrap();
        assert_eq!(reply.retransmissions, 1);
        assert!(reply.elapsed > Duration::from_millis(1700) && reply.rtt < Duration::from_secs(1));
    }

    #[tokio::test]
    async fn failures_are_told_apart() {
        let draft = Draft::access_request();
        let silent = server(|_| Vec::new());
        let error = ask(silent, &draft, 0.3).await.unwrap_err();
        assert!(matches!(error, Error::Silent { transmissions: 1, .. }), "{error}");
        assert_eq!(error.to_string(), format!("{silent}: no answer within 0.3 seconds to one request"));

        let wrong = server(|request| {
            let reply = Draft::new(Code::ACCESS_ACCEPT);
            vec![reply.seal_reply(&request, &Secret::from_argument("other"), Seal::First).as_bytes().to_vec()]
        });
        let error = ask(wrong, &draft, 0.3).await.unwrap_err();
        assert!(matches!(error, Error::WrongSecret { what: Code::ACCESS_ACCEPT, .. }), "{error}");

        let junk = server(|request| vec![vec![2, request.identifier(), 0]]);
        let error = ask(junk, &draft, 0.3).await.unwrap_err();
        assert!(matches!(error, Error::Garbage { .. }), "{error}");
        // a wrong answer does not make it wait for long
        let start = Instant::now();
        ask(junk, &draft, 60.0).await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    /// By the first request: there is no second one.
    #[tokio::test]
    async fn a_closed_port_is_noticed_at_once() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(socket) = std::net::UdpSocket::bind(any) else { continue };
            let closed = socket.local_addr().unwrap();
            drop(socket);
            let options = Options { max_retransmissions: Some(0), ..Options::default() };
            let client = Client::udp(closed, secret(), options);
            // the second asks by the same socket
            for _ in 0..2 {
                let deadline = Instant::now() + Duration::from_secs(60);
                let error = client.ask(&Draft::access_request(), deadline).await.unwrap_err();
                assert!(matches!(error, Error::Closed { .. }), "{error}");
            }
        }
    }

    #[tokio::test]
    async fn a_missing_message_authenticator_is_refused_where_it_matters() {
        let plain = server(|request| vec![accept(&request, Seal::None)]);
        let error = ask(plain, &Draft::access_request(), 5.0).await.unwrap_err();
        assert!(matches!(error, Error::Unauthenticated { .. }), "{error}");
        assert_eq!(ask(plain, &Draft::status_server(), 5.0).await.unwrap().proof, Proof::Missing);
        let options = Options { demand: Demand::Reported, ..Options::default() };
        let client = Client::udp(plain, secret(), options);
        let reply =
            client.ask(&Draft::access_request(), Instant::now() + Duration::from_secs(5)).await.unwrap();
        assert_eq!(reply.proof, Proof::Missing);
        let rejecting = server(|request| {
            let reply = Draft::new(Code::ACCESS_REJECT);
            vec![reply.seal_reply(&request, &secret(), Seal::None).as_bytes().to_vec()]
        });
        let reply = ask(rejecting, &Draft::access_request(), 5.0).await.unwrap();
        assert_eq!((reply.code(), reply.proof), (Code::ACCESS_REJECT, Proof::Missing));
    }

    /// More than one socket has identifiers; the answers come in another order.
    #[tokio::test]
    async fn a_thousand_ask_at_once() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let server = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut held, mut buffer) = (Vec::new(), [0; 5000]);
            for count in 1.. {
                let (length, client) = socket.recv_from(&mut buffer).unwrap();
                let request = Packet::decode(&buffer[..length]).unwrap();
                let mut draft = Draft::new(Code::ACCESS_ACCEPT);
                draft.add(Kind::REPLY_MESSAGE, request.first(Kind::USER_NAME).unwrap()).unwrap();
                held.push((client, draft.seal_reply(&request, &secret(), Seal::First)));
                // a few are held back, but whoever is lost on the way asks again
                if held.len() >= 7 || count >= 993 {
                    for (client, reply) in held.drain(..).rev() {
                        socket.send_to(reply.as_bytes(), client).unwrap();
                    }
                }
            }
        });
        let client = Client::udp(server, secret(), Options { max_sockets: 3, ..Options::default() });
        let mut tasks = tokio::task::JoinSet::new();
        for i in 0..1000 {
            let client = client.clone();
            tasks.spawn(async move {
                let mut draft = Draft::access_request();
                draft.add(Kind::USER_NAME, i.to_string()).unwrap();
                let reply = client.ask(&draft, Instant::now() + Duration::from_secs(60)).await.unwrap();
                assert_eq!(reply.packet.text(Kind::REPLY_MESSAGE), Some(i.to_string()));
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        let super::super::Inner::Udp(udp) = &*client.inner else { panic!("it is one") };
        let sockets = udp.sockets.lock().unwrap();
        assert_eq!(sockets.len(), 3, "a fourth is not to be opened");
        assert!(sockets.iter().all(|socket| socket.table.free() == IDENTIFIERS));
    }

    #[tokio::test]
    async fn who_gives_up_leaves_no_trace() {
        let silent = server(|_| Vec::new());
        let client = Client::udp(silent, secret(), Options { max_sockets: 1, ..Options::default() });
        let draft = Draft::access_request();
        for _ in 0..300 {
            let asking = client.ask(&draft, Instant::now() + Duration::from_secs(60));
            assert!(tokio::time::timeout(Duration::ZERO, asking).await.is_err());
        }
        let super::super::Inner::Udp(udp) = &*client.inner else { panic!("it is one") };
        assert_eq!(udp.sockets.lock().unwrap()[0].table.free(), IDENTIFIERS);
        assert_eq!(udp.permits.available_permits(), IDENTIFIERS);
    }
}
