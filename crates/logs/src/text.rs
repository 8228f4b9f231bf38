//! One file of a log, packed or not, as its plain content.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use rustix::fs::OFlags;

use crate::marks::HEAD;

/// Read at once.
const BUFFER: usize = 128 * 1024;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A file as it was found. It is opened anew for reading: there may be more files than a process can have
/// open.
pub(crate) struct Text {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
    pub is_packed: bool,
    /// Its length; of a packed one, packed.
    pub length: u64,
    /// When it was last changed; seconds since 1970.
    pub changed: i64,
    /// Its beginning, unpacked.
    pub head: Vec<u8>,
}

impl Text {
    /// `None` for what is no file, and for what was changed before `horizon`.
    pub fn find(path: &Path, horizon: i64) -> io::Result<Option<Text>> {
        let mut file = open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.mtime() < horizon {
            return Ok(None);
        }
        let mut magic = Vec::new();
        (&mut file).take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic)?;
        let mut text = Text {
            path: path.to_owned(),
            identity: (metadata.dev(), metadata.ino()),
            is_packed: magic == GZIP_MAGIC,
            length: metadata.len(),
            changed: metadata.mtime(),
            head: Vec::new(),
        };
        let mut head = Vec::new();
        match text.content(0)?.take(HEAD as u64).read_to_end(&mut head) {
            Ok(_) => {}
            // what is being packed just now ends early
            Err(error) if text.is_packed && !head.is_empty() => drop(error),
            Err(error) => return Err(error),
        }
        text.head = head;
        Ok(Some(text))
    }

    /// Its content from this offset on. Of a packed one what lies before is unpacked and dropped;
    /// `UnexpectedEof` if there is not so much. `NotFound` if another file has its name by now.
    pub fn content(&self, offset: u64) -> io::Result<Box<dyn BufRead + Send>> {
        let mut file = open(&self.path)?;
        let metadata = file.metadata()?;
        if (metadata.dev(), metadata.ino()) != self.identity {
            return Err(io::ErrorKind::NotFound.into());
        }
        if !self.is_packed {
            file.seek(SeekFrom::Start(offset))?;
            return Ok(Box::new(BufReader::with_capacity(BUFFER, file)));
        }
        let decoder = MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file));
        let mut content = BufReader::with_capacity(BUFFER, decoder);
        let skipped = io::copy(&mut (&mut content).take(offset), &mut io::sink())?;
        if skipped < offset {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Box::new(content))
    }
}

/// A FIFO must not hold us up.
fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}
