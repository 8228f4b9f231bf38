//! ICMP and ICMPv6 echo on the wire, pure: what is sent, and what of the received is an answer to it.
//!
//! A raw socket sees every ICMP packet of the machine, and anybody can send one. A reply counts only
//! if identifier, sequence number, source address and the whole payload, which starts with a random
//! token, are those of a request of this run.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Length of the ICMP header of an echo message.
const HEADER: usize = 8;
/// Length of the random token at the start of the payload.
pub(crate) const TOKEN: usize = 8;

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V4,
    V6,
}

impl Version {
    pub fn of(address: IpAddr) -> Version {
        if address.is_ipv4() { Version::V4 } else { Version::V6 }
    }

    fn echo_request(self) -> u8 {
        match self {
            Version::V4 => 8,
            Version::V6 => 128,
        }
    }

    fn echo_reply(self) -> u8 {
        match self {
            Version::V4 => 0,
            Version::V6 => 129,
        }
    }
}

/// The requests of one run to one target.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    pub target: IpAddr,
    pub identifier: u16,
    payload: Vec<u8>,
}

/// Why a packet will not be answered, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub reason: String,
    /// None if this machine did.
    pub from: Option<IpAddr>,
}

/// A received packet that concerns one of our requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Reply { sequence: u16 },
    Refused { sequence: u16, refusal: Refusal },
}

impl Requests {
    /// A payload of `size` bytes: the token (as much of it as there is room for), then a pattern.
    pub fn new(target: IpAddr, identifier: u16, token: [u8; TOKEN], size: u16) -> Requests {
        let pattern = (0..=u8::MAX).cycle();
        let payload = token.into_iter().chain(pattern).take(usize::from(size)).collect();
        Requests { target, identifier, payload }
    }

    /// An echo request. The checksum of ICMPv6 covers the addresses and is the kernel's to fill in.
    pub fn encode(&self, sequence: u16) -> Vec<u8> {
        let version = Version::of(self.target);
        let mut packet = Vec::with_capacity(HEADER + self.payload.len());
        packet.extend([version.echo_request(), 0, 0, 0]);
        packet.extend(self.identifier.to_be_bytes());
        packet.extend(sequence.to_be_bytes());
        packet.extend(&self.payload);
        if version == Version::V4 {
            let sum = checksum(&packet).to_be_bytes();
            packet[2..4].copy_from_slice(&sum);
        }
        packet
    }

    /// Reads what a raw IPv4 socket gives: an IP packet.
    pub fn read_ip(&self, from: IpAddr, packet: &[u8]) -> Option<Event> {
        let (_, message) = split_ipv4(packet)?;
        self.read_message(from, message)
    }

    /// Reads an ICMP message, as all other sockets give it. The kernel has verified the checksum of
    /// ICMPv6; raw sockets get ICMP packets before that.
    pub fn read_message(&self, from: IpAddr, message: &[u8]) -> Option<Event> {
        let version = Version::of(self.target);
        let [kind, code, _, _, rest @ ..] = message else { return None };
        if version == Version::V4 && checksum(message) != 0 {
            return None;
        }
        if *kind == version.echo_reply() && *code == 0 {
            let ([identifier, sequence], payload) = words(rest)?;
            let ours = from == self.target && identifier == self.identifier && payload == self.payload;
            return ours.then_some(Event::Reply { sequence });
        }
        let reason = refusal(version, *kind, *code)?;
        let quoted = rest.get(4..)?;
        let (destination, request) = match version {
            Version::V4 => {
                let (header, request) = split_ipv4(quoted)?;
                let destination: [u8; 4] = header.get(16..20)?.try_into().ok()?;
                // ICMP, and the first fragment: the others have no header to recognize
                let offset = u16::from_be_bytes([*header.get(6)?, *header.get(7)?]) << 3;
                let first = *header.get(9)? == 1 && offset == 0;
                (IpAddr::from(Ipv4Addr::from(destination)), first.then_some(request)?)
            }
            Version::V6 => {
                let (header, request) = quoted.split_at_checked(40)?;
                let destination: [u8; 16] = header.get(24..40)?.try_into().ok()?;
                let icmp = header.first()? >> 4 == 6 && *header.get(6)? == 58;
                (IpAddr::from(Ipv6Addr::from(destination)), icmp.then_some(request)?)
            }
        };
        let refusal = Refusal { reason, from: Some(from) };
        self.read_quoted(destination, request, refusal)
    }

