//! RADIUS over one connection (RFC 6613, under TLS RFC 6614): requests one after the other, replies
//! in any order, each as long as its header says.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use check::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout_at;

use super::mailbox::Down;
use super::table::Table;
use super::{Demand, IDENTIFIERS, Reply, Task, Times, refuses};
use crate::attribute::Kind;
use crate::draft::Draft;
use crate::error::Error;
use crate::packet::{HEADER, MAX_PACKET, Packet};

pub(crate) struct Radsec {
    place: String,
    secret: Secret,
    demand: Demand,
    permits: Semaphore,
    table: Arc<Table>,
    /// To the task that writes: whoever gives up waiting must not leave half a packet behind.
    requests: mpsc::Sender<Arc<Packet>>,
    _tasks: [Task; 2],
}

impl Radsec {
    pub(crate) fn new(stream: net::Stream, place: String, secret: Secret, demand: Demand) -> Radsec {
        // a system that cannot do it is slower, no more
        let _ = stream.set_nodelay();
        let (reader, writer) = tokio::io::split(stream);
        let table = Table::new(secret.clone());
        let (requests, queue) = mpsc::channel(IDENTIFIERS);
        let tasks =
            [Task::spawn(read(reader, table.clone())), Task::spawn(write(writer, queue, table.clone()))];
        let permits = Semaphore::new(IDENTIFIERS);
        Radsec { place, secret, demand, permits, table, requests, _tasks: tasks }
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(crate) async fn ask(&self, draft: &Draft, deadline: Instant) -> Result<Reply, Error> {
        let start = Instant::now();
        let seconds = || (start.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        let server = || self.place.clone();
        let busy = || Error::Busy { server: server(), seconds: seconds(), most: IDENTIFIERS };
        let Ok(Ok(_permit)) = timeout_at(deadline.into(), self.permits.acquire()).await else {
            return Err(busy());
        };
        let ticket = self.table.take(draft).ok_or_else(busy)?;
        // a closed queue is told by the mailbox too
        let _ = timeout_at(deadline.into(), self.requests.send(ticket.request.clone())).await;
        let now = Instant::now();
        // what TCP carries is not sent again (RFC 6613 section 2.6.5)
        let times = Times { first: now, last: now, transmissions: 1 };
        while timeout_at(deadline.into(), ticket.mailbox.news()).await.is_ok() {
            let mut inbox = ticket.mailbox.look();
            if let Some(heard) = inbox.reply.take() {
                drop(inbox);
                // TLS has proven who answers; EAP wants it all the same (RFC 3579 section 3.2)
                let is_eap = heard.packet.first(Kind::EAP_MESSAGE).is_some();
                if is_eap && refuses(self.demand, draft.code(), heard.packet.code(), heard.proof) {
                    return Err(Error::Unauthenticated { server: server(), what: heard.packet.code() });
                }
                return Ok(times.reply(heard, &ticket.request, &self.secret));
            }
            // nobody else writes on this connection: what is wrong will not be followed by what is right
            if let Some(unfit) = inbox.unfit.take() {
                return Err(Error::of_unfit(server(), unfit));
            }
            if let Some(down) = inbox.down.take() {
                let why = match down {
                    Down::Refused => "the connection was refused".to_owned(),
                    Down::Broken(why) => why,
                };
                return Err(Error::Broken { server: server(), why });
            }
        }
        Err(Error::Silent { server: server(), seconds: seconds(), transmissions: 1 })
    }
}

async fn read(mut reader: ReadHalf<net::Stream>, table: Arc<Table>) {
    let mut packet = Vec::new();
    loop {
        match frame(&mut reader, &mut packet).await {
            Ok(()) => table.deliver(&packet, Instant::now()),
            Err(error) => return table.fail_for_good(&Down::Broken(ended(&error))),
        }
    }
}

/// Reads one packet, which is as long as its header says. A length that no packet has ends the
/// connection: where the next one begins is not known then (RFC 6613 section 2.6.4).
async fn frame(reader: &mut ReadHalf<net::Stream>, packet: &mut Vec<u8>) -> io::Result<()> {
    packet.clear();
    packet.resize(4, 0);
    reader.read_exact(packet).await?;
    let length =
        packet.get(2..4).map_or(0, |part| part.iter().fold(0, |all, octet| all << 8 | usize::from(*octet)));
    if !(HEADER..=MAX_PACKET).contains(&length) {
        let said = net::excerpt(packet);
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it sent what is no RADIUS packet (it begins with `{said}`)"),
        ));
    }
    packet.resize(length, 0);
    let rest = packet.get_mut(4..).unwrap_or_default();
    reader.read_exact(rest).await.map(|_| ())
}

