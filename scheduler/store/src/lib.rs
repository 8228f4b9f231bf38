//! State, history and the ledger of notifications, in one SQLite file.
//!
//! Read [`Store`] first: it is synchronous and belongs to one thread, the daemon's writer.
//!
//! Invariants
//! - A [`Batch`] is one transaction: after a crash all of it is there or nothing.
//! - A notification is stored before anybody tries to send it, and marked as sent only after the
//!   receiver took it: a crash between the two sends one again, it never loses one.
//! - One daemon per file: a lock beside it (`state.db.lock`) ends with the process that holds it.
//!
//! What survives what: a commit survives the end of the process (`kill -9`) in any case. A power
//! cut may take back the last commits (never one without those after it), but not a notification,
//! its delivery, or what a person said (acknowledgement, downtime): those wait for the disk.
//!
//! Left out: shrinking the file. What is pruned leaves room for what comes.

mod commit;
mod error;
mod history;
mod ledger;
mod load;
mod lock;
mod open;
mod prune;
mod row;
mod schema;

pub use commit::Batch;
pub use error::StoreError;
pub use history::{HistoryQuery, Scope};
pub use ledger::{DeliveryId, Fate, LedgerQuery, LedgerRow};
pub use load::Loaded;
pub use open::Store;
pub use row::Rows;
