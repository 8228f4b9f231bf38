//! One ICMP socket: datagram if the kernel permits it to this user, else raw.
//!
//! Datagram sockets need no right but a group in `net.ipv4.ping_group_range`; the kernel picks out
//! the replies by identifier. Their ICMP errors come through the error queue. Raw sockets need
//! CAP_NET_RAW and see everything.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant, SystemTime};

use check::CheckError;
use nix::errno::Errno;
use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr, ReceiveTimestampns};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrIn, SockaddrIn6, SockaddrStorage, recvmsg, setsockopt,
};
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::filter::filter;
use crate::options::Source;
use crate::packet::{Event, Refusal, Requests, TOKEN, Version, refusal};

/// Packets read before the clock is looked at again.
const AT_ONCE: usize = 64;
/// Room for what comes before the payload: an IP header with options, ICMP headers, a quoted header.
const ROOM: usize = 2048;

/// What the kernel gave us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Datagram,
    Raw,
}

/// A socket and the requests that go out by it.
pub(crate) struct Echo {
    pub kind: Kind,
    pub requests: Requests,
    socket: UdpSocket,
    target: SocketAddr,
    buffer: Vec<u8>,
    control: Vec<u8>,
}

impl Echo {
    /// Opens a socket for echo requests of `size` bytes of data to `target`.
    pub fn open(
        target: SocketAddr,
        source: Option<&Source>,
        ttl: Option<u8>,
        size: u16,
    ) -> Result<Echo, CheckError> {
        let version = Version::of(target.ip());
        let (socket, kind) = open(version)?;
        let setting = |what: &str| {
            let what = what.to_owned();
            move |error: io::Error| CheckError::internal(format!("cannot {what}: {}", spoken(&error)))
        };
        let mut random = [0; 2 + TOKEN];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
            .map_err(|error| CheckError::internal(format!("no random numbers from the kernel: {error}")))?;
        let [high, low, token @ ..] = random;
        let wanted = u16::from_be_bytes([high, low]);

        if let Some(Source::Interface(name)) = source {
            socket.bind_device(Some(name.as_bytes())).map_err(setting(&format!("use interface {name}")))?;
        }
        let local = local_address(source, target);
        let sending = setting(&format!("send from {}", local.ip()));
        let identifier = match kind {
            Kind::Raw => {
                socket.bind(&local.into()).map_err(sending)?;
                // speeds things up only, see there
                let _ = socket.attach_filter(&filter(version, wanted));
                wanted
            }
            Kind::Datagram => bind_datagram(&socket, local, wanted).map_err(sending)?,
        };
        if let Some(ttl) = ttl {
            match version {
                Version::V4 => socket.set_ttl_v4(ttl.into()),
                Version::V6 => socket.set_unicast_hops_v6(ttl.into()),
            }
            .map_err(setting("set the time to live"))?;
        }
        prepare(&socket, kind, version).map_err(|error| setting("prepare the ICMP socket")(error.into()))?;
        // not UDP, but the type in which tokio takes any socket that sends and receives packets
        let socket = UdpSocket::from_std(socket.into()).map_err(setting("watch the ICMP socket"))?;
        Ok(Echo {
            kind,
            requests: Requests::new(target.ip(), identifier, token, size),
            socket,
            target,
            buffer: vec![0; usize::from(size) + ROOM],
            control: vec![0; 512],
        })
    }

    /// Sends one request.
    pub fn send(&self, sequence: u16) -> Result<(), Refusal> {
        let packet = self.requests.encode(sequence);
        let to = SockAddr::from(self.target);
        let send = || SockRef::from(&self.socket).send_to(&packet, &to);
        // an ICMP error that came in meanwhile makes the next call fail, once, on a datagram socket
        match send().or_else(|_| send()) {
            Ok(_) => Ok(()),
            Err(error) => Err(Refusal { reason: spoken(&error), from: None }),
        }
    }

