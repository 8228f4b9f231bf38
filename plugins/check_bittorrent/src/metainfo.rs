//! Torrents (BEP 3, 12, 27) and magnet links (BEP 9), read to what is asked of trackers and peers; pure.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use fetch::Url;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::bencode::{self, Value};

/// Most pieces of a torrent that is read: then a peer's bitfield is at most 62,500 bytes.
pub const MAX_PIECES: u32 = 500_000;

/// Trackers and peers read of one torrent.
const MAX_NAMED: usize = 50;

/// The SHA-1 of a torrent's `info`, by which everybody names it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InfoHash(pub [u8; 20]);

impl InfoHash {
    /// Of the bytes of `info`.
    pub fn of(info: &[u8]) -> InfoHash {
        let mut hash = [0; 20];
        for (to, from) in hash.iter_mut().zip(digest(&SHA1_FOR_LEGACY_USE_ONLY, info).as_ref()) {
            *to = *from;
        }
        InfoHash(hash)
    }
}

impl fmt::Display for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Host and port of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerName {
    /// Name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl FromStr for PeerName {
    type Err = String;

    fn from_str(text: &str) -> Result<PeerName, String> {
        let bad = || "a peer is given as HOST:PORT, an IPv6 address in brackets".to_owned();
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(bad)?;
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').ok_or_else(bad)?,
            None if host.contains(':') => return Err(bad()),
            None => host,
        };
        if host.is_empty()
            || host.contains(|c: char| c.is_whitespace() || c.is_control() || "/[]@".contains(c))
        {
            return Err(bad());
        }
        Ok(PeerName { host: host.to_owned(), port })
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.parse() {
            Ok(IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
            _ => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its name; of a magnet link without one, the hash.
    pub name: String,
    /// What everybody names it by.
    pub info_hash: InfoHash,
    /// What its `info` tells; a magnet link does not.
    pub info: Option<Info>,
    /// Its trackers, each once, in order.
    pub trackers: Vec<String>,
    /// Peers that a magnet link names.
    pub peers: Vec<PeerName>,
}

/// What the `info` of a torrent tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its name.
    pub name: String,
    /// Pieces, at least 1.
    pub pieces: u32,
    /// Bytes in all.
    pub length: u64,
    /// Peers are to be had from its trackers only (BEP 27).
    pub is_private: bool,
}

impl Subject {
    /// Reads a torrent.
    pub fn from_torrent(bytes: &[u8]) -> Result<Subject, String> {
        let torrent = bencode::decode(bytes).map_err(|error| format!("is no torrent: {error}"))?;
        let entry = torrent.entry("info").ok_or("is no torrent: it has no `info`")?;
        let info = Info::read(&entry.value).map_err(|why| format!("is no torrent of use: {why}"))?;
        Ok(Subject {
            name: info.name.clone(),
            info_hash: InfoHash::of(entry.raw),
            info: Some(info),
            trackers: trackers(&torrent),
            peers: Vec::new(),
        })
    }

    /// Reads a magnet link.
    pub fn from_magnet(text: &str) -> Result<Subject, String> {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "magnet");
        let url = url.ok_or("is no magnet link")?;
        let (mut name, mut info_hash, mut newer) = (None, None, false);
        let (mut trackers, mut peers) = (Vec::new(), Vec::new());
        for (key, value) in url.query_pairs() {
            // several of a kind may be numbered: tr.1
            let kind = if key == "x.pe" { &*key } else { key.split('.').next().unwrap_or_default() };
            match kind {
                "xt" => match value.strip_prefix("urn:btih:") {
                    Some(hash) => info_hash = Some(read_hash(hash).ok_or("has a hash that is none")?),
                    None => newer |= value.starts_with("urn:btmh:"),
                },
                "dn" => name = Some(value.into_owned()),
                "tr" => trackers.push(value.into_owned()),
                "x.pe" => peers.extend(value.parse::<PeerName>().ok()),
                _ => {}
            }
        }
        let info_hash = match info_hash {
            Some(hash) => hash,
            None if newer => return Err("is of version 2 only (BEP 52), which is not spoken here".to_owned()),
            None => return Err("names no torrent: it has no xt=urn:btih:…".to_owned()),
        };
        peers.truncate(MAX_NAMED);
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| info_hash.to_string());
        Ok(Subject {
            name: fetch::clipped(&name),
            info_hash,
            info: None,
            trackers: each_once(trackers),
            peers,
        })
    }
}

