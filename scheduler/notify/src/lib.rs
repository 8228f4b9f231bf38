//! Carries out notifications: composes the mail, hands it to a mail server, sendmail or a
//! directory, and keeps trying until somebody has taken it.
//!
//! Read [`Mailer`] first (one notification, one mail), then [`outbox`] (all of them, in order, with
//! retries). What a mail says is in [`subject`] and [`body`], pure.
//!
//! Invariants
//! - Nothing is forgotten here: a notification leaves the outbox only by a [`Report`], which the
//!   caller stores. A retry is the same mail to the byte, with the same `Message-ID`.
//! - No text of a monitored machine reaches a header or an argument unless cleaned and encoded.
//!
//! Left out: the queue of a mail server. A relay on this machine (`smtp://localhost`, `sendmail:`)
//! knows better what to do with a slow world.

mod clean;
mod compose;
mod error;
mod files;
mod guard;
mod mailer;
mod outbox;
mod queue;
mod sendmail;
mod smtp;
mod text;
mod via;

pub use compose::{Letterhead, compose};
pub use error::{ConfigError, SendError};
pub use mailer::{MailConfig, Mailer};
pub use outbox::{Carrier, Report, outbox};
pub use text::{body, subject};
pub use via::{Security, Via};