    /// Reads a request of ours that was sent back with an error. Routers need quote no more than
    /// its first eight bytes; of the token, what is there must be right.
    pub fn read_quoted(&self, destination: IpAddr, request: &[u8], refusal: Refusal) -> Option<Event> {
        let [kind, 0, _, _, rest @ ..] = request else { return None };
        let ([identifier, sequence], payload) = words(rest)?;
        let shown = payload.len().min(self.payload.len()).min(TOKEN);
        let ours = destination == self.target
            && *kind == Version::of(self.target).echo_request()
            && identifier == self.identifier
            && payload.get(..shown) == self.payload.get(..shown);
        ours.then_some(Event::Refused { sequence, refusal })
    }
}

/// The name of an ICMP error, `None` for messages that refuse nothing. Words as ping has them.
pub(crate) fn refusal(version: Version, kind: u8, code: u8) -> Option<String> {
    let name = match (version, kind, code) {
        (Version::V4, 3, 0) => "Destination network unreachable",
        (Version::V4, 3, 1) | (Version::V6, 1, 3) => "Destination host unreachable",
        (Version::V4, 3, 2) => "Destination protocol unreachable",
        (Version::V4, 3, 3) | (Version::V6, 1, 4) => "Destination port unreachable",
        (Version::V4, 3, 4) => "Fragmentation needed",
        (Version::V4, 3, 5) => "Source route failed",
        (Version::V4, 3, 6) => "Destination network unknown",
        (Version::V4, 3, 7) => "Destination host unknown",
        (Version::V4, 3, 9) => "Destination network prohibited",
        (Version::V4, 3, 10) => "Destination host prohibited",
        (Version::V4, 3, 13) | (Version::V6, 1, 1) => "Packet filtered",
        (Version::V6, 1, 0) => "No route to destination",
        (Version::V6, 1, 2) => "Beyond scope of source address",
        (Version::V6, 1, 5) => "Source address failed policy",
        (Version::V6, 1, 6) => "Route to destination rejected",
        (Version::V6, 2, _) => "Packet too big",
        (Version::V4, 11, 0) | (Version::V6, 3, 0) => "Time to live exceeded",
        (Version::V4, 11, _) | (Version::V6, 3, _) => "Fragment reassembly time exceeded",
        (Version::V4, 12, _) | (Version::V6, 4, _) => "Parameter problem",
        (Version::V4, 3, _) | (Version::V6, 1, _) => {
            return Some(format!("Destination unreachable (code {code})"));
        }
        _ => return None,
    };
    Some(name.to_owned())
}

/// Header and content of an IPv4 packet.
fn split_ipv4(packet: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = *packet.first()?;
    let length = usize::from(first & 0x0f) * 4;
    if first >> 4 != 4 || length < 20 {
        return None;
    }
    packet.split_at_checked(length)
}

/// Two 16-bit numbers, and what follows them.
fn words(bytes: &[u8]) -> Option<([u16; 2], &[u8])> {
    let ([a, b, c, d], rest) = bytes.split_first_chunk()?;
    Some(([u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])], rest))
}

