//! The 256 identifiers of one socket or connection, and who waits behind each.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use check::Secret;

use super::IDENTIFIERS;
use super::mailbox::{Down, Heard, Mailbox};
use crate::draft::Draft;
use crate::error::Unfit;
use crate::packet::{Authenticator, Packet};
use crate::proof::{Distrust, is_of, verify};
use crate::random;

pub(crate) struct Table {
    secret: Secret,
    slots: Mutex<Slots>,
}

struct Slots {
    /// The longest unused first: a late reply finds its identifier free rather than in new hands.
    free: VecDeque<u8>,
    by_identifier: Vec<Slot>,
    down: Option<Down>,
}

#[derive(Default)]
struct Slot {
    waiter: Option<Waiter>,
    /// The request that had the identifier before: its late reply is not held against the new one.
    before: Option<Authenticator>,
}

#[derive(Clone)]
struct Waiter {
    request: Arc<Packet>,
    mailbox: Arc<Mailbox>,
}

/// An identifier in use; dropping it sets it free.
pub(crate) struct Ticket {
    table: Arc<Table>,
    pub request: Arc<Packet>,
    pub mailbox: Arc<Mailbox>,
}

impl Table {
    pub(crate) fn new(secret: Secret) -> Arc<Table> {
        let free = (0..=u8::MAX).collect();
        let by_identifier = (0..IDENTIFIERS).map(|_| Slot::default()).collect();
        Arc::new(Table { secret, slots: Mutex::new(Slots { free, by_identifier, down: None }) })
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals a draft under a free identifier and a new authenticator; `None` if all are in use.
    pub(crate) fn take(self: &Arc<Table>, draft: &Draft) -> Option<Ticket> {
        let mut slots = self.slots();
        let identifier = slots.free.pop_front()?;
        let request = Arc::new(draft.seal(identifier, random(), &self.secret));
        let mailbox = Arc::new(Mailbox::default());
        if let Some(down) = slots.down.clone() {
            mailbox.put(|inbox| inbox.down = Some(down));
        }
        if let Some(slot) = slots.by_identifier.get_mut(usize::from(identifier)) {
            slot.waiter = Some(Waiter { request: request.clone(), mailbox: mailbox.clone() });
        }
        drop(slots);
        Some(Ticket { table: self.clone(), request, mailbox })
    }

    /// Brings what came to whoever waits for it, if anybody does.
    pub(crate) fn deliver(&self, bytes: &[u8], at: Instant) {
        let packet = match Packet::decode(bytes) {
            Ok(packet) => packet,
            Err(error) => {
                let unfit = Unfit::Malformed(error);
                let of_one = bytes.get(1).and_then(|identifier| self.waiter(*identifier).0);
                // without an identifier it may be meant for any of them
                let all = if bytes.len() < 2 { self.waiters() } else { of_one.into_iter().collect() };
                for waiter in all {
                    waiter.mailbox.put(|inbox| inbox.unfit = Some(unfit.clone()));
                }
                return;
            }
        };
        let (Some(waiter), before) = self.waiter(packet.identifier()) else { return };
        match verify(&packet, &waiter.request, &self.secret) {
            Ok(proof) => {
                waiter.mailbox.put(|inbox| {
                    // of duplicates the first counts
                    inbox.reply.get_or_insert(Heard { packet, proof, at });
                });
            }
            Err(Distrust::ResponseAuthenticator)
                if before.is_some_and(|before| is_of(&packet, &before, &self.secret)) => {}
            Err(distrust) => {
                let unfit = Unfit::Distrusted(packet.code(), distrust);
                waiter.mailbox.put(|inbox| inbox.unfit = Some(unfit));
            }
        }
    }

    /// Tells everybody who waits that nothing will come.
    pub(crate) fn fail(&self, down: &Down) {
        for waiter in self.waiters() {
            waiter.mailbox.put(|inbox| inbox.down = Some(down.clone()));
        }
    }

    /// The same, and whoever asks from now on.
    pub(crate) fn fail_for_good(&self, down: &Down) {
        self.slots().down = Some(down.clone());
        self.fail(down);
    }

    fn waiter(&self, identifier: u8) -> (Option<Waiter>, Option<Authenticator>) {
        let slots = self.slots();
        let slot = slots.by_identifier.get(usize::from(identifier));
        slot.map_or((None, None), |slot| (slot.waiter.clone(), slot.before))
    }

    fn waiters(&self) -> Vec<Waiter> {
        self.slots().by_identifier.iter().filter_map(|slot| slot.waiter.clone()).collect()
    }

    #[cfg(test)]
    pub(crate) fn free(&self) -> usize {
        self.slots().free.len()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let identifier = self.request.identifier();
        let mut slots = self.table.slots();
        if let Some(slot) = slots.by_identifier.get_mut(usize::from(identifier)) {
            slot.waiter = None;
            slot.before = Some(self.request.authenticator());
        }
        slots.free.push_back(identifier);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Seal;
    use crate::packet::Code;

    fn secret() -> Secret {
        Secret::from_argument("s")
    }

    fn answer(ticket: &Ticket) -> Packet {
        Draft::new(Code::ACCESS_REJECT).seal_reply(&ticket.request, &secret(), Seal::First)
    }

    #[test]
    fn there_are_256_and_each_comes_back() {
        let table = Table::new(secret());
        let draft = Draft::status_server();
        let mut all: Vec<Ticket> = (0..256).filter_map(|_| table.take(&draft)).collect();
        assert_eq!((all.len(), table.free()), (256, 0));
        assert!(table.take(&draft).is_none());
        all.truncate(100);
        assert_eq!(table.free(), 156);
    }

    #[test]
    fn the_longest_unused_is_taken_and_authenticators_differ() {
        let table = Table::new(secret());
        let draft = Draft::status_server();
        let first = table.take(&draft).unwrap().request.clone();
        let second = table.take(&draft).unwrap().request.clone();
        assert_eq!((first.identifier(), second.identifier()), (0, 1));
        assert_ne!(first.authenticator(), second.authenticator());
    }

    #[test]
    fn a_late_reply_is_not_held_against_the_next_request() {
        let table = Table::new(secret());
        let draft = Draft::access_request();
        let old = table.take(&draft).unwrap();
        let late = answer(&old);
        drop(old);
        let _rest: Vec<Ticket> = (0..255).filter_map(|_| table.take(&draft)).collect();
        let new = table.take(&draft).unwrap();
        assert_eq!(new.request.identifier(), late.identifier());
        table.deliver(late.as_bytes(), Instant::now());
        assert!(new.mailbox.look().reply.is_none() && new.mailbox.look().unfit.is_none());
        let stranger = Draft::new(Code::ACCESS_ACCEPT).seal_reply(
            &new.request,
            &Secret::from_argument("other"),
            Seal::First,
        );
        table.deliver(stranger.as_bytes(), Instant::now());
        assert!(matches!(
            new.mailbox.look().unfit,
            Some(Unfit::Distrusted(Code::ACCESS_ACCEPT, Distrust::ResponseAuthenticator))
        ));
        table.deliver(answer(&new).as_bytes(), Instant::now());
        assert!(new.mailbox.look().reply.is_some());
    }

    #[test]
    fn junk_reaches_whom_it_may_concern() {
        let table = Table::new(secret());
        let (one, two) =
            (table.take(&Draft::status_server()).unwrap(), table.take(&Draft::status_server()).unwrap());
        table.deliver(&[2, 1, 9], Instant::now());
        assert!(one.mailbox.look().unfit.is_none() && two.mailbox.look().unfit.is_some());
        table.deliver(&[], Instant::now());
        assert!(one.mailbox.look().unfit.is_some());
    }
}
