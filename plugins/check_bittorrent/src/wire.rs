//! What peers say to each other (BEP 3, 6, 9, 10): bytes to messages, messages to what a peer has; pure.
//!
//! Read [`Exam`] first: it is fed with messages and says what to answer, until it knows.

use net::Progress;

use crate::bencode::{self, Value};
use crate::metainfo::{Info, InfoHash, MAX_PIECES};

/// With what a handshake begins.
const PROTOCOL: &[u8; 20] = b"\x13BitTorrent protocol";

/// Bytes of a handshake.
const HANDSHAKE: usize = 68;

/// Longest message read: the bitfield of the largest torrent that is read, or a piece of metadata.
const MAX_MESSAGE: usize = 63 * 1024;

/// Largest `info` fetched from a peer.
const MAX_METADATA: usize = 12 * 1024 * 1024;

/// What each message of metadata carries but the last (BEP 9).
const METADATA_PIECE: usize = 16 * 1024;

/// The number by which we want `ut_metadata` messages.
const OUR_METADATA: u8 = 1;

/// Why a peer is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Something else answers there.
    #[error("speaks no BitTorrent, it said `{0}`")]
    Protocol(String),
    /// It answered for another torrent.
    #[error("answers for another torrent, {0}")]
    OtherTorrent(InfoHash),
    /// Longer than anything it could want to say.
    #[error("sends a message of {0} bytes")]
    TooLong(usize),
    /// A message that has the wrong length.
    #[error("sends a {0} that is none")]
    Malformed(&'static str),
    /// Its bitfield is not one for so many pieces.
    #[error("sends a bitfield of {bytes} bytes for {pieces} pieces")]
    Bitfield {
        /// Bytes it sent.
        bytes: usize,
        /// Pieces of the torrent.
        pieces: u32,
    },
    /// The metadata that it sent has another hash.
    #[error("sends metadata of another torrent")]
    OtherMetadata,
    /// The metadata has the right hash and cannot be used.
    #[error("sends metadata of no use: {0}")]
    Metadata(String),
}

/// What a peer can do besides the oldest protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// The fast extension, with HAVE_ALL (BEP 6).
    pub fast: bool,
    /// Extended messages (BEP 10).
    pub extended: bool,
}

/// Our handshake.
pub fn handshake(info_hash: InfoHash, peer_id: &[u8; 20]) -> Vec<u8> {
    let mut bytes = PROTOCOL.to_vec();
    bytes.extend([0, 0, 0, 0, 0, 0x10, 0, 0x04]);
    bytes.extend(info_hash.0);
    bytes.extend(peer_id);
    bytes
}

/// Reads a peer's handshake. What cannot become one is told at its first wrong byte.
pub fn read_handshake(bytes: &[u8], info_hash: InfoHash) -> Progress<Result<Abilities, Fault>> {
    if bytes.iter().zip(PROTOCOL).any(|(found, wanted)| found != wanted) {
        return Progress::Done(Err(Fault::Protocol(net::excerpt(bytes))), bytes.len());
    }
    let Some(whole) = bytes.get(..HANDSHAKE) else { return Progress::More };
    let bit = |byte: usize, mask: u8| whole.get(byte).is_some_and(|byte| byte & mask != 0);
    let hash = whole.get(28..48).and_then(|hash| <[u8; 20]>::try_from(hash).ok()).map(InfoHash);
    let read = match hash {
        Some(hash) if hash == info_hash => Ok(Abilities { fast: bit(27, 0x04), extended: bit(25, 0x10) }),
        other => Err(Fault::OtherTorrent(other.unwrap_or(InfoHash([0; 20])))),
    };
    Progress::Done(read, HANDSHAKE)
}

/// What matters of what a peer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// It has one more piece.
    Have(u32),
    /// It has these.
    Bitfield(Vec<u8>),
    /// It has all.
    HaveAll,
    /// It has none.
    HaveNone,
    /// An extended message: its number and content.
    Extended(u8, Vec<u8>),
    /// Anything else.
    Other,
}

