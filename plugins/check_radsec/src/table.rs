//! The kernel's table of TCP connections, as `/proc/net/tcp` and `/proc/net/tcp6` show it.

use std::io::{self, BufRead};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Longest line that is read; the kernel's have 150 to 190 octets.
const MAX_LINE: u64 = 1024;

/// Most connections that are read of one table; a line has some 160 octets, so this is half a
/// gigabyte, and more than a server of RADIUS has sockets.
pub const MAX_CONNECTIONS: usize = 4_000_000;

/// One connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// This machine's end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
    /// How it stands.
    pub state: TcpState,
}

/// The states of RFC 9293 that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpState {
    /// Both ends agree that it stands.
    Established,
    /// It is being made, or ended: by the kernel's number.
    Other(u8),
}

impl TcpState {
    /// Its name, as `ss` and `netstat` have it.
    pub fn name(self) -> &'static str {
        match self {
            TcpState::Established => "ESTABLISHED",
            TcpState::Other(2) => "SYN-SENT",
            TcpState::Other(3 | 12) => "SYN-RECV",
            TcpState::Other(4) => "FIN-WAIT-1",
            TcpState::Other(5) => "FIN-WAIT-2",
            TcpState::Other(6) => "TIME-WAIT",
            TcpState::Other(7) => "CLOSED",
            TcpState::Other(8) => "CLOSE-WAIT",
            TcpState::Other(9) => "LAST-ACK",
            TcpState::Other(10) => "LISTEN",
            TcpState::Other(11) => "CLOSING",
            TcpState::Other(_) => "of an unknown state",
        }
    }
}

/// Reads a table, and keeps of it what `wanted` says. Lines that are no connections, the heading among
/// them, are passed over.
pub fn read(table: impl BufRead, wanted: impl Fn(&Connection) -> bool) -> io::Result<Vec<Connection>> {
    let mut found = Vec::new();
    let mut table = table;
    let mut bytes = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        bytes.clear();
        let length = io::Read::take(&mut table, MAX_LINE).read_until(b'\n', &mut bytes)?;
        if length == 0 {
            return Ok(found);
        }
        let connection = std::str::from_utf8(&bytes).ok().and_then(line);
        found.extend(connection.filter(&wanted));
    }
    Err(io::Error::other(format!("it has more than {MAX_CONNECTIONS} lines")))
}

/// Reads one line: number, local and remote end, state, and what is of no interest here.
pub fn line(text: &str) -> Option<Connection> {
    let mut words = text.split_ascii_whitespace();
    words.next().filter(|number| number.ends_with(':'))?;
    let (local, remote) = (end(words.next()?)?, end(words.next()?)?);
    let state = match u8::from_str_radix(words.next()?, 16).ok()? {
        1 => TcpState::Established,
        other => TcpState::Other(other),
    };
    Some(Connection { local, remote, state })
}

/// An address in words of four octets, each as a number in the machine's own order, and a port.
fn end(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| {
        let digits = address.get(at * 8..at * 8 + 8)?;
        let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| all).map(u32::to_ne_bytes)
    };
    let ip: IpAddr = match address.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let octets = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
            // IPv4 at a socket of IPv6 is IPv4 all the same
            Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).to_canonical()
        }
        _ => return None,
    };
    Some((ip, port).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    fn octets(words: &[[u8; 4]]) -> String {
        let number = |word: &[u8; 4]| format!("{:08X}", u32::from_ne_bytes(*word));
        words.iter().map(number).collect::<Vec<_>>().concat()
    }

    #[test]
    fn both_families_are_read() {
        let v4 = format!(
            "   0: {}:0823 {}:C350 01 00000000:00000000\n",
            octets(&[[192, 0, 2, 1]]),
            octets(&[[192, 0, 2, 2]])
        );
        let v6 = format!(
            "  17: {}:C350 {}:0823 06 x\n",
            octets(&[[0x20, 1, 0xd, 0xb8], [0; 4], [0; 4], [0, 0, 0, 1]]),
            octets(&[[0; 4], [0; 4], [0, 0, 0xff, 0xff], [192, 0, 2, 3]])
        );
        let table = format!("{HEAD}{v4}{v6}");
        let read = read(table.as_bytes(), |_| true).unwrap();
        let connection = |local: &str, remote: &str, state| Connection {
            local: local.parse().unwrap(),
            remote: remote.parse().unwrap(),
            state,
        };
        assert_eq!(
            read,
            [
                connection("192.0.2.1:2083", "192.0.2.2:50000", TcpState::Established),
                connection("[2001:db8::1]:50000", "192.0.2.3:2083", TcpState::Other(6)),
            ]
        );
        assert_eq!(read[1].state.name(), "TIME-WAIT");
    }

    #[test]
    fn what_is_no_connection_is_passed_over() {
        let long = format!("{}\n   0: 0100007F:0823 0100007F:C350 01\n", "x".repeat(3000));
        assert_eq!(read(long.as_bytes(), |_| true).unwrap().len(), 1);
        for bad in [
            "",
            "0: a b 01",
            "0: 0100007F:0823 0100007F:C350",
            "0 0100007F:0823 0100007F:C350 01",
            "0: +100007F:0823 0100007F:C350 01",
            "0: 0100007F0823 0100007F:C350 01",
            "0: 0100007F:0823 0100007F:C350 zz",
        ] {
            assert_eq!(line(bad), None, "{bad}");
        }
    }

    /// The machine's own table holds the connection of this test, at both ends.
    #[test]
    fn the_kernels_own_table_is_read() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let _server = listener.accept().unwrap();
        let table = std::fs::File::open("/proc/net/tcp").unwrap();
        let own = client.local_addr().unwrap();
        let found = read(io::BufReader::new(table), |one| one.local == own || one.remote == own).unwrap();
        assert!(found.len() == 2 && found.iter().all(|one| one.state == TcpState::Established), "{found:?}");
    }

    proptest! {
        #[test]
        fn no_table_makes_it_panic(noise in "[0-9A-F: é\n]{0,200}") {
            let _ = (read(noise.as_bytes(), |_| true), line(&noise));
        }
    }
}