impl Info {
    /// Reads an `info`, from a torrent or from a peer.
    pub fn read(info: &Value<'_>) -> Result<Info, String> {
        let pieces = match info.get("pieces").and_then(Value::bytes) {
            Some(hashes) => hashes.len(),
            None if info.get("meta version").and_then(Value::number) == Some(2) => {
                return Err("it is of version 2 only (BEP 52), which is not spoken here".to_owned());
            }
            None => return Err("it has no `pieces`".to_owned()),
        };
        let count = u32::try_from(pieces / 20).ok().filter(|count| (1..=MAX_PIECES).contains(count));
        let pieces = count.filter(|_| pieces.is_multiple_of(20)).ok_or_else(|| {
            format!("its `pieces` are {pieces} bytes, not 20 for each of 1 to {MAX_PIECES} pieces")
        })?;
        let piece_length = info
            .get("piece length")
            .and_then(Value::number)
            .filter(|length| *length > 0)
            .ok_or("it has no `piece length`")?;
        let length = match info.get("length").and_then(Value::number) {
            Some(length) => length,
            None => length_of_files(info).ok_or("it tells no length")?,
        };
        if length.div_ceil(piece_length) != u64::from(pieces) {
            return Err(format!("{pieces} pieces of {piece_length} bytes do not make {length}"));
        }
        let name = info.get("name").and_then(Value::text).unwrap_or_default();
        let is_private = info.get("private").and_then(Value::number) == Some(1);
        Ok(Info { name: fetch::clipped(&name), pieces, length, is_private })
    }
}

fn length_of_files(info: &Value<'_>) -> Option<u64> {
    let mut files = info.get("files")?.list()?.iter();
    files.try_fold(0_u64, |sum, file| sum.checked_add(file.get("length")?.number()?))
}

/// Those of `announce-list`, tier by tier, or else the one of `announce` (BEP 12).
fn trackers(torrent: &Value<'_>) -> Vec<String> {
    let tiers = torrent.get("announce-list").and_then(Value::list).unwrap_or_default();
    let listed = tiers.iter().filter_map(Value::list).flatten().filter_map(Value::text).take(1000);
    let listed = each_once(listed.collect());
    if !listed.is_empty() {
        return listed;
    }
    each_once(torrent.get("announce").and_then(Value::text).into_iter().collect())
}

fn each_once(all: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for one in all {
        let one = one.trim();
        if kept.len() < MAX_NAMED && !one.is_empty() && !kept.iter().any(|kept| kept == one) {
            kept.push(one.to_owned());
        }
    }
    kept
}