    /// Waits until something is there, then hands on what concerns our requests, with the moment
    /// at which the kernel received it. Returns after a bounded number of packets.
    pub async fn receive(&mut self, mut take: impl FnMut(Event, Instant)) -> Result<(), CheckError> {
        let broken = |error: io::Error| {
            CheckError::internal(format!("cannot read the ICMP socket: {}", spoken(&error)))
        };
        self.socket.ready(Interest::READABLE | Interest::ERROR).await.map_err(broken)?;
        for _ in 0..AT_ONCE {
            let mut quiet = true;
            // one after the other: tokio's try_io knows no interest in both
            for (interest, flags) in
                [(Interest::READABLE, MsgFlags::empty()), (Interest::ERROR, MsgFlags::MSG_ERRQUEUE)]
            {
                let (buffer, control) = (&mut self.buffer, &mut self.control);
                let read = || read(self.socket.as_raw_fd(), flags, buffer, control);
                let details = match self.socket.try_io(interest, read) {
                    Ok(details) => details,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    Err(error) => return Err(broken(error)),
                };
                quiet = false;
                let Some(details) = details else { continue };
                let packet = self.buffer.get(..details.length).unwrap_or_default();
                if let Some(event) = details.event(packet, self.kind, &self.requests) {
                    take(event, details.received);
                }
            }
            if quiet {
                break;
            }
        }
        Ok(())
    }
}

/// Reads one packet, or one error with [`MsgFlags::MSG_ERRQUEUE`]. `None` if the call gave no more
/// than the news that there is an error: the error queue tells it in full.
fn read(
    socket: RawFd,
    flags: MsgFlags,
    buffer: &mut [u8],
    control: &mut [u8],
) -> io::Result<Option<Details>> {
    let mut parts = [IoSliceMut::new(buffer)];
    match recvmsg::<SockaddrStorage>(socket, &mut parts, Some(control), flags) {
        Ok(message) => Ok(Some(Details::of(&message))),
        Err(Errno::EAGAIN) => Err(io::ErrorKind::WouldBlock.into()),
        Err(_) => Ok(None),
    }
}

/// What comes with a packet.
struct Details {
    length: usize,
    peer: Option<IpAddr>,
    received: Instant,
    /// Of a packet in the error queue.
    refusal: Option<Refusal>,
}

impl Details {
    fn of(message: &nix::sys::socket::RecvMsg<'_, '_, SockaddrStorage>) -> Details {
        let now = Instant::now();
        let peer = message.address.and_then(|address| {
            let four = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
            four.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
        });
        let mut details = Details { length: message.bytes, peer, received: now, refusal: None };
        // control messages that were cut off are as good as none
        for control in message.cmsgs().into_iter().flatten() {
            match control {
                ControlMessageOwned::ScmTimestampns(stamp) => {
                    details.received = now.checked_sub(waited(stamp.into())).unwrap_or(now);
                }
                ControlMessageOwned::Ipv4RecvErr(error, from) => {
                    let from = from.map(|from| IpAddr::V4(SockaddrIn::from(from).ip()));
                    details.refusal = refusal_of(Version::V4, &error, from);
                }
                ControlMessageOwned::Ipv6RecvErr(error, from) => {
                    let from = from.map(|from| IpAddr::V6(SockaddrIn6::from(from).ip()));
                    details.refusal = refusal_of(Version::V6, &error, from);
                }
                _ => {}
            }
        }
        details
    }

    fn event(&self, packet: &[u8], kind: Kind, requests: &Requests) -> Option<Event> {
        let peer = self.peer?;
        match (&self.refusal, kind) {
            (Some(refusal), _) => requests.read_quoted(peer, packet, refusal.clone()),
            (None, Kind::Raw) if peer.is_ipv4() => requests.read_ip(peer, packet),
            (None, _) => requests.read_message(peer, packet),
        }
    }
}

