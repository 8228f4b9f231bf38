//! Looks at an index while it comes: hashes what arrives, unpacks it, hashes that too, and reads it.
//! All of it in pieces: memory does not grow with the index.
//!
//! Unpacking takes time without waiting, so it has a thread of its own, fed through a channel.

use std::cmp::Ordering;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Arc, Weak};

use ring::digest::{Context, SHA256, SHA512};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use crate::packages::{self, Kind, Sampler};
use crate::release::{Hash, Listed};

/// Pieces that wait for the thread; each is a read of the network.
const WAITING: usize = 16;

/// Most memory that unpacking may take: what `xz -9` and `zstd --ultra` ask for at most.
const MAX_WINDOW: u64 = 128 << 20;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `.xz`.
    Xz,
    /// `.zst`.
    Zstd,
    /// `.gz`.
    Gzip,
    /// Not at all.
    Plain,
}

impl Form {
    /// All, in the order in which apt prefers them.
    pub const ALL: [Form; 4] = [Form::Xz, Form::Zstd, Form::Gzip, Form::Plain];

    /// What the form adds to a name.
    pub const fn suffix(self) -> &'static str {
        match self {
            Form::Xz => ".xz",
            Form::Zstd => ".zst",
            Form::Gzip => ".gz",
            Form::Plain => "",
        }
    }

    /// A name without what its form adds, and the form; a form that is not known here counts as plain.
    pub fn of(path: &str) -> (&str, Form) {
        let packed = Form::ALL.into_iter().filter(|form| *form != Form::Plain);
        let mut found = packed.filter_map(|form| Some((path.strip_suffix(form.suffix())?, form)));
        found.next().unwrap_or((path, Form::Plain))
    }
}

/// What an index is to be.
#[derive(Clone, Debug)]
pub struct Expected {
    /// How it is packed.
    pub form: Form,
    /// What arrives.
    pub packed: Listed,
    /// What it unpacks to, if the Release says.
    pub plain: Option<Listed>,
    /// What is in it; unread if nothing is known of that.
    pub kind: Option<Kind>,
    /// Most bytes that it may unpack to, if the Release does not say.
    pub max_plain: u64,
}

/// What an index is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// As it should be, with so many packages if they were read.
    Fine {
        /// Number of packages.
        packages: Option<u64>,
    },
    /// Something else than the Release says.
    Differs(String),
    /// What the Release says, but of no use.
    Unusable(String),
}

/// An index that is being looked at. Dropping it ends the thread.
pub struct Inspection {
    feed: Option<Sender<Vec<u8>>>,
    alive: Arc<()>,
    thread: JoinHandle<(Finding, Sampler)>,
}

impl Inspection {
    /// Begins to look; the sampler comes back with the finding.
    pub fn begin(expected: Expected, sampler: Sampler) -> Inspection {
        let (feed, pieces) = channel(WAITING);
        let alive = Arc::new(());
        let owner = Arc::downgrade(&alive);
        let thread = tokio::task::spawn_blocking(move || look(&expected, pieces, owner, sampler));
        Inspection { feed: Some(feed), alive, thread }
    }

    /// The next piece.
    pub async fn piece(&mut self, piece: Vec<u8>) {
        if let Some(feed) = &self.feed {
            // a thread that has gone says why in its finding
            let _ = feed.send(piece).await;
        }
    }

    /// All has come: what is it? None if the thread broke down.
    pub async fn finish(mut self) -> Option<(Finding, Sampler)> {
        self.feed = None;
        let found = (&mut self.thread).await.ok();
        drop(self.alive);
        found
    }
}

fn look(
    expected: &Expected,
    pieces: Receiver<Vec<u8>>,
    owner: Weak<()>,
    mut sampler: Sampler,
) -> (Finding, Sampler) {
    let mut arriving = Arriving { pieces, current: Vec::new(), at: 0, owner };
    let mut packed = Hashed::new(&mut arriving, expected.packed.hash.as_ref());
    let unpacked = unpack(expected, &mut packed, &mut sampler);
    // what is behind the end of what was unpacked counts for size and hash, too
    let drained = io::copy(&mut packed, &mut io::sink());
    let wrong = drained.err().map(|error| error.to_string());
    let wrong = wrong.or_else(|| packed.differs_from(&expected.packed));
    let finding = match (wrong, unpacked) {
        (Some(wrong), _) => Finding::Differs(wrong),
        (None, Ok(finding)) => finding,
        (None, Err(error)) => Finding::Unusable(error.to_string()),
    };
    (finding, sampler)
}

