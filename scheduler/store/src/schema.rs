//! The tables, and how a database of an older version becomes one of this version.

use rusqlite::{Connection, Transaction};

/// `hlid`, so that another program's database is recognised.
pub(crate) const APPLICATION_ID: i64 = 0x686c_6964;

/// Each step leads to the next version; `PRAGMA user_version` counts those done. Never change one
/// that was released: add another.
pub(crate) const STEPS: &[&str] = &[VERSION_1, VERSION_2];

/// A host has the service `''`, which no service can be called.
///
/// `detail` is JSON, as serde writes the engine's types. `history.event` is made from it for
/// people who look with `sqlite3`; it costs nothing to write.
const VERSION_1: &str = "
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE object (
    host TEXT NOT NULL,
    service TEXT NOT NULL,
    detail TEXT NOT NULL,
    UNIQUE (host, service)
) STRICT;

CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    host TEXT NOT NULL,
    service TEXT NOT NULL,
    detail TEXT NOT NULL,
    event TEXT GENERATED ALWAYS AS (iif(json_valid(detail), detail ->> '$.event', NULL)) VIRTUAL
) STRICT;
CREATE INDEX history_at ON history (at);
CREATE INDEX history_object ON history (host, service, at);

CREATE TABLE notification (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host TEXT NOT NULL,
    service TEXT NOT NULL,
    contact TEXT NOT NULL,
    queued_at INTEGER NOT NULL,
    detail TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_try INTEGER,
    next_try INTEGER,
    last_error TEXT,
    sent_at INTEGER,
    given_up_at INTEGER
) STRICT;
CREATE INDEX notification_queued ON notification (queued_at);
CREATE INDEX notification_object ON notification (host, service, queued_at);
CREATE INDEX notification_waiting ON notification (id) WHERE sent_at IS NULL AND given_up_at IS NULL;
";

/// What is remembered of the scheduler as a whole: one row.
const VERSION_2: &str = "
CREATE TABLE scheduler (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    detail TEXT NOT NULL
) STRICT;
";

/// What a database is, before anything is changed in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Ours, with so many steps done; 0 for a new one.
    Version(usize),
    /// Ours, of a version that this one does not know.
    Newer(i64),
    /// Not ours.
    Foreign,
}

/// Looks, without changing anything.
pub(crate) fn look(connection: &Connection, known: usize) -> rusqlite::Result<Found> {
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    if application != APPLICATION_ID {
        return Ok(if tables == 0 { Found::Version(0) } else { Found::Foreign });
    }
    Ok(match usize::try_from(version) {
        Ok(version) if version <= known => Found::Version(version),
        _ => Found::Newer(version),
    })
}

/// Takes the steps that are missing, all or none.
pub(crate) fn migrate(connection: &mut Connection, done: usize, steps: &[&str]) -> rusqlite::Result<()> {
    let missing = steps.get(done..).unwrap_or_default();
    if missing.is_empty() {
        return Ok(());
    }
    let transaction: Transaction<'_> = connection.transaction()?;
    for step in missing {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", i64::try_from(steps.len()).unwrap_or(i64::MAX))?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_missing_steps_and_keeps_the_rows() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(look(&connection, 1).unwrap(), Found::Version(0));
        migrate(&mut connection, 0, STEPS).unwrap();
        connection.execute("INSERT INTO meta VALUES ('alive', 7)", []).unwrap();
        assert_eq!(look(&connection, STEPS.len()).unwrap(), Found::Version(STEPS.len()));

        let longer =
            [STEPS, &["ALTER TABLE meta ADD COLUMN note TEXT", "UPDATE meta SET note = 'x'"]].concat();
        migrate(&mut connection, STEPS.len(), &longer).unwrap();
        let row = connection
            .query_row("SELECT value, note FROM meta", [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })
            .unwrap();
        assert_eq!(row, (7, "x".to_owned()));
        assert_eq!(look(&connection, longer.len()).unwrap(), Found::Version(longer.len()));
        assert_eq!(look(&connection, STEPS.len()).unwrap(), Found::Newer(4));
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 0, STEPS).unwrap();
        let broken = [STEPS, &["CREATE TABLE more (x)", "no SQL"]].concat();
        migrate(&mut connection, STEPS.len(), &broken).unwrap_err();
        assert_eq!(look(&connection, STEPS.len()).unwrap(), Found::Version(STEPS.len()));
        connection.prepare("SELECT * FROM more").unwrap_err();
    }

    #[test]
    fn another_programs_database_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE places (x)").unwrap();
        assert_eq!(look(&connection, 1).unwrap(), Found::Foreign);
    }
}
