//! Trackers over UDP (BEP 15, and BEP 41 for what stands in their URLs): packets; pure.

use crate::http_tracker::{Announce, Announced, Counts, Event, compact_peers};
use crate::metainfo::InfoHash;

/// The protocol's number, in the first packet.
const MAGIC: u64 = 0x417_2710_1980;

/// What a packet asks for or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Connect = 0,
    Announce = 1,
    Scrape = 2,
    Error = 3,
}

/// What a packet is to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<T> {
    /// Not the answer to it; there may be one still.
    Stranger,
    /// No, and why.
    Refusal(String),
    /// The answer.
    Answer(T),
}

/// Asks for a connection, which is a number.
pub fn connect_request(transaction: u32) -> Vec<u8> {
    let mut packet = MAGIC.to_be_bytes().to_vec();
    packet.extend((Action::Connect as u32).to_be_bytes());
    packet.extend(transaction.to_be_bytes());
    packet
}

/// Announces us; `path` is path and query of the tracker's URL.
pub fn announce_request(connection: u64, transaction: u32, announce: &Announce, path: &str) -> Vec<u8> {
    let mut packet = head(connection, Action::Announce, transaction);
    packet.extend(announce.info_hash.0);
    packet.extend(announce.peer_id);
    packet.extend(0_u64.to_be_bytes());
    packet.extend(announce.left.to_be_bytes());
    packet.extend(0_u64.to_be_bytes());
    let event: u32 = match announce.event {
        Event::Started => 2,
        Event::Stopped => 3,
    };
    packet.extend(event.to_be_bytes());
    // our address as it is seen, a key that is the same for both announces, and 50 peers
    packet.extend(0_u32.to_be_bytes());
    packet.extend(announce.peer_id.get(16..).unwrap_or_default());
    packet.extend(50_u32.to_be_bytes());
    packet.extend(announce.port.to_be_bytes());
    for part in path.as_bytes().chunks(255) {
        packet.push(2);
        packet.extend(u8::try_from(part.len()));
        packet.extend(part);
    }
    packet
}

/// Asks for numbers.
pub fn scrape_request(connection: u64, transaction: u32, info_hash: InfoHash) -> Vec<u8> {
    let mut packet = head(connection, Action::Scrape, transaction);
    packet.extend(info_hash.0);
    packet
}

fn head(connection: u64, action: Action, transaction: u32) -> Vec<u8> {
    let mut packet = connection.to_be_bytes().to_vec();
    packet.extend((action as u32).to_be_bytes());
    packet.extend(transaction.to_be_bytes());
    packet
}

/// Reads the number of a connection.
pub fn connected(packet: &[u8], transaction: u32) -> Reply<u64> {
    read(packet, Action::Connect, transaction, |rest| Some(u64::from_be_bytes(*rest.first_chunk::<8>()?)))
}

/// Reads the answer to an announce; an address has 4 bytes over IPv4 and 16 over IPv6.
pub fn announced(packet: &[u8], transaction: u32, address_length: usize) -> Reply<Announced> {
    read(packet, Action::Announce, transaction, |rest| {
        let counts = Counts { leechers: number(rest, 4)?, seeders: number(rest, 8)?, completed: None };
        let peers = compact_peers(rest.get(12..)?, address_length);
        Some(Announced { counts: Some(counts), peers, warning: None })
    })
}

/// Reads the answer to a scrape of one torrent.
pub fn scraped(packet: &[u8], transaction: u32) -> Reply<Counts> {
    read(packet, Action::Scrape, transaction, |rest| {
        Some(Counts {
            seeders: number(rest, 0)?,
            completed: Some(number(rest, 4)?),
            leechers: number(rest, 8)?,
        })
    })
}

fn read<T>(
    packet: &[u8],
    action: Action,
    transaction: u32,
    content: impl FnOnce(&[u8]) -> Option<T>,
) -> Reply<T> {
    if number(packet, 4) != Some(u64::from(transaction)) {
        return Reply::Stranger;
    }
    let rest = packet.get(8..).unwrap_or_default();
    match number(packet, 0) {
        Some(said) if said == Action::Error as u64 => {
            let words = String::from_utf8_lossy(rest);
            Reply::Refusal(fetch::clipped(words.trim_end_matches('\0').trim()))
        }
        Some(said) if said == action as u64 => content(rest).map_or(Reply::Stranger, Reply::Answer),
        _ => Reply::Stranger,
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let word = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u64::from(u32::from_be_bytes(*word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(words: &[u32], more: &[u8]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).chain(more.iter().copied()).collect()
    }

    #[test]
    fn packets_have_the_sizes_of_the_specification() {
        assert_eq!(connect_request(7).len(), 16);
        assert_eq!(connect_request(7)[..8], [0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80]);
        let announce = Announce {
            info_hash: InfoHash([1; 20]),
            peer_id: [2; 20],
            port: 0x1234,
            left: 5,
            event: Event::Stopped,
        };
        let plain = announce_request(9, 7, &announce, "");
        assert_eq!((plain.len(), &plain[80..84], &plain[96..]), (98, &[0, 0, 0, 3][..], &[0x12, 0x34][..]));
        let keyed = announce_request(9, 7, &announce, "/announce?k=1");
        assert_eq!(&keyed[98..], b"\x02\x0d/announce?k=1");
        assert_eq!(announce_request(9, 7, &announce, &"x".repeat(300)).len(), 98 + 300 + 4);
        assert_eq!(scrape_request(9, 7, InfoHash([1; 20])).len(), 36);
    }

    #[test]
    fn answers_are_those_to_the_question() {
        assert_eq!(connected(&packet(&[0, 7, 0, 9], &[]), 7), Reply::Answer(9));
        assert_eq!(connected(&packet(&[0, 8, 0, 9], &[]), 7), Reply::Stranger);
        assert_eq!(connected(&packet(&[1, 7, 0, 9], &[]), 7), Reply::Stranger);
        assert_eq!(connected(&packet(&[0, 7, 0], &[]), 7), Reply::Stranger);
        assert_eq!(connected(&packet(&[3, 7], b"no\0"), 7), Reply::Refusal("no".to_owned()));
        let counts = Counts { seeders: 3, leechers: 2, completed: None };
        let peers = vec!["10.0.0.1:6881".parse().unwrap()];
        let announce = packet(&[1, 7, 1800, 2, 3], &[10, 0, 0, 1, 0x1a, 0xe1, 1]);
        let want = Announced { counts: Some(counts), peers, warning: None };
        assert_eq!(announced(&announce, 7, 4), Reply::Answer(want));
        let counts = Counts { seeders: 1, leechers: 3, completed: Some(2) };
        assert_eq!(scraped(&packet(&[2, 7, 1, 2, 3], &[]), 7), Reply::Answer(counts));
        assert_eq!(scraped(b"", 7), Reply::Stranger);
    }
}
