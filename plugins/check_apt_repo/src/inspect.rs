//! Looks at an index while it comes: hashes what arrives, unpacks it, hashes that too, and reads it.
//! All of it in pieces: memory does not grow with the index.
//!
//! Unpacking takes time without waiting, so it has a thread of its own, fed through a channel.

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
        if self.size != wanted.size {
            let more = if self.size > wanted.size { "more than " } else { "" };
            let shown = self.size.min(wanted.size);
            let (is, should) =
                if more.is_empty() { (shown, wanted.size) } else { (wanted.size, wanted.size) };
            return Some(format!("has {more}{is} bytes, the Release says {should}"));
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
