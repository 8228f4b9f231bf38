//! TLS messages in EAP packets: fragments of both directions (RFC 5216 §2.1.5, RFC 5281 §9.2).

use crate::failure::Violation;

/// Longest TLS message that is put together. A chain of certificates has 2 to 10 KiB.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// Most fragments of one message: the least that anybody sends is some 200 octets.
const MAX_FRAGMENTS: u32 = 400;

const LENGTH: u8 = 0x80;
const MORE: u8 = 0x40;
const START: u8 = 0x20;
/// The lowest three bits are the version of PEAP and TTLS, the others must be ignored.
const VERSION: u8 = 0x07;

/// What one packet brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Inbound {
    /// The server's offer to start, and its version of the method.
    Start { version: u8 },
    /// A part: acknowledge it.
    Part,
    /// All of a message. An empty one asks for what comes next.
    Whole(Vec<u8>),
}

/// Puts together what the server sends.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    message: Vec<u8>,
    announced: Option<usize>,
    fragments: u32,
}

impl Reassembly {
    /// Takes the data of a packet, from its flags on.
    pub(crate) fn take(&mut self, data: &[u8]) -> Result<Inbound, Violation> {
        // a packet without even flags is how some servers acknowledge
        let Some((flags, mut rest)) = data.split_first() else { return Ok(Inbound::Whole(Vec::new())) };
        if flags & START != 0 {
            return Ok(Inbound::Start { version: flags & VERSION });
        }
        if flags & LENGTH != 0 {
            let Some((length, after)) = rest.split_first_chunk::<4>() else {
                return Err(Violation::Fragment);
            };
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            if length > MAX_MESSAGE {
                return Err(Violation::MessageTooLong);
            }
            if self.announced.is_some_and(|announced| announced != length) {
                return Err(Violation::Fragment);
            }
            self.announced = Some(length);
            rest = after;
        }
        self.fragments += 1;
        let limit = self.announced.unwrap_or(MAX_MESSAGE);
        if self.fragments > MAX_FRAGMENTS {
            return Err(Violation::MessageTooLong);
        }
        if self.message.len() + rest.len() > limit {
            return Err(if self.announced.is_some() {
                Violation::Fragment
            } else {
                Violation::MessageTooLong
            });
        }
        self.message.extend_from_slice(rest);
        if flags & MORE != 0 {
            // nothing but flags again and again would be a loop
            return if rest.is_empty() { Err(Violation::Fragment) } else { Ok(Inbound::Part) };
        }
        let whole = std::mem::take(self);
        match whole.announced {
            Some(length) if length != whole.message.len() => Err(Violation::Fragment),
            _ => Ok(Inbound::Whole(whole.message)),
        }
    }

    /// Is a message begun and not ended?
    pub(crate) fn is_open(&self) -> bool {
        self.fragments > 0
    }
}

/// Cuts what the peer sends.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    message: Vec<u8>,
    sent: usize,
}

impl Outbound {
    /// A message to send; its first piece comes from [`Outbound::next`].
    pub(crate) fn new(message: Vec<u8>) -> Outbound {
        Outbound { message, sent: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sent >= self.message.len()
    }

    /// Flags and data of the next piece, with at most `size` octets of the message. Of an empty
    /// message: the acknowledgement.
    pub(crate) fn next(&mut self, version: u8, size: usize) -> Vec<u8> {
        let left = self.message.get(self.sent..).unwrap_or_default();
        let piece = left.get(..size).unwrap_or(left);
        let more = piece.len() < left.len();
        let first = self.sent == 0;
        let mut data = Vec::with_capacity(piece.len() + 5);
        let mut flags = version & VERSION;
        if more {
            flags |= MORE;
        }
        if more && first {
            flags |= LENGTH;
        }
        data.push(flags);
        if more && first {
            data.extend(u32::try_from(self.message.len()).unwrap_or(u32::MAX).to_be_bytes());
        }
        data.extend_from_slice(piece);
        self.sent += piece.len();
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(message: &[u8], size: usize) -> Vec<Vec<u8>> {
        let mut outbound = Outbound::new(message.to_vec());
        let mut packets = vec![outbound.next(0, size)];
        while !outbound.is_empty() {
            packets.push(outbound.next(0, size));
        }
        packets
    }

    #[test]
    fn fragments_are_put_together_again() {
        let message: Vec<u8> = (0..=255).cycle().take(2500).collect();
        let packets = through(&message, 1000);
        let flags: Vec<u8> = packets.iter().map(|packet| packet[0]).collect();
        assert_eq!(flags, [0xc0, 0x40, 0x00]);
        assert_eq!(packets[0][1..5], 2500_u32.to_be_bytes());
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.take(&packets[0]), Ok(Inbound::Part));
        assert!(reassembly.is_open());
        assert_eq!(reassembly.take(&packets[1]), Ok(Inbound::Part));
        assert_eq!(reassembly.take(&packets[2]), Ok(Inbound::Whole(message)));
        assert!(!reassembly.is_open());
        assert_eq!(through(b"", 10), [[0]]);
        assert_eq!(through(b"abc", 3), [b"\0abc"]);
    }

    #[test]
    fn fragments_that_lie_are_refused() {
        let take = |packets: &[&[u8]]| {
            let mut reassembly = Reassembly::default();
            packets.iter().map(|packet| reassembly.take(packet)).collect::<Vec<_>>().pop().unwrap()
        };
        assert_eq!(take(&[&[0x21]]), Ok(Inbound::Start { version: 1 }));
        assert_eq!(take(&[&[]]), Ok(Inbound::Whole(vec![])));
        assert_eq!(take(&[&[0x80, 0, 0]]), Err(Violation::Fragment));
        assert_eq!(take(&[&[0x80, 0, 0, 0, 1, 1, 2]]), Err(Violation::Fragment));
        assert_eq!(take(&[&[0x80, 0, 0, 0, 3, 1, 2]]), Err(Violation::Fragment));
        assert_eq!(take(&[&[0x80, 0, 2, 0, 0, 1]]), Err(Violation::MessageTooLong));
        assert_eq!(take(&[&[0xc0, 0, 0, 0, 9, 1], &[0xc0, 0, 0, 0, 8, 1]]), Err(Violation::Fragment));
        assert_eq!(take(&[&[0x40]]), Err(Violation::Fragment));
        let long = [&[0x40][..], &[1; 1000]].concat();
        assert_eq!(take(&[&long[..]; 66]), Err(Violation::MessageTooLong));
        assert_eq!(take(&[&[0x40, 1][..]; 401]), Err(Violation::MessageTooLong));
    }
}
