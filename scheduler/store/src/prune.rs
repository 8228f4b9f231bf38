//! Forgetting what is old, a little at a time.

use engine::Timestamp;

use crate::{Store, StoreError};

impl Store {
    /// Deletes at most `at_most` lines each of history and of the finished ledger that are older
    /// than `before`, and tells how many lines it deleted: call it again between other work until
    /// that is 0. What waits in the outbox is never deleted.
    pub fn prune(&mut self, before: Timestamp, at_most: u32) -> Result<usize, StoreError> {
        self.delete(before, at_most).map_err(|source| self.broken("write to", source))
    }

    fn delete(&mut self, before: Timestamp, at_most: u32) -> rusqlite::Result<usize> {
        self.wait_for_disk(false)?;
        let transaction = self.connection.transaction()?;
        let mut deleted = transaction
            .prepare_cached(
                "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE at < ?1 ORDER BY at LIMIT ?2)",
            )?
            .execute((before.micros(), at_most))?;
        deleted += transaction
            .prepare_cached(
                "DELETE FROM notification WHERE id IN (
                     SELECT id FROM notification
                     WHERE queued_at < ?1 AND (sent_at IS NOT NULL OR given_up_at IS NOT NULL)
                     ORDER BY queued_at LIMIT ?2)",
            )?
            .execute((before.micros(), at_most))?;
        transaction.commit()?;
        Ok(deleted)
    }
}
