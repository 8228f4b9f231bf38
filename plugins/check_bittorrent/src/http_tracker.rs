//! Trackers over HTTP (BEP 3, 7, 23, 48): questions as URLs, answers from bencode; pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fetch::Url;

use crate::bencode::{self, Value};
use crate::metainfo::{InfoHash, PeerName};

/// Peers read of one answer.
pub const MAX_PEERS: usize = 200;

/// What an announce says of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announce {
    /// The torrent.
    pub info_hash: InfoHash,
    /// Who we are, for this run.
    pub peer_id: [u8; 20],
    /// Where nobody listens.
    pub port: u16,
    /// Bytes that we say we lack; with none a tracker would name no seeds.
    pub left: u64,
    /// Coming or going.
    pub event: Event,
}

/// Why we announce ourselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// To be told of peers.
    Started,
    /// To be forgotten.
    Stopped,
}

/// How many have a torrent, by a tracker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Who has all of it.
    pub seeders: u64,
    /// Who has not.
    pub leechers: u64,
    /// How often it was downloaded completely.
    pub completed: Option<u64>,
}

/// The answer to an announce.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// If it tells; we are one of the leechers.
    pub counts: Option<Counts>,
    /// Peers it names, addresses only: no tracker makes us look up names.
    pub peers: Vec<PeerName>,
    /// Its own words.
    pub warning: Option<String>,
}

/// The URL of an announce; a query that is there (a passkey) stays.
pub fn announce_url(tracker: &Url, announce: &Announce) -> Url {
    let Announce { info_hash, peer_id, port, left, event } = announce;
    let event = match event {
        Event::Started => "started",
        Event::Stopped => "stopped",
    };
    let (info_hash, peer_id) = (escaped(&info_hash.0), escaped(peer_id));
    with_query(
        tracker,
        &format!(
            "info_hash={info_hash}&peer_id={peer_id}&port={port}&uploaded=0&downloaded=0&left={left}&compact=1&numwant=50&event={event}"
        ),
    )
}

/// The URL of a scrape, if the tracker's has the form that has one: `announce` begins its last part.
pub fn scrape_url(tracker: &Url, info_hash: InfoHash) -> Option<Url> {
    let (folder, last) = tracker.path().rsplit_once('/')?;
    let rest = last.strip_prefix("announce")?;
    let mut url = tracker.clone();
    url.set_path(&format!("{folder}/scrape{rest}"));
    Some(with_query(&url, &format!("info_hash={}", escaped(&info_hash.0))))
}

fn with_query(url: &Url, more: &str) -> Url {
    let query = match url.query().filter(|query| !query.is_empty()) {
        Some(own) => format!("{own}&{more}"),
        None => more.to_owned(),
    };
    let mut url = url.clone();
    url.set_query(Some(&query));
    url.set_fragment(None);
    url
}

fn escaped(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let one = |byte: &u8| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    bytes.iter().map(one).collect()
}

/// Reads the answer to an announce; a refusal is an error in the tracker's words.
pub fn announced(body: &[u8]) -> Result<Announced, String> {
    let answer = answer(body)?;
    let count = |key: &str| answer.get(key).and_then(Value::number);
    let counts = count("complete").zip(count("incomplete"));
    let counts =
        counts.map(|(seeders, leechers)| Counts { seeders, leechers, completed: count("downloaded") });
    let mut peers = match answer.get("peers") {
        Some(Value::Bytes(compact)) => compact_peers(compact, 4),
        Some(Value::List(all)) => all.iter().filter_map(peer).take(MAX_PEERS).collect(),
        _ => Vec::new(),
    };
    if let Some(compact) = answer.get("peers6").and_then(Value::bytes) {
        peers.extend(compact_peers(compact, 16));
    }
    if counts.is_none() && answer.get("peers").is_none() && answer.get("interval").is_none() {
        return Err("its answer is not one to an announce".to_owned());
    }
    peers.truncate(MAX_PEERS);
    let warning = answer.get("warning message").and_then(Value::text).map(|text| fetch::clipped(&text));
    Ok(Announced { counts, peers, warning })
}

/// Reads the answer to a scrape.
pub fn scraped(body: &[u8], info_hash: InfoHash) -> Result<Counts, String> {
    let answer = answer(body)?;
    let Some(Value::Dictionary(files)) = answer.get("files") else {
        return Err("its answer is not one to a scrape".to_owned());
    };
    let ours = files.iter().find(|entry| entry.key == info_hash.0).map(|entry| &entry.value);
    let ours = ours.ok_or("it does not know this torrent")?;
    let count = |key: &str| ours.get(key).and_then(Value::number);
    let (Some(seeders), Some(leechers)) = (count("complete"), count("incomplete")) else {
        return Err("its answer to a scrape has no numbers".to_owned());
    };
    Ok(Counts { seeders, leechers, completed: count("downloaded") })
}