/// 40 digits of base 16, or 32 of base 32.
fn read_hash(text: &str) -> Option<InfoHash> {
    let bits_each = match text.len() {
        40 => 4,
        32 => 5,
        _ => return None,
    };
    let (mut hash, mut filled) = ([0_u8; 20], 0_usize);
    for digit in text.bytes().map(|byte| byte.to_ascii_lowercase()) {
        let value = match (bits_each, digit) {
            (4, b'0'..=b'9') => digit - b'0',
            (4, b'a'..=b'f') => digit - b'a' + 10,
            (5, b'a'..=b'z') => digit - b'a',
            (5, b'2'..=b'7') => digit - b'2' + 26,
            _ => return None,
        };
        for bit in (0..bits_each).rev() {
            if value >> bit & 1 == 1 {
                *hash.get_mut(filled / 8)? |= 0x80 >> (filled % 8);
            }
            filled += 1;
        }
    }
    Some(InfoHash(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn torrent(info: &str, more: &str) -> Vec<u8> {
        format!("d{more}4:info{info}e").into_bytes()
    }

    const INFO: &str =
        "d6:lengthi30e4:name1:a12:piece lengthi16e6:pieces40:0123456789012345678901234567890123456789e";

    #[test]
    fn a_torrent_tells_its_hash_pieces_and_trackers() {
        let subject = Subject::from_torrent(&torrent(INFO, "8:announce10:http://t/a")).unwrap();
        assert_eq!(subject.info_hash.to_string(), "66fce160bd22f6a1664ac85c2c3a2b72a2a3e00c".to_owned());
        assert_eq!(
            subject.info,
            Some(Info { name: "a".to_owned(), pieces: 2, length: 30, is_private: false })
        );
        assert_eq!(subject.trackers, ["http://t/a"]);
        let tiers = "8:announce1:x13:announce-listll1:a1:bel1:a1:cee";
        assert_eq!(Subject::from_torrent(&torrent(INFO, tiers)).unwrap().trackers, ["a", "b", "c"]);
        let files = "d5:filesld6:lengthi20eed6:lengthi10eee4:name1:a12:piece lengthi16e6:pieces40:0123456789012345678901234567890123456789\
                     7:privatei1ee";
        let info = Subject::from_torrent(&torrent(files, "")).unwrap().info.unwrap();
        assert!((info.length, info.is_private) == (30, true));
    }

    #[test]
    fn what_is_no_torrent_is_refused() {
        let why = |info: &str| Subject::from_torrent(&torrent(info, "")).unwrap_err();
        assert!(why("de").contains("no `pieces`"));
        assert!(why("d12:meta versioni2ee").contains("BEP 52"));
        assert!(why("d6:pieces3:abce").contains("3 bytes"));
        assert!(why("d6:pieces0:e").contains("0 bytes"));
        assert!(why(&INFO.replace("i30e", "i33e")).contains("do not make 33"));
        assert!(why(&INFO.replace("i16e", "i0e")).contains("piece length"));
        assert!(Subject::from_torrent(b"<html>").unwrap_err().contains("no value at byte 0"));
        assert!(Subject::from_torrent(b"de").unwrap_err().contains("no `info`"));
    }

    #[test]
    fn a_magnet_link_tells_hash_name_and_trackers() {
        let hex = "0102030405060708090a0b0c0d0e0f1011121314";
        let link = format!(
            "magnet:?xt=urn:btih:{hex}&dn=a+%C3%A9&tr=http%3A%2F%2Ft%2Fa&tr.1=udp://u:1&x.pe=[::1]:5&x.pe=bad"
        );
        let subject = Subject::from_magnet(&link).unwrap();
        assert_eq!((subject.name.as_str(), subject.info_hash.to_string().as_str()), ("a é", hex));
        assert_eq!(subject.trackers, ["http://t/a", "udp://u:1"]);
        assert_eq!((subject.peers.len(), subject.peers[0].to_string().as_str()), (1, "[::1]:5"));
        let base32 = Subject::from_magnet("magnet:?xt=urn:btih:AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYU").unwrap();
        assert_eq!((base32.name.as_str(), base32.info_hash), (hex, subject.info_hash));
        for (bad, want) in [
            ("magnet:?dn=x", "names no torrent"),
            ("magnet:?xt=urn:btih:12", "a hash that is none"),
            ("magnet:?xt=urn:btih:zz02030405060708090a0b0c0d0e0f1011121314", "a hash that is none"),
            ("magnet:?xt=urn:btmh:1220", "BEP 52"),
            ("http://a/", "no magnet link"),
        ] {
            assert!(Subject::from_magnet(bad).unwrap_err().contains(want), "{bad}");
        }
    }

    #[test]
    fn peers_have_a_port() {
        for good in ["a:1", "[::1]:65535", "10.0.0.1:80", "x.onion:6881"] {
            assert_eq!(good.parse::<PeerName>().unwrap().to_string(), good);
        }
        for bad in ["", "a", "a:", "a:0", "a:70000", ":1", "::1:5", "[::1:5", "a b:1", "http://a:1"] {
            assert!(bad.parse::<PeerName>().is_err(), "{bad}");
        }
    }
}