fn unpack(
    expected: &Expected,
    packed: &mut impl Read,
    sampler: &mut Sampler,
) -> Result<Finding, packages::Error> {
    let packed = BufReader::new(packed);
    match expected.form {
        Form::Plain => read_plain(expected, packed, sampler),
        Form::Gzip => read_plain(expected, flate2::bufread::MultiGzDecoder::new(packed), sampler),
        Form::Xz => {
            let kib = u32::try_from(MAX_WINDOW >> 10).unwrap_or(u32::MAX);
            read_plain(expected, lzma_rust2::XzReader::new_mem_limit(packed, true, kib), sampler)
        }
        Form::Zstd => read_plain(expected, ZstdFrames { source: packed, frame: None, began: false }, sampler),
    }
}

fn read_plain(
    expected: &Expected,
    plain: impl Read,
    sampler: &mut Sampler,
) -> Result<Finding, packages::Error> {
    let limit = expected.plain.map_or(expected.max_plain, |plain| plain.size);
    // one byte more than there should be shows that there is more
    let mut bounded = plain.take(limit.saturating_add(1));
    let wanted = expected.plain.and_then(|plain| plain.hash);
    let mut hashed = Hashed::new(&mut bounded, wanted.as_ref());
    let read = match &expected.kind {
        Some(kind) => packages::read(kind, BufReader::new(&mut hashed), sampler).map(Some),
        None => Ok(None),
    };
    let is_readable = !matches!(read, Err(packages::Error::Read(_)));
    if is_readable {
        io::copy(&mut hashed, &mut io::sink())?;
        if let Some(plain) = &expected.plain {
            if let Some(wrong) = hashed.differs_from(plain) {
                return Ok(Finding::Differs(format!("unpacked, it {wrong}")));
            }
        } else if hashed.size > limit {
            let limit = fetch::shown(limit);
            return Ok(Finding::Unusable(format!(
                "unpacks to more than {limit} (--max-unpacked allows more)"
            )));
        }
    }
    Ok(Finding::Fine { packages: read? })
}

/// The pieces as one reader.
struct Arriving {
    pieces: Receiver<Vec<u8>>,
    current: Vec<u8>,
    at: usize,
    owner: Weak<()>,
}

impl Read for Arriving {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.owner.strong_count() == 0 {
                return Err(io::Error::other("given up"));
            }
            let rest = self.current.get(self.at..).unwrap_or_default();
            if !rest.is_empty() || into.is_empty() {
                let count = rest.len().min(into.len());
                if let (Some(into), Some(from)) = (into.get_mut(..count), rest.get(..count)) {
                    into.copy_from_slice(from);
                }
                self.at += count;
                return Ok(count);
            }
            match self.pieces.blocking_recv() {
                Some(piece) => (self.current, self.at) = (piece, 0),
                None => return Ok(0),
            }
        }
    }
}

/// Counts and hashes what is read through it.
struct Hashed<'r, R> {
    inner: &'r mut R,
    size: u64,
    digest: Context,
}