/// Reads one message.
pub fn read_message(bytes: &[u8]) -> Progress<Result<Message, Fault>> {
    let Some(length) = bytes.first_chunk::<4>() else { return Progress::More };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length > MAX_MESSAGE {
        return Progress::Done(Err(Fault::TooLong(length)), bytes.len());
    }
    let Some(content) = bytes.get(4..4 + length) else { return Progress::More };
    let message = match content.split_first() {
        Some((4, piece)) => match piece.try_into() {
            Ok(piece) => Ok(Message::Have(u32::from_be_bytes(piece))),
            Err(_) => Err(Fault::Malformed("HAVE")),
        },
        Some((5, bits)) => Ok(Message::Bitfield(bits.to_vec())),
        Some((14, [])) => Ok(Message::HaveAll),
        Some((15, [])) => Ok(Message::HaveNone),
        Some((14 | 15, _)) => Err(Fault::Malformed("HAVE_ALL")),
        Some((20, content)) => match content.split_first() {
            Some((number, content)) => Ok(Message::Extended(*number, content.to_vec())),
            None => Err(Fault::Malformed("extended message")),
        },
        _ => Ok(Message::Other),
    };
    Progress::Done(message, 4 + length)
}

/// What a peer turned out to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything.
    Seed,
    /// So many pieces of so many.
    Part {
        /// Pieces that it has.
        have: u32,
        /// Pieces of the torrent.
        pieces: u32,
    },
    /// Nothing.
    Nothing,
    /// Some pieces; of how many, it does not tell.
    Unproven,
    /// It said nothing of its pieces.
    Silent,
}

/// What to do about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Wait for the next.
    Wait,
    /// Send this, and wait.
    Send(Vec<u8>),
    /// It is a seed: no more questions.
    Done,
}

/// Finds out what one peer has.
#[derive(Debug)]
pub struct Exam {
    info_hash: InfoHash,
    pieces: Option<u32>,
    abilities: Abilities,
    claim: Option<Claim>,
    metadata: Option<Metadata>,
}

#[derive(Debug)]
enum Claim {
    All,
    None,
    Bits(Vec<u8>),
}

/// An `info` on its way to us.
#[derive(Debug)]
struct Metadata {
    /// The peer's number for such messages.
    number: u8,
    size: usize,
    so_far: Vec<u8>,
}

impl Exam {
    /// Of a peer that has shaken hands; `pieces` are those of the torrent, if they are known.
    pub fn new(info_hash: InfoHash, pieces: Option<u32>, abilities: Abilities) -> Exam {
        Exam { info_hash, pieces, abilities, claim: None, metadata: None }
    }

    /// What to say first: that we have nothing, and which extension we speak.
    pub fn opening(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.abilities.fast {
            bytes.extend([0, 0, 0, 1, 15]);
        }
        if self.abilities.extended && self.pieces.is_none() {
            bytes.extend(extended(0, format!("d1:md11:ut_metadatai{OUR_METADATA}ee1:v6:hlidkae").as_bytes()));
        }
        bytes
    }

    /// Does it wait for the `info`, and not for what the peer has?
    pub fn awaits_metadata(&self) -> bool {
        self.pieces.is_none() && matches!(self.claim, Some(Claim::Bits(_))) && self.abilities.extended
    }

    /// Has the peer said what it has?
    pub fn has_claim(&self) -> bool {
        self.claim.is_some()
    }

    /// Takes a message.
    pub fn take(&mut self, message: Message) -> Result<Step, Fault> {
        match message {
            Message::HaveAll => self.claim = Some(Claim::All),
            Message::HaveNone => self.claim = Some(Claim::None),
            Message::Bitfield(bits) => self.claim = Some(Claim::Bits(bits)),
            Message::Have(piece) => self.add(piece)?,
            Message::Extended(0, content) => return Ok(self.greeted(&content)),
            Message::Extended(OUR_METADATA, content) => {
                if let Some(next) = self.receive(&content)? {
                    return Ok(Step::Send(next));
                }
            }
            Message::Extended(..) | Message::Other => {}
        }
        self.check()?;
        Ok(if self.verdict() == Verdict::Seed { Step::Done } else { Step::Wait })
    }