/// How long ago the kernel received a packet. A wall clock that was set meanwhile gives nonsense:
/// more than a few seconds is taken for that.
fn waited(stamp: Duration) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.checked_sub(stamp).filter(|waited| *waited < Duration::from_secs(5)).unwrap_or_default()
}

/// The name of an entry of the error queue.
fn refusal_of(
    version: Version,
    error: &nix::libc::sock_extended_err,
    from: Option<IpAddr>,
) -> Option<Refusal> {
    const LOCAL: u8 = 1;
    if error.ee_origin == LOCAL {
        let errno = i32::try_from(error.ee_errno).unwrap_or_default();
        return Some(Refusal { reason: spoken(&io::Error::from_raw_os_error(errno)), from: None });
    }
    refusal(version, error.ee_type, error.ee_code).map(|reason| Refusal { reason, from })
}

/// What the system said, without the number.
fn spoken(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn open(version: Version) -> Result<(Socket, Kind), CheckError> {
    let (domain, protocol) = match version {
        Version::V4 => (Domain::IPV4, Protocol::ICMPV4),
        Version::V6 => (Domain::IPV6, Protocol::ICMPV6),
    };
    let socket = |kind: Type| Socket::new(domain, kind.nonblocking(), Some(protocol));
    if let Ok(socket) = socket(Type::DGRAM) {
        return Ok((socket, Kind::Datagram));
    }
    match socket(Type::RAW) {
        Ok(socket) => Ok((socket, Kind::Raw)),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(not_permitted()),
        Err(error) => Err(CheckError::internal(format!("cannot open an ICMP socket: {}", spoken(&error)))),
    }
}

/// Both ways out, on the one line that every interface shows.
fn not_permitted() -> CheckError {
    let program = std::env::current_exe().unwrap_or_else(|_| "check_ping".into());
    CheckError::internal(format!(
        "no right to send pings: run `setcap cap_net_raw+ep {}`, or permit it to all groups by `sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"`",
        program.display()
    ))
}

/// The source if it is an address, else any. A link-local one is meant on the target's interface.
fn local_address(source: Option<&Source>, target: SocketAddr) -> SocketAddr {
    let address = match (source, target) {
        (Some(Source::Address(address)), _) => *address,
        (_, SocketAddr::V4(_)) => Ipv4Addr::UNSPECIFIED.into(),
        (_, SocketAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
    };
    match (address, target) {
        (IpAddr::V6(address), SocketAddr::V6(target)) => {
            SocketAddrV6::new(address, 0, 0, target.scope_id()).into()
        }
        (address, _) => (address, 0).into(),
    }
}

/// The identifier of a datagram socket is its port. A random one, if it is free; the kernel's own
/// choice counts up and is easily guessed. Linux makes these sockets with SO_REUSEADDR on, and would
/// give one identifier to two of them, of which one then gets the replies of both.
fn bind_datagram(socket: &Socket, mut local: SocketAddr, wanted: u16) -> io::Result<u16> {
    socket.set_reuse_address(false)?;
    let mut bind = |port: u16| {
        local.set_port(port);
        socket.bind(&local.into())
    };
    match bind(wanted) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => bind(0)?,
        result => result?,
    }
    let bound = socket.local_addr()?.as_socket();
    bound.map(|address| address.port()).ok_or_else(|| io::Error::other("the socket has no identifier"))
}

/// Receive times from the kernel, so that a busy process does not add its own delays to the round
/// trip; and errors by the error queue.
fn prepare(socket: &Socket, kind: Kind, version: Version) -> Result<(), Errno> {
    setsockopt(socket, ReceiveTimestampns, &true)?;
    match (kind, version) {
        (Kind::Raw, _) => Ok(()),
        (Kind::Datagram, Version::V4) => setsockopt(socket, Ipv4RecvErr, &true),
        (Kind::Datagram, Version::V6) => setsockopt(socket, Ipv6RecvErr, &true),
    }
}
