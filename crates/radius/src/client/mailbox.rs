//! Where whoever waits for a reply finds it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::error::Unfit;
use crate::packet::Packet;
use crate::proof::Proof;

/// A reply as it came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub packet: Packet,
    pub proof: Proof,
    pub at: Instant,
}

/// What has come so far.
#[derive(Default)]
pub(crate) struct Inbox {
    /// The reply.
    pub reply: Option<Heard>,
    /// The last packet that was none. Only one is kept, however many come.
    pub unfit: Option<Unfit>,
    /// The socket or connection is of no use any more, and why.
    pub down: Option<Down>,
}

/// Why nothing will come.
#[derive(Clone, Debug)]
pub(crate) enum Down {
    /// The port is closed.
    Refused,
    /// In words.
    Broken(String),
}

#[derive(Default)]
pub(crate) struct Mailbox {
    inbox: Mutex<Inbox>,
    news: Notify,
}

impl Mailbox {
    pub(crate) fn look(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something in and wakes the owner.
    pub(crate) fn put(&self, change: impl FnOnce(&mut Inbox)) {
        change(&mut self.look());
        self.news.notify_one();
    }

    /// Waits for something new. What was put in since the last wait ends it at once.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }
}
