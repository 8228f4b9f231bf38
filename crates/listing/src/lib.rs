//! What must be in a listing of files, wherever the listing comes from: a web server's page, an rsync
//! module.
//!
//! [`Pattern`] says which paths are meant and [`Places`] how far one has come in it, so that only
//! directories that can lead on need be read; [`Verdict`] judges what was found. All of it is pure.

mod pattern;
mod verdict;

pub use pattern::{Part, Pattern, Places};
pub use verdict::{Found, Limits, Verdict};