fn answer(body: &[u8]) -> Result<Value<'_>, String> {
    let answer = bencode::decode(body).map_err(|error| format!("its answer is no bencode: {error}"))?;
    match answer.get("failure reason").and_then(Value::text) {
        Some(reason) => Err(format!("it refuses: {}", fetch::clipped(&reason))),
        None => Ok(answer),
    }
}

fn peer(value: &Value<'_>) -> Option<PeerName> {
    let address: IpAddr = value.get("ip")?.text()?.parse().ok()?;
    let port = u16::try_from(value.get("port")?.number()?).ok()?;
    usable(address, port)
}

/// Addresses of so many bytes, each with a port of two.
pub fn compact_peers(bytes: &[u8], address_length: usize) -> Vec<PeerName> {
    let peer = |chunk: &[u8]| {
        let (address, port) = chunk.split_at_checked(address_length)?;
        let port = u16::from_be_bytes(port.try_into().ok()?);
        let address = match address_length {
            4 => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?)),
            _ => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?)),
        };
        usable(address, port)
    };
    bytes.chunks_exact(address_length + 2).filter_map(peer).take(MAX_PEERS).collect()
}

fn usable(address: IpAddr, port: u16) -> Option<PeerName> {
    let usable = port != 0 && !address.is_unspecified() && !address.is_multicast();
    usable.then(|| PeerName { host: address.to_string(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: InfoHash = InfoHash(*b"\x00\x01aZ~-._ &/=\xff0123456");

    #[test]
    fn questions_keep_what_the_tracker_wants_in_its_url() {
        let tracker = Url::parse("http://t.example:6969/x/announce.php?passkey=k").unwrap();
        let announce = Announce {
            info_hash: HASH,
            peer_id: *b"-HL0100-abcdefghijkl",
            port: 7,
            left: 9,
            event: Event::Stopped,
        };
        let hash = "info_hash=%00%01aZ~-._%20%26%2F%3D%FF0123456";
        assert_eq!(
            announce_url(&tracker, &announce).as_str(),
            format!(
                "http://t.example:6969/x/announce.php?passkey=k&{hash}&peer_id=-HL0100-abcdefghijkl&port=7&uploaded=0&downloaded=0\
                 &left=9&compact=1&numwant=50&event=stopped"
            )
        );
        let scrape = scrape_url(&tracker, HASH).unwrap();
        assert_eq!(scrape.as_str(), format!("http://t.example:6969/x/scrape.php?passkey=k&{hash}"));
        for none in ["http://t/a", "http://t/announce/x", "http://t/x?announce"] {
            assert_eq!(scrape_url(&Url::parse(none).unwrap(), HASH), None, "{none}");
        }
    }

    #[test]
    fn peers_come_in_three_forms() {
        let compact = b"d8:completei3e10:incompletei1e8:intervali9e5:peers18:\x0a\x00\x00\x01\x1a\xe1\x00\x00\x00\x00\x00\x01\x7f\x00\x00\x01\x00\x00e";
        let read = announced(compact).unwrap();
        assert_eq!(read.counts, Some(Counts { seeders: 3, leechers: 1, completed: None }));
        assert_eq!(read.peers, ["10.0.0.1:6881".parse().unwrap()]);
        let list = b"d5:peersld2:ip3:::14:porti5eed2:ip9:localhost4:porti5eed2:ip7:1.2.3.44:porti0eeee";
        assert_eq!(announced(list).unwrap().peers, ["[::1]:5".parse().unwrap()]);
        let six = [&b"d5:peers0:6:peers618:"[..], &[0x20; 16], b"\x00\x05e"].concat();
        assert_eq!(announced(&six).unwrap().peers[0].port, 5);
        let warned = announced(b"d8:intervali9e15:warning message4:beeee").unwrap();
        assert_eq!(warned.warning.as_deref(), Some("beee"));
    }

    #[test]
    fn refusals_and_garbage_are_told() {
        assert_eq!(announced(b"d14:failure reason4:nopee").unwrap_err(), "it refuses: nope");
        assert!(announced(b"<html>").unwrap_err().contains("no bencode"));
        assert!(announced(b"de").unwrap_err().contains("not one to an announce"));
        let files =
            [&b"d5:filesd20:"[..], &HASH.0, b"d8:completei1e10:downloadedi2e10:incompletei0eeee"].concat();
        assert_eq!(scraped(&files, HASH), Ok(Counts { seeders: 1, leechers: 0, completed: Some(2) }));
        assert!(scraped(b"d5:filesdee", HASH).unwrap_err().contains("does not know"));
        assert!(scraped(b"de", HASH).unwrap_err().contains("not one to a scrape"));
    }
}