impl<'r, R: Read> Hashed<'r, R> {
    fn new(inner: &'r mut R, wanted: Option<&Hash>) -> Hashed<'r, R> {
        let algorithm = if let Some(Hash::Sha512(_)) = wanted { &SHA512 } else { &SHA256 };
        Hashed { inner, size: 0, digest: Context::new(algorithm) }
    }

    /// In what it differs, if it does: `has 5 bytes, not 6`.
    fn differs_from(&self, wanted: &Listed) -> Option<String> {
        let should = wanted.size;
        match self.size.cmp(&should) {
            // it may not have been read to its end
            Ordering::Greater => return Some(format!("has more than {should} bytes, what the Release says")),
            Ordering::Less => return Some(format!("has {} bytes, the Release says {should}", self.size)),
            Ordering::Equal => {}
        }
        let hash = wanted.hash?;
        let is = self.digest.clone().finish();
        let differs = is.as_ref() != hash.as_bytes();
        differs.then(|| format!("has another {} than the Release says", hash.algorithm()))
    }
}

impl<R: Read> Read for Hashed<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.size = self.size.saturating_add(count as u64);
        self.digest.update(into.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// One Zstandard frame after the other, as `zstd` and `cat` write them.
struct ZstdFrames<R: BufRead> {
    source: R,
    frame: Option<Box<ruzstd::decoding::FrameDecoder>>,
    began: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    /// Opens the next frame; skippable ones are skipped. False at the end.
    fn open(&mut self) -> io::Result<bool> {
        use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
        loop {
            if self.began && self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            self.began = true;
            let mut frame = ruzstd::decoding::FrameDecoder::new();
            frame.set_max_window_size(MAX_WINDOW);
            match frame.init(&mut self.source) {
                Ok(()) => {
                    self.frame = Some(Box::new(frame));
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut self.source.by_ref().take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        use ruzstd::decoding::BlockDecodingStrategy::UptoBlocks;
        loop {
            let Some(frame) = &mut self.frame else {
                if !self.open()? {
                    return Ok(0);
                }
                continue;
            };
            let count = frame.read(into)?;
            if count > 0 || into.is_empty() {
                return Ok(count);
            }
            if frame.is_finished() {
                self.frame = None;
            } else {
                frame.decode_blocks(&mut self.source, UptoBlocks(1)).map_err(io::Error::other)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"Package: a\nVersion: 1\nDirectory: pool\nChecksums-Sha256:\n";

    fn listed(bytes: &[u8]) -> Listed {
        let digest = ring::digest::digest(&SHA256, bytes);
        Listed { size: bytes.len() as u64, hash: Some(Hash::Sha256(digest.as_ref().try_into().unwrap())) }
    }

    fn text() -> Vec<u8> {
        [TEXT, format!(" {} 7 a.dsc\n", "a".repeat(64)).as_bytes()].concat()
    }

    fn expected(form: Form, packed: &[u8]) -> Expected {
        let plain = Some(listed(&text()));
        Expected { form, packed: listed(packed), plain, kind: Some(Kind::Sources), max_plain: 1000 }
    }

    /// What is found of these pieces.
    fn found(expected: Expected, pieces: &[&[u8]]) -> Finding {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut inspection = Inspection::begin(expected, Sampler::new(1, 1));
            for piece in pieces {
                inspection.piece(piece.to_vec()).await;
            }
            inspection.finish().await.unwrap().0
        })
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn what_comes_in_pieces_is_one_index() {
        let text = text();
        let (one, other) = text.split_at(20);
        let fine = Finding::Fine { packages: Some(1) };
        assert_eq!(found(expected(Form::Plain, &text), &[one, b"", other]), fine);
        let packed = gzip(&text);
        let (one, other) = packed.split_at(9);
        assert_eq!(found(expected(Form::Gzip, &packed), &[one, other]), fine);
    }

    #[test]
    fn size_and_hash_come_before_what_is_in_it() {
        let text = text();
        let is = |pieces: &[&[u8]], why: &str| {
            let Finding::Differs(said) = found(expected(Form::Plain, &text), pieces) else { panic!("{why}") };
            assert!(said.contains(why), "{said}");
        };
        is(&[&text, b"x"], "has more than 130 bytes");
        is(&[b"x"], "has 1 bytes, the Release says 130");
        is(&[], "has 0 bytes");
        let mut changed = text.clone();
        changed[0] = b'Q';
        is(&[&changed], "has another SHA256");
        let other = gzip(b"Package: b\n");
        let Finding::Differs(said) = found(expected(Form::Gzip, &other), &[&other]) else { panic!() };
        assert!(said.starts_with("unpacked, it has 11 bytes"), "{said}");
    }

    #[test]
    fn unpacking_has_a_limit() {
        let bomb = gzip(&vec![b'\n'; 100_000]);
        let expected = Expected { plain: None, ..expected(Form::Gzip, &bomb) };
        let Finding::Unusable(said) = found(expected, &[&bomb]) else { panic!() };
        assert!(said.contains("unpacks to more than 1000 B"), "{said}");
    }

    #[test]
    fn names_tell_the_form() {
        assert_eq!(Form::of("a/Packages.xz"), ("a/Packages", Form::Xz));
        assert_eq!(Form::of("a/Packages.bz2"), ("a/Packages.bz2", Form::Plain));
    }
}
