//! Lines of growing logs, each once: across rotation by rename and by copytruncate, compression of what
//! was rotated, and restarts of whoever reads. And what stands in them: times, and F-TICKS.
//!
//! Read [`Source`] first: one log with its rotated parts. [`Marks`] is how far each was read, to be kept
//! between runs in a [`Keep`], a file that is replaced as a whole under a lock.
//!
//! Files are known by their content (a hash of how they begin and of the last line read), not by name or
//! inode: both change when a log is rotated, copied or compressed, the content does not.

mod find;
mod fingerprint;
pub mod fticks;
mod keep;
mod marks;
mod source;
mod stamp;
mod text;

pub use find::{MAX_FILES, Pattern};
pub use keep::{Keep, KeepError, read_json};
pub use marks::Marks;
pub use source::{Bookmark, Line, MAX_LINE, Source, open};
pub use stamp::{Clock, Stamp, zone};

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A directory or file cannot be opened or read.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// What it is about.
        path: String,
        /// The system's words.
        why: std::io::Error,
    },
    /// A pattern fits more files than are followed at once.
    #[error("{0} fits more than {MAX_FILES} files")]
    TooMany(String),
    /// Nothing is there.
    #[error("no file is there that {0} fits")]
    Nothing(String),
}