    /// What is known by now.
    pub fn verdict(&self) -> Verdict {
        match (&self.claim, self.pieces) {
            (None, _) => Verdict::Silent,
            (Some(Claim::All), _) => Verdict::Seed,
            (Some(Claim::None), _) => Verdict::Nothing,
            (Some(Claim::Bits(bits)), pieces) => {
                let have = bits.iter().map(|byte| byte.count_ones()).sum();
                match pieces {
                    _ if have == 0 => Verdict::Nothing,
                    None => Verdict::Unproven,
                    Some(pieces) if have == pieces => Verdict::Seed,
                    Some(pieces) => Verdict::Part { have, pieces },
                }
            }
        }
    }

    /// A bitfield must fit the pieces, once these are known.
    fn check(&self) -> Result<(), Fault> {
        let (Some(Claim::Bits(bits)), Some(pieces)) = (&self.claim, self.pieces) else { return Ok(()) };
        let spare = match pieces % 8 {
            0 => 0,
            used => 0xff_u8 >> used,
        };
        let fits =
            bits.len() == pieces.div_ceil(8) as usize && bits.last().is_none_or(|last| last & spare == 0);
        if fits { Ok(()) } else { Err(Fault::Bitfield { bytes: bits.len(), pieces }) }
    }

    /// Some seeds hide pieces in their bitfield and tell of them one by one.
    fn add(&mut self, piece: u32) -> Result<(), Fault> {
        if piece >= self.pieces.unwrap_or(MAX_PIECES) {
            return Err(Fault::Malformed("HAVE"));
        }
        let bits = match &mut self.claim {
            Some(Claim::All) => return Ok(()),
            Some(Claim::Bits(bits)) => bits,
            none => {
                let length = self.pieces.map_or(0, |pieces| pieces.div_ceil(8) as usize);
                let Claim::Bits(bits) = none.insert(Claim::Bits(vec![0; length])) else { return Ok(()) };
                bits
            }
        };
        let at = piece as usize / 8;
        if at >= bits.len() {
            bits.resize(at + 1, 0);
        }
        if let Some(byte) = bits.get_mut(at) {
            *byte |= 0x80 >> (piece % 8);
        }
        Ok(())
    }

    /// The peer's extended handshake: if it has the `info` that we lack, ask for it.
    fn greeted(&mut self, content: &[u8]) -> Step {
        let Ok((hello, _)) = bencode::decode_first(content) else { return Step::Wait };
        let number = hello.get("m").and_then(|m| m.get("ut_metadata")).and_then(Value::number);
        let number = number.and_then(|number| u8::try_from(number).ok()).filter(|number| *number != 0);
        let size = hello.get("metadata_size").and_then(Value::number);
        let size =
            size.and_then(|size| usize::try_from(size).ok()).filter(|size| (1..=MAX_METADATA).contains(size));
        match (number, size) {
            (Some(number), Some(size)) if self.pieces.is_none() && self.metadata.is_none() => {
                let metadata = self.metadata.insert(Metadata { number, size, so_far: Vec::new() });
                Step::Send(metadata.request())
            }
            _ => Step::Wait,
        }
    }

    /// A piece of the `info`; gives the request for the next one.
    fn receive(&mut self, content: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let malformed = Fault::Malformed("piece of metadata");
        let Some(metadata) = &mut self.metadata else { return Ok(None) };
        let (head, used) = bencode::decode_first(content).map_err(|_| malformed.clone())?;
        let number = |key: &str| head.get(key).and_then(Value::number);
        if number("msg_type") != Some(1) {
            // a request for what we have not, or a refusal
            return Ok(None);
        }
        let data = content.get(used..).unwrap_or_default();
        let wanted = (metadata.size - metadata.so_far.len()).min(METADATA_PIECE);
        let piece = (metadata.so_far.len() / METADATA_PIECE) as u64;
        if number("piece") != Some(piece) || data.len() != wanted || wanted == 0 {
            return Err(malformed);
        }
        metadata.so_far.extend_from_slice(data);
        if metadata.so_far.len() < metadata.size {
            return Ok(Some(metadata.request()));
        }
        if InfoHash::of(&metadata.so_far) != self.info_hash {
            return Err(Fault::OtherMetadata);
        }
        let info = bencode::decode(&metadata.so_far).map_err(|error| Fault::Metadata(error.to_string()))?;
        let info = Info::read(&info).map_err(Fault::Metadata)?;
        self.pieces = Some(info.pieces);
        // what only HAVE told may be shorter
        if let Some(Claim::Bits(bits)) = &mut self.claim
            && bits.len() < info.pieces.div_ceil(8) as usize
        {
            bits.resize(info.pieces.div_ceil(8) as usize, 0);
        }
        Ok(None)
    }
}

