//! Asking for history.

use engine::{Entry, Identity, Timestamp};
use rusqlite::params;

use crate::row::{self, Rows, Warnings, decode};
use crate::{Store, StoreError};

/// Whose history or ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Everybody's.
    All,
    /// One host's or one service's own.
    Object(&'a Identity),
    /// A host's and that of all its services.
    HostWithServices(&'a str),
}

impl<'a> Scope<'a> {
    /// Host and service columns that must match; none matches every one.
    pub(crate) fn columns(self) -> (Option<&'a str>, Option<&'a str>) {
        match self {
            Scope::All => (None, None),
            Scope::Object(identity) => (Some(&identity.host), Some(row::service_column(identity))),
            Scope::HostWithServices(host) => (Some(host), None),
        }
    }

    /// The condition for a `WHERE`, so that SQLite can choose an index.
    pub(crate) fn condition(self) -> &'static str {
        match self {
            Scope::All => "?1 IS NULL AND ?2 IS NULL",
            Scope::Object(_) => "host = ?1 AND service = ?2",
            Scope::HostWithServices(_) => "host = ?1 AND ?2 IS NULL",
        }
    }
}

/// Which lines of history.
#[derive(Clone, Copy, Debug)]
pub struct HistoryQuery<'a> {
    /// Whose.
    pub scope: Scope<'a>,
    /// None older than this.
    pub since: Timestamp,
    /// At most so many, the newest.
    pub limit: u32,
}

impl Store {
    /// Lines of history, newest first.
    pub fn history(&self, query: &HistoryQuery<'_>) -> Result<Rows<Entry>, StoreError> {
        self.read_history(query).map_err(|source| self.broken("read", source))
    }

    fn read_history(&self, query: &HistoryQuery<'_>) -> rusqlite::Result<Rows<Entry>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT id, at, host, service, detail FROM history WHERE {} AND at >= ?3
             ORDER BY at DESC, id DESC LIMIT ?4",
            query.scope.condition()
        ))?;
        let (host, service) = query.scope.columns();
        let mut found = statement.query(params![host, service, query.since.micros(), query.limit])?;
        let mut warnings = Warnings::default();
        let mut rows = Vec::new();
        while let Some(columns) = found.next()? {
            let id: i64 = columns.get(0)?;
            let identity = row::identity_at(columns, 2)?;
            let what = format_args!("line {id} of the history of {identity}");
            if let Some(kind) = decode(row::bytes(columns, 4)?, what, &mut warnings) {
                rows.push(Entry { at: row::moment(columns.get(1)?), identity, kind });
            }
        }
        Ok(Rows { rows, warnings: warnings.into_lines() })
    }
}