async fn write(
    mut writer: WriteHalf<net::Stream>,
    mut queue: mpsc::Receiver<Arc<Packet>>,
    table: Arc<Table>,
) {
    while let Some(packet) = queue.recv().await {
        let sent = match writer.write_all(packet.as_bytes()).await {
            Ok(()) => writer.flush().await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            // the reader may know better why: an alert that refuses our certificate, say
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            return table.fail_for_good(&Down::Broken(ended(&error)));
        }
    }
}

/// Why a connection ended, in words.
fn ended(error: &io::Error) -> String {
    if let Some(alert) = net::tls::alert(error) {
        return format!("the server ended the TLS connection (alert `{alert}`){}", advice(&alert));
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the server closed the connection instead of answering: it may not take the client certificate, or not know this client".to_owned()
        }
        _ => error.to_string(),
    }
}

/// What an alert behind the handshake mostly means: with TLS 1.3 a server looks at our certificate only
/// after we are through.
fn advice(alert: &str) -> &'static str {
    match alert {
        "certificate required" => ": it wants a client certificate",
        "unknown ca" | "bad certificate" | "certificate unknown" | "access denied" => {
            ": it does not trust the client certificate"
        }
        "certificate expired" => ": the client certificate has expired",
        "certificate revoked" => ": the client certificate is revoked",
        "unsupported certificate" => ": the client certificate is not for clients",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::draft::Seal;
    use crate::packet::Code;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::time::Duration;

    fn secret() -> Secret {
        Secret::from_argument("radsec")
    }

    /// A server that reads so many packets and then writes what the function makes of them.
    fn server(wanted: usize, answer: impl FnOnce(Vec<Packet>) -> Vec<u8> + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut packets = Vec::new();
            while packets.len() < wanted {
                let mut head = [0; 4];
                stream.read_exact(&mut head).unwrap();
                let mut packet = head.to_vec();
                packet.resize(usize::from(u16::from_be_bytes([head[2], head[3]])), 0);
                stream.read_exact(&mut packet[4..]).unwrap();
                packets.push(Packet::decode(&packet).unwrap());
            }
            for octet in answer(packets) {
                // octet by octet: the reader has to put packets together
                if stream.write_all(&[octet]).is_err() {
                    return;
                }
            }
        });
        address
    }

    async fn client(server: SocketAddr) -> Client {
        let stream = tokio::net::TcpStream::connect(server).await.unwrap();
        Client::radsec(stream.into(), "radsec.test:2083", secret(), Demand::Required)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[tokio::test]
    async fn many_share_a_connection() {
        let server = server(300, |packets| {
            let answers = packets.iter().rev().map(|request| {
                let mut draft = Draft::new(Code::ACCESS_ACCEPT);
                draft.add(Kind::REPLY_MESSAGE, request.first(Kind::USER_NAME).unwrap()).unwrap();
                draft.seal_reply(request, &secret(), Seal::First).as_bytes().to_vec()
            });
            answers.flatten().collect()
        });
        // 256 of the 300 are on their way at once, 44 wait for an identifier: the server above answers
        // none before it has all, so those that give up make room
        let client = client(server).await;
        let mut tasks = tokio::task::JoinSet::new();
        for i in 0..300 {
            let client = client.clone();
            tasks.spawn(async move {
                let mut draft = Draft::access_request();
                draft.add(Kind::USER_NAME, i.to_string()).unwrap();
                let patience = if i < 50 { Duration::from_millis(300) } else { Duration::from_secs(20) };
                match client.ask(&draft, Instant::now() + patience).await {
                    Ok(reply) => assert_eq!(reply.packet.text(Kind::REPLY_MESSAGE), Some(i.to_string())),
                    Err(error) => assert!(i < 50 && matches!(error, Error::Silent { .. }), "{i}: {error}"),
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    }

    #[tokio::test]
    async fn the_end_of_a_connection_reaches_all() {
        let closing = client(server(1, |_| Vec::new())).await;
        let error = closing.ask(&Draft::status_server(), soon()).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("radsec.test:2083: the server closed the connection"), "{text}");
        assert!(closing.ask(&Draft::status_server(), soon()).await.is_err());
        let babbling = client(server(1, |_| b"HTTP/1.1 400 Bad Request".to_vec())).await;
        let error = babbling.ask(&Draft::status_server(), soon()).await.unwrap_err();
        assert!(error.to_string().contains("it begins with `HTTP`"), "{error}");
    }

    #[tokio::test]
    async fn a_wrong_secret_is_told_at_once() {
        let other = client(server(1, |packets| {
            let draft = Draft::new(Code::ACCESS_ACCEPT);
            let reply = draft.seal_reply(&packets[0], &Secret::from_argument("other"), Seal::First);
            reply.as_bytes().to_vec()
        }))
        .await;
        let error = other.ask(&Draft::access_request(), soon()).await.unwrap_err();
        assert!(matches!(error, Error::WrongSecret { .. }), "{error}");
    }
}