impl Metadata {
    fn request(&self) -> Vec<u8> {
        let piece = self.so_far.len() / METADATA_PIECE;
        extended(self.number, format!("d8:msg_typei0e5:piecei{piece}ee").as_bytes())
    }
}

fn extended(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 2).unwrap_or(u32::MAX);
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend([20, number]);
    bytes.extend(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: InfoHash = InfoHash([7; 20]);

    fn exam(pieces: Option<u32>) -> Exam {
        Exam::new(HASH, pieces, Abilities { fast: true, extended: true })
    }

    #[test]
    fn handshakes_are_read_and_garbage_is_told_early() {
        let ours = handshake(HASH, &[1; 20]);
        let both = Abilities { fast: true, extended: true };
        assert_eq!(read_handshake(&ours, HASH), Progress::Done(Ok(both), 68));
        assert_eq!(read_handshake(&ours[..67], HASH), Progress::More);
        let other = InfoHash([8; 20]);
        assert_eq!(read_handshake(&ours, other), Progress::Done(Err(Fault::OtherTorrent(HASH)), 68));
        let Progress::Done(Err(Fault::Protocol(said)), 8) = read_handshake(b"SSH-2.0-", HASH) else {
            panic!()
        };
        assert_eq!(said, "SSH-2.0-");
        assert_eq!(read_handshake(b"", HASH), Progress::More);
    }

    #[test]
    fn messages_are_read() {
        for (bytes, message, used) in [
            (&b"\0\0\0\0"[..], Message::Other, 4),
            (b"\0\0\0\x01\x0exyz", Message::HaveAll, 5),
            (b"\0\0\0\x01\x0f", Message::HaveNone, 5),
            (b"\0\0\0\x03\x05\xff\x80", Message::Bitfield(vec![0xff, 0x80]), 7),
            (b"\0\0\0\x05\x04\0\0\0\x09", Message::Have(9), 9),
            (b"\0\0\0\x03\x14\0x", Message::Extended(0, b"x".to_vec()), 7),
            (b"\0\0\0\x01\x02", Message::Other, 5),
        ] {
            assert_eq!(read_message(bytes), Progress::Done(Ok(message), used));
        }
        assert_eq!(read_message(b"\0\0\0\x05\x04\0\0\0"), Progress::More);
        for bad in [&b"\xff\xff\xff\xff"[..], b"\0\0\0\x02\x04\0", b"\0\0\0\x01\x14", b"\0\0\0\x02\x0e\0"] {
            assert!(matches!(read_message(bad), Progress::Done(Err(_), _)), "{bad:?}");
        }
    }

    #[test]
    fn a_seed_has_every_piece_and_no_more() {
        let after = |pieces, messages: &[Message]| {
            let mut exam = exam(Some(pieces));
            for message in messages {
                exam.take(message.clone())?;
            }
            Ok::<Verdict, Fault>(exam.verdict())
        };
        let bits = |bits: &[u8]| Message::Bitfield(bits.to_vec());
        assert_eq!(after(9, &[bits(&[0xff, 0x80])]), Ok(Verdict::Seed));
        assert_eq!(after(8, &[bits(&[0xff])]), Ok(Verdict::Seed));
        assert_eq!(after(9, &[bits(&[0xff, 0])]), Ok(Verdict::Part { have: 8, pieces: 9 }));
        assert_eq!(after(9, &[bits(&[0xff, 0]), Message::Have(8)]), Ok(Verdict::Seed));
        assert_eq!(after(9, &[bits(&[0, 0])]), Ok(Verdict::Nothing));
        assert_eq!(after(2, &[Message::Have(0)]), Ok(Verdict::Part { have: 1, pieces: 2 }));
        assert_eq!(after(9, &[Message::HaveAll, Message::Have(3)]), Ok(Verdict::Seed));
        assert_eq!(after(9, &[Message::HaveNone]), Ok(Verdict::Nothing));
        assert_eq!(after(9, &[Message::Other]), Ok(Verdict::Silent));
        for bad in [bits(&[0xff]), bits(&[0xff, 0xc0]), bits(&[0xff, 0x80, 0]), Message::Have(9)] {
            assert!(after(9, &[bad]).is_err());
        }
    }

    /// BEP 9: without the torrent, its `info` comes from the peer.
    #[test]
    fn metadata_comes_piece_by_piece() {
        let hashes = "x".repeat(20 * 2000);
        let info = format!("d6:lengthi2000e4:name1:a12:piece lengthi1e6:pieces{}:{hashes}e", hashes.len());
        let hash = InfoHash::of(info.as_bytes());
        let start = || {
            let mut exam = Exam::new(hash, None, Abilities { fast: false, extended: true });
            assert_eq!(exam.take(Message::Bitfield(vec![0xff; 250])), Ok(Step::Wait));
            assert!(exam.awaits_metadata() && exam.verdict() == Verdict::Unproven);
            let hello = format!("d1:md11:ut_metadatai3ee13:metadata_sizei{}ee", info.len());
            let asked = exam.take(Message::Extended(0, hello.into_bytes()));
            assert_eq!(asked, Ok(Step::Send(extended(3, b"d8:msg_typei0e5:piecei0ee"))));
            exam
        };
        let piece = |number: usize, data: &[u8]| {
            let head = format!("d8:msg_typei1e5:piecei{number}e10:total_sizei{}ee", info.len());
            Message::Extended(OUR_METADATA, [head.as_bytes(), data].concat())
        };
        let chunks: Vec<&[u8]> = info.as_bytes().chunks(METADATA_PIECE).collect();
        let mut exam = start();
        for (i, chunk) in chunks.iter().enumerate() {
            let step = exam.take(piece(i, chunk)).unwrap();
            assert_eq!(step == Step::Done, i + 1 == chunks.len(), "{step:?}");
        }
        assert!(start().take(piece(1, chunks[0])).is_err());
        assert!(start().take(piece(0, b"short")).is_err());
        assert!(start().take(Message::Extended(OUR_METADATA, b"x".to_vec())).is_err());
        assert_eq!(
            start().take(Message::Extended(OUR_METADATA, b"d8:msg_typei2e5:piecei0ee".to_vec())),
            Ok(Step::Wait)
        );
        let mut exam = start();
        let mut forged = chunks.iter().map(|chunk| chunk.to_vec()).collect::<Vec<_>>();
        forged[1][0] ^= 1;
        let outcome: Result<Vec<Step>, Fault> =
            forged.iter().enumerate().map(|(i, chunk)| exam.take(piece(i, chunk))).collect();
        assert_eq!(outcome, Err(Fault::OtherMetadata));
    }

    #[test]
    fn says_first_that_it_has_nothing() {
        assert_eq!(exam(Some(1)).opening(), [0, 0, 0, 1, 15]);
        let asking = exam(None).opening();
        assert!(
            asking.len() > 20
                && matches!(read_message(&asking[5..]), Progress::Done(Ok(Message::Extended(0, _)), _))
        );
        assert!(Exam::new(HASH, None, Abilities::default()).opening().is_empty());
        // a huge or absent size is not asked for
        for hello in
            [&b"d1:md11:ut_metadatai3ee13:metadata_sizei99999999999ee"[..], b"d1:md11:ut_metadatai3eee", b"x"]
        {
            assert_eq!(exam(None).take(Message::Extended(0, hello.to_vec())), Ok(Step::Wait));
        }
    }
}