/// The Internet checksum (RFC 1071). Zero over a packet that holds its own checksum.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u64 = 0;
    for pair in bytes.chunks(2) {
        let low = pair.get(1).copied().unwrap_or(0);
        sum += u64::from(u16::from_be_bytes([pair[0], low]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("folded into 16 bits above")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TARGET: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9));
    const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    const TARGET_6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 9));

    fn requests(target: IpAddr, size: u16) -> Requests {
        Requests::new(target, 0x1234, *b"tokentok", size)
    }

    /// Sets the checksum of an ICMP message.
    fn sealed(mut message: Vec<u8>) -> Vec<u8> {
        message[2..4].fill(0);
        let sum = checksum(&message).to_be_bytes();
        message[2..4].copy_from_slice(&sum);
        message
    }

    fn ipv4(protocol: u8, destination: [u8; 4], options: usize, content: &[u8]) -> Vec<u8> {
        let mut packet = vec![0_u8; 20 + options * 4];
        packet[0] = 0x40 | u8::try_from(5 + options).unwrap();
        packet[9] = protocol;
        packet[16..20].copy_from_slice(&destination);
        packet.extend(content);
        packet
    }

    fn reply(requests: &Requests, sequence: u16) -> Vec<u8> {
        let mut message = requests.encode(sequence);
        message[0] = Version::of(requests.target).echo_reply();
        if requests.target.is_ipv4() { sealed(message) } else { message }
    }

    fn unreachable(requests: &Requests, quote: &[u8]) -> Option<Event> {
        let mut message = vec![3, 1, 0, 0, 0, 0, 0, 0];
        message.extend(quote);
        requests.read_message(ROUTER, &sealed(message))
    }

    #[test]
    fn the_checksum_is_that_of_the_rfc() {
        // the example of RFC 1071, section 3
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&requests(TARGET, 57).encode(7)), 0);
        assert_eq!(checksum(&vec![0xff; 65_535]), 0x00ff);
    }

    #[test]
    fn a_request_is_as_long_as_was_asked_and_holds_its_token() {
        for size in [0, 1, 8, 56, 1000, 65_507] {
            let packet = requests(TARGET, size).encode(1);
            assert_eq!(packet.len(), 8 + usize::from(size));
            assert_eq!(packet[..2], [8, 0]);
        }
        assert_eq!(requests(TARGET, 56).encode(0x0203)[4..16], *b"\x12\x34\x02\x03tokentok");
        assert_eq!(requests(TARGET_6, 56).encode(1)[..4], [128, 0, 0, 0]);
    }

    #[test]
    fn a_reply_counts_if_all_of_it_is_right() {
        let ours = requests(TARGET, 56);
        let good = reply(&ours, 7);
        assert_eq!(ours.read_message(TARGET, &good), Some(Event::Reply { sequence: 7 }));
        assert_eq!(ours.read_ip(TARGET, &ipv4(1, [0; 4], 3, &good)), Some(Event::Reply { sequence: 7 }));

        let changed = |at: usize, value: u8| {
            let mut message = good.clone();
            message[at] = value;
            message
        };
        let hostile = [
            ("wrong identifier", TARGET, sealed(changed(4, 0))),
            ("wrong token", TARGET, sealed(changed(8, 0))),
            ("wrong data", TARGET, sealed(changed(63, 0))),
            ("wrong code", TARGET, sealed(changed(1, 1))),
            ("a request", TARGET, sealed(changed(0, 8))),
            ("bad checksum", TARGET, changed(2, good[2] ^ 1)),
            ("truncated", TARGET, sealed(good[..40].to_vec())),
            ("only a header", TARGET, sealed(good[..8].to_vec())),
            ("longer", TARGET, sealed([good.clone(), vec![0; 2]].concat())),
            ("another source", ROUTER, good.clone()),
        ];
        for (what, from, message) in hostile {
            assert_eq!(ours.read_message(from, &message), None, "{what}");
        }

        let ours = requests(TARGET_6, 56);
        assert_eq!(ours.read_message(TARGET_6, &reply(&ours, 9)), Some(Event::Reply { sequence: 9 }));
        assert_eq!(ours.read_message(TARGET, &reply(&ours, 9)), None);
    }

    #[test]
    fn an_error_counts_if_it_quotes_a_request_of_ours() {
        let ours = requests(TARGET, 56);
        let request = ours.encode(3);
        let refused = Some(Event::Refused {
            sequence: 3,
            refusal: Refusal { reason: "Destination host unreachable".to_owned(), from: Some(ROUTER) },
        });
        assert_eq!(unreachable(&ours, &ipv4(1, [10, 0, 0, 9], 0, &request)), refused);
        assert_eq!(unreachable(&ours, &ipv4(1, [10, 0, 0, 9], 2, &request[..8])), refused, "the least quote");
        let padded = [request.clone(), vec![0; 60]].concat();
        assert_eq!(unreachable(&ours, &ipv4(1, [10, 0, 0, 9], 0, &padded)), refused, "padded (RFC 4884)");

        let mut foreign = request.clone();
        foreign[10] ^= 1;
        let mut fragment = ipv4(1, [10, 0, 0, 9], 0, &request);
        fragment[7] = 1;
        for (what, quote) in [
            ("another token", ipv4(1, [10, 0, 0, 9], 0, &foreign)),
            ("another destination", ipv4(1, [10, 0, 0, 8], 0, &request)),
            ("another protocol", ipv4(17, [10, 0, 0, 9], 0, &request)),
            ("a later fragment", fragment),
            ("a quote of seven bytes", ipv4(1, [10, 0, 0, 9], 0, &request[..7])),
            ("a reply", ipv4(1, [10, 0, 0, 9], 0, &reply(&ours, 3))),
            ("nothing", Vec::new()),
        ] {
            assert_eq!(unreachable(&ours, &quote), None, "{what}");
        }
    }

    #[test]
    fn errors_of_ipv6_are_read_too() {
        let ours = requests(TARGET_6, 56);
        let mut message = vec![1, 3, 0, 0, 0, 0, 0, 0];
        let mut header = [0_u8; 40];
        header[0] = 0x60;
        header[6] = 58;
        let IpAddr::V6(destination) = TARGET_6 else { unreachable!() };
        header[24..].copy_from_slice(&destination.octets());
        message.extend(header);
        message.extend(ours.encode(5));
        let Some(Event::Refused { sequence: 5, refusal }) = ours.read_message(TARGET_6, &message) else {
            panic!("not understood")
        };
        assert_eq!(refusal.reason, "Destination host unreachable");
        message[8] = 0x40;
        assert_eq!(ours.read_message(TARGET_6, &message), None);
    }

    #[test]
    fn what_refuses_nothing_is_no_refusal() {
        for kind in [0, 4, 5, 8, 9, 10, 13, 14, 17, 18, 255] {
            assert_eq!(refusal(Version::V4, kind, 0), None, "{kind}");
        }
        for kind in [0, 100, 128, 129, 133, 134, 135, 136, 137] {
            assert_eq!(refusal(Version::V6, kind, 0), None, "{kind}");
        }
        assert_eq!(refusal(Version::V4, 3, 200).as_deref(), Some("Destination unreachable (code 200)"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_count(bytes in proptest::collection::vec(any::<u8>(), 0..200), size in 0_u16..64) {
            for target in [TARGET, TARGET_6] {
                let ours = requests(target, size);
                prop_assert_eq!(ours.read_ip(target, &bytes), None);
                // random bytes are no reply of ours but for the smallest payloads
                if size >= 8 {
                    prop_assert_eq!(ours.read_message(target, &bytes), None);
                }
            }
        }

        #[test]
        fn no_damage_to_a_true_packet_makes_it_panic(
            sequence: u16,
            damage in proptest::collection::vec((0_usize..140, any::<u8>()), 0..6),
            length in 0_usize..140,
        ) {
            let ours = requests(TARGET, 56);
            let quote = ipv4(1, [10, 0, 0, 9], 1, &ours.encode(sequence));
            for mut message in [reply(&ours, sequence), [vec![11, 0, 0, 0, 0, 0, 0, 0], quote].concat()] {
                for (at, value) in &damage {
                    if let Some(byte) = message.get_mut(*at) {
                        *byte = *value;
                    }
                }
                message.truncate(length);
                if message.len() >= 4 {
                    // past the checksum, or the property shows nothing
                    message = sealed(message);
                }
                let _ = ours.read_message(TARGET, &message);
                let _ = ours.read_ip(TARGET, &ipv4(1, [0; 4], 0, &message));
            }
        }
    }
}
