//! Writing what the engine decided.

use std::sync::Arc;

use engine::{Entry, EntryKind, Globals, Identity, Notification, Saved, Timestamp};
use rusqlite::{Connection, TransactionBehavior};

use crate::row::{Json, service_column};
use crate::{DeliveryId, Store, StoreError};

/// All that is stored together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Now: the daemon was alive then.
    pub at: Timestamp,
    /// Objects of which something new is known.
    pub states: Vec<(Identity, Arc<Saved>)>,
    /// What is remembered of the scheduler as a whole, if it changed.
    pub globals: Option<Globals>,
    /// Objects that left the configuration; their history stays.
    pub removed: Vec<Identity>,
    /// New lines of history.
    pub history: Vec<Entry>,
    /// Who must be told: carried out only when the commit has returned.
    pub notifications: Vec<Notification>,
}

impl Batch {
    /// Must it survive a power cut? Notifications must: one that was sent and then forgotten
    /// would be sent again. What a person said must: it was answered with "done".
    fn waits_for_disk(&self) -> bool {
        let by_person = |entry: &Entry| {
            matches!(
                entry.kind,
                EntryKind::Acknowledged { .. }
                    | EntryKind::Unacknowledged
                    | EntryKind::Downtime { .. }
                    | EntryKind::DowntimeEnded { cancelled: true, .. }
                    | EntryKind::Commented { .. }
                    | EntryKind::Switched { .. }
                    | EntryKind::SwitchedAll { .. }
            )
        };
        !self.notifications.is_empty() || self.history.iter().any(by_person)
    }
}

impl Store {
    /// Stores a batch in one transaction and gives each notification its number, in their order.
    /// If it fails nothing of it is stored; commit it again, or with more in it.
    pub fn commit(&mut self, batch: &Batch) -> Result<Vec<DeliveryId>, StoreError> {
        let written =
            self.wait_for_disk(batch.waits_for_disk()).and_then(|()| write(&mut self.connection, batch));
        written.map_err(|source| self.broken("write to", source))
    }
}

fn write(connection: &mut Connection, batch: &Batch) -> rusqlite::Result<Vec<DeliveryId>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut ids = Vec::with_capacity(batch.notifications.len());
    {
        let mut alive = transaction.prepare_cached(
            "INSERT INTO meta VALUES ('alive', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?;
        alive.execute([batch.at.micros()])?;

        if let Some(globals) = &batch.globals {
            let mut scheduler = transaction.prepare_cached(
                "INSERT INTO scheduler VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET detail = excluded.detail",
            )?;
            scheduler.execute([Json(globals)])?;
        }

        let mut remove = transaction.prepare_cached("DELETE FROM object WHERE host = ?1 AND service = ?2")?;
        for identity in &batch.removed {
            remove.execute((&*identity.host, service_column(identity)))?;
        }
        let mut state = transaction.prepare_cached(
            "INSERT INTO object VALUES (?1, ?2, ?3)
             ON CONFLICT (host, service) DO UPDATE SET detail = excluded.detail",
        )?;
        for (identity, saved) in &batch.states {
            state.execute((&*identity.host, service_column(identity), Json(&**saved)))?;
        }
        let mut line = transaction
            .prepare_cached("INSERT INTO history (at, host, service, detail) VALUES (?1, ?2, ?3, ?4)")?;
        for entry in &batch.history {
            let Entry { at, identity, kind } = entry;
            line.execute((at.micros(), &*identity.host, service_column(identity), Json(kind)))?;
        }
        let mut queue = transaction.prepare_cached(
            "INSERT INTO notification (host, service, contact, queued_at, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for told in &batch.notifications {
            let row = queue.insert((
                &*told.identity.host,
                service_column(&told.identity),
                &*told.contact,
                told.at.micros(),
                Json(told),
            ))?;
            ids.push(DeliveryId(row));
        }
    }
    transaction.commit()?;
    Ok(ids)
}
