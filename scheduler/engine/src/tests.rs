//! The engine in virtual time.

mod notifications;
mod scheduling;
mod sequences;
mod soak;
mod world;
