//! Datagrams to one server and back.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::net::RecvFlags;
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// A connected socket: it hears nobody but its server, and at once that the server's port is closed
/// ([`io::ErrorKind::ConnectionRefused`]).
#[derive(Debug)]
pub struct Udp(UdpSocket);

impl Udp {
    /// A socket to this server, from this local address if one is given. Needs a tokio runtime.
    pub fn connect(server: SocketAddr, source: Option<IpAddr>) -> io::Result<Udp> {
        let any: IpAddr =
            if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = std::net::UdpSocket::bind((source.unwrap_or(any), 0))?;
        socket.connect(server)?;
        socket.set_nonblocking(true)?;
        Ok(Udp(UdpSocket::from_std(socket)?))
    }

    /// Sends one datagram.
    pub async fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.0.send(datagram).await
    }

    /// Reads one datagram, as much of it as there is room for.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        // tokio's own does not wake for a refusal: a socket with nothing but an error is not readable
        let news = Interest::READABLE | Interest::ERROR;
        self.0.async_io(news, || Ok(rustix::net::recv(&self.0, &mut *buffer, RecvFlags::empty())?.0)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn datagrams_go_there_and_back() {
        let server = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let socket = Udp::connect(server.local_addr().unwrap(), None).unwrap();
        socket.send(b"ping").await.unwrap();
        let mut buffer = [0; 8];
        let (length, client) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"ping");
        let stranger = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        stranger.send_to(b"me", client).unwrap();
        server.send_to(b"longer than the room", client).unwrap();
        assert_eq!(socket.recv(&mut buffer).await.unwrap(), 8);
        assert_eq!(&buffer, b"longer t");
    }

    #[tokio::test]
    async fn a_closed_port_ends_the_wait() {
        let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let socket = Udp::connect(closed, None).unwrap();
        for _ in 0..2 {
            socket.send(b"ping").await.unwrap();
            let heard = tokio::time::timeout(Duration::from_secs(60), socket.recv(&mut [0; 8])).await;
            assert_eq!(heard.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        }
    }
}
