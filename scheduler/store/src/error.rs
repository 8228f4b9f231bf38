//! What goes wrong with a database, and the way out.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why the store cannot be used, or a change to it was not made. A change that fails leaves
/// everything as it was and may be tried again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not a place where state can be kept.
    #[error("store {0:?}: write sqlite:/path/state.db")]
    Place(String),
    /// A file beside or below it cannot be made or read.
    #[error("{path}: {source}; the directory must exist and belong to the user that runs hlidka", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another daemon has it.
    #[error("{path} is in use by another hlidka{holder}; stop that one, or give this one another store", path = path.display())]
    InUse {
        /// Which.
        path: PathBuf,
        /// ` (process 17)`, if it says so.
        holder: String,
    },
    /// Something else's database.
    #[error("{path} is a database of another program; give hlidka a file of its own", path = path.display())]
    Foreign {
        /// Which.
        path: PathBuf,
    },
    /// Written by a newer hlidka.
    #[error(
        "{path} was written by a newer hlidka (schema {found}, this one knows {known}); install that version again, or start with a new file",
        path = path.display()
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// SQLite refused.
    #[error("{doing} {path}: {source}{hint}", path = path.display())]
    Database {
        /// What was tried: `open`, `write to`, `read`.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
        /// What to do about it, if anything is known.
        hint: &'static str,
    },
}

impl StoreError {
    pub(crate) fn database(doing: &'static str, path: PathBuf, source: rusqlite::Error) -> StoreError {
        let hint = match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                "; move it away with its -wal and -shm files, and restore a backup or start with a new one"
            }
            Some(ErrorCode::DiskFull) => "; make room on that file system",
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "; another program holds it open (sqlite3?), end that"
            }
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                "; file and directory must be writable for the user that runs hlidka"
            }
            _ => "",
        };
        StoreError::Database { doing, path, source, hint }
    }
}
