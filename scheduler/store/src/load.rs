//! Reading everything back at the start.

use std::sync::Arc;

use engine::{Globals, Identity, Notification, Saved, Timestamp};
use rusqlite::Connection;

use crate::row::{self, Warnings, decode};
use crate::{DeliveryId, Store, StoreError};

/// What was known when the daemon ended.
#[derive(Debug)]
pub struct Loaded {
    /// State of every object.
    pub states: Vec<(Identity, Arc<Saved>)>,
    /// What is remembered of the scheduler as a whole.
    pub globals: Globals,
    /// When something was last stored; none for a new database.
    pub alive: Option<Timestamp>,
    /// Notifications that nobody has taken yet, in the order in which they were decided.
    pub outbox: Vec<(DeliveryId, Notification)>,
    /// Rows that were skipped since they make no sense to this version: at most 20 lines, then
    /// how many more.
    pub warnings: Vec<String>,
}

impl Store {
    /// Reads states and the outbox.
    pub fn load(&self) -> Result<Loaded, StoreError> {
        read(&self.connection).map_err(|source| self.broken("read", source))
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Loaded> {
    let mut warnings = Warnings::default();

    let mut states = Vec::new();
    let mut statement = connection.prepare("SELECT host, service, detail FROM object")?;
    let mut found = statement.query([])?;
    while let Some(columns) = found.next()? {
        let identity = row::identity_at(columns, 0)?;
        let what = format_args!("the state of {identity}");
        if let Some(saved) = decode(row::bytes(columns, 2)?, what, &mut warnings) {
            states.push((identity, Arc::new(saved)));
        }
    }

    let mut statement = connection.prepare("SELECT detail FROM scheduler")?;
    let mut found = statement.query([])?;
    let globals = match found.next()? {
        Some(columns) => decode(row::bytes(columns, 0)?, "the switches", &mut warnings).unwrap_or_default(),
        None => Globals::default(),
    };

    let mut outbox = Vec::new();
    let mut statement = connection.prepare(
        "SELECT id, detail FROM notification WHERE sent_at IS NULL AND given_up_at IS NULL ORDER BY id",
    )?;
    let mut found = statement.query([])?;
    while let Some(columns) = found.next()? {
        let id = DeliveryId(columns.get(0)?);
        let what = format_args!("notification {id} of the outbox");
        if let Some(notification) = decode(row::bytes(columns, 1)?, what, &mut warnings) {
            outbox.push((id, notification));
        }
    }

    let mut statement = connection.prepare("SELECT value FROM meta WHERE key = 'alive'")?;
    let mut found = statement.query([])?;
    let alive = found.next()?.map(|columns| columns.get(0)).transpose()?.map(row::moment);
    Ok(Loaded { states, globals, alive, outbox, warnings: warnings.into_lines() })
}
