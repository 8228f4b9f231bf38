//! The engine in virtual time.

mod clusters;
mod dependencies;
mod escalations;
mod net;
mod notifications;
mod people;
mod properties;
mod scheduling;
mod sequences;
mod soak;
mod unrest;
mod world;
