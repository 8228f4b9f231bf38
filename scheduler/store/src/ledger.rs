//! Who was told, who is still to be told, and who cannot be.

use std::fmt;

use engine::{Notification, Timestamp};
use rusqlite::{Row, params};

use crate::row::{self, Rows, Warnings, decode};
use crate::{Scope, Store, StoreError};

/// Longest error text kept of a failed try, in characters.
const MAX_ERROR: usize = 2000;

/// The number of one notification to one contact; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub(crate) i64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What became of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Not taken yet; the time of the next try, if there was one already.
    Waiting(Option<Timestamp>),
    /// Taken by the mail server or the command.
    Sent(Timestamp),
    /// Refused for good.
    GivenUp(Timestamp),
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerRow {
    /// Its number.
    pub id: DeliveryId,
    /// What was to be told, and to whom.
    pub notification: Notification,
    /// Tries so far.
    pub attempts: u32,
    /// When the last one was.
    pub last_try: Option<Timestamp>,
    /// Why the last failed try failed; stays when a later one succeeds.
    pub last_error: Option<String>,
    /// What became of it.
    pub fate: Fate,
}

/// Which lines of the ledger.
#[derive(Clone, Copy, Debug)]
pub struct LedgerQuery<'a> {
    /// About what.
    pub scope: Scope<'a>,
    /// To whom; none for anybody.
    pub contact: Option<&'a str>,
    /// None decided earlier than this.
    pub since: Timestamp,
    /// At most so many, the newest.
    pub limit: u32,
}

impl Store {
    /// The receiver took it. Waits for the disk.
    pub fn delivered(&mut self, id: DeliveryId, at: Timestamp) -> Result<(), StoreError> {
        self.update(
            true,
            "UPDATE notification
             SET sent_at = ?2, attempts = attempts + 1, last_try = ?2, next_try = NULL WHERE id = ?1",
            params![id.0, at.micros()],
        )
    }

    /// A try failed; with no next one it is given up, which waits for the disk.
    pub fn failed(
        &mut self,
        id: DeliveryId,
        at: Timestamp,
        error: &str,
        next_try: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let error: String = error.chars().take(MAX_ERROR).collect();
        self.update(
            next_try.is_none(),
            "UPDATE notification
             SET attempts = attempts + 1, last_try = ?2, last_error = ?3, next_try = ?4,
                 given_up_at = iif(?4 IS NULL, ?2, NULL)
             WHERE id = ?1",
            params![id.0, at.micros(), error, next_try.map(Timestamp::micros)],
        )
    }

    fn update(
        &mut self,
        durable: bool,
        statement: &str,
        values: impl rusqlite::Params,
    ) -> Result<(), StoreError> {
        let written = self
            .wait_for_disk(durable)
            .and_then(|()| self.connection.prepare_cached(statement)?.execute(values).map(drop));
        written.map_err(|source| self.broken("write to", source))
    }

    /// Lines of the ledger, newest first.
    pub fn ledger(&self, query: &LedgerQuery<'_>) -> Result<Rows<LedgerRow>, StoreError> {
        self.read_ledger(query).map_err(|source| self.broken("read", source))
    }

    fn read_ledger(&self, query: &LedgerQuery<'_>) -> rusqlite::Result<Rows<LedgerRow>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT id, detail, attempts, last_try, next_try, last_error, sent_at, given_up_at
             FROM notification WHERE {} AND queued_at >= ?3 AND (?4 IS NULL OR contact = ?4)
             ORDER BY queued_at DESC, id DESC LIMIT ?5",
            query.scope.condition()
        ))?;
        let (host, service) = query.scope.columns();
        let values = params![host, service, query.since.micros(), query.contact, query.limit];
        let mut found = statement.query(values)?;
        let mut warnings = Warnings::default();
        let mut rows = Vec::new();
        while let Some(columns) = found.next()? {
            rows.extend(ledger_row(columns, &mut warnings)?);
        }
        Ok(Rows { rows, warnings: warnings.into_lines() })
    }
}

fn ledger_row(columns: &Row<'_>, warnings: &mut Warnings) -> rusqlite::Result<Option<LedgerRow>> {
    let moment =
        |column: usize| Ok::<_, rusqlite::Error>(columns.get::<_, Option<i64>>(column)?.map(row::moment));
    let id = DeliveryId(columns.get(0)?);
    let what = format_args!("notification {id} of the ledger");
    let Some(notification) = decode(row::bytes(columns, 1)?, what, warnings) else {
        return Ok(None);
    };
    let fate = match (moment(6)?, moment(7)?) {
        (Some(at), _) => Fate::Sent(at),
        (None, Some(at)) => Fate::GivenUp(at),
        (None, None) => Fate::Waiting(moment(4)?),
    };
    Ok(Some(LedgerRow {
        id,
        notification,
        attempts: columns.get(2)?,
        last_try: moment(3)?,
        last_error: columns.get(5)?,
        fate,
    }))
}
