//! Opening the database: place, lock, modes, version.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::StoreError;
use crate::lock::Lock;
use crate::schema::{self, Found};

/// Prepared statements kept: all that this crate has.
const STATEMENTS: usize = 64;

/// How long to wait for a person's `sqlite3` that holds the file.
const BUSY: Duration = Duration::from_secs(5);

/// The database of one daemon.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    pub(crate) durable: bool,
    _lock: Lock,
}

impl Store {
    /// Opens `sqlite:/path/state.db` (or a path alone), making it if it is not there, readable by
    /// its owner only. The directory must exist.
    pub fn open(place: &str) -> Result<Store, StoreError> {
        let path = real(&file_of(place)?)?;
        let lock = Lock::take(&path)?;
        create(&path)?;
        let (connection, found) =
            connect(&path).map_err(|source| StoreError::database("open", path.clone(), source))?;
        let done = match found {
            Found::Version(done) => done,
            Found::Foreign => return Err(StoreError::Foreign { path }),
            Found::Newer(found) => {
                let known = i64::try_from(schema::STEPS.len()).unwrap_or(i64::MAX);
                return Err(StoreError::Newer { path, found, known });
            }
        };
        let mut store = Store { connection, path, durable: true, _lock: lock };
        store.prepare(done).map_err(|source| store.broken("open", source))?;
        Ok(store)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn prepare(&mut self, done: usize) -> rusqlite::Result<()> {
        self.connection.pragma_update(None, "journal_mode", "wal")?;
        self.connection.pragma_update(None, "synchronous", "full")?;
        // after a burst the journal is cut back to this many bytes
        self.connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        schema::migrate(&mut self.connection, done, schema::STEPS)
    }

    /// Shall the next commits wait for the disk? In WAL mode NORMAL leaves that to the next
    /// checkpoint, FULL makes every commit (and all before it) survive a power cut.
    pub(crate) fn wait_for_disk(&mut self, durable: bool) -> rusqlite::Result<()> {
        if self.durable != durable {
            self.connection.pragma_update(None, "synchronous", if durable { "full" } else { "normal" })?;
            self.durable = durable;
        }
        Ok(())
    }

    pub(crate) fn broken(&self, doing: &'static str, source: rusqlite::Error) -> StoreError {
        StoreError::database(doing, self.path.clone(), source)
    }
}

fn connect(path: &Path) -> rusqlite::Result<(Connection, Found)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let found = schema::look(&connection, schema::STEPS.len())?;
    Ok((connection, found))
}

/// The file of `sqlite:FILE`, `sqlite:///FILE` or `FILE`.
fn file_of(place: &str) -> Result<PathBuf, StoreError> {
    let file = match place.split_once(':') {
        Some(("sqlite", file)) => file.strip_prefix("//").unwrap_or(file),
        Some((scheme, _)) if !scheme.contains('/') => return Err(StoreError::Place(place.to_owned())),
        _ => place,
    };
    if file.is_empty() || file.ends_with('/') {
        return Err(StoreError::Place(place.to_owned()));
    }
    Ok(PathBuf::from(file))
}

/// The same file by the same name, through whatever link it was named: its lock lies beside it.
fn real(file: &Path) -> Result<PathBuf, StoreError> {
    if let Ok(path) = file.canonicalize() {
        return Ok(path);
    }
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let path = directory.canonicalize().map(|directory| directory.join(file.file_name().unwrap_or_default()));
    path.map_err(|source| StoreError::File { path: file.to_owned(), source })
}

/// SQLite gives its journal the mode of the database, so that one is made first with ours.
fn create(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    made.map(drop).map_err(|source| StoreError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn places_are_read() {
        for (place, file) in [
            ("sqlite:/var/lib/hlidka/state.db", "/var/lib/hlidka/state.db"),
            ("sqlite:///var/lib/hlidka/state.db", "/var/lib/hlidka/state.db"),
            ("sqlite:state.db", "state.db"),
            ("/a/b:c.db", "/a/b:c.db"),
        ] {
            assert_eq!(file_of(place).unwrap(), PathBuf::from(file));
        }
        for place in ["", "sqlite:", "sqlite:/dir/", "postgresql://db1/hlidka"] {
            assert!(file_of(place).unwrap_err().to_string().contains("sqlite:/path/state.db"), "{place}");
        }
    }

    #[test]
    fn nobody_else_reads_it_and_one_daemon_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let place = format!("sqlite:{}/state.db", dir.path().display());
        let mut store = Store::open(&place).unwrap();
        store.commit(&crate::Batch::default()).unwrap();
        for name in ["state.db", "state.db-wal", "state.db-shm", "state.db.lock"] {
            let mode = std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let refused = Store::open(&place).unwrap_err().to_string();
        assert!(
            refused.contains("in use by another hlidka")
                && refused.contains(&format!("process {}", std::process::id())),
            "{refused}"
        );
        drop(store);
        Store::open(&place).unwrap();
    }

    #[test]
    fn messages_name_the_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        drop(Store::open(&at("newer.db")).unwrap());
        Connection::open(at("newer.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
        Connection::open(at("foreign.db")).unwrap().execute_batch("CREATE TABLE places (x)").unwrap();
        std::fs::write(at("rubbish.db"), "no database at all ".repeat(400)).unwrap();
        for (name, wanted) in [
            ("newer.db", "newer hlidka (schema 99, this one knows 2)"),
            ("foreign.db", "another program"),
            ("rubbish.db", "move it away"),
            ("none/state.db", "the directory must exist"),
        ] {
            let message = Store::open(&at(name)).unwrap_err().to_string();
            assert!(message.contains(wanted) && message.contains(name), "{message}");
        }
        assert!(std::fs::read_to_string(at("rubbish.db")).unwrap().starts_with("no database"));
    }
}
