//! The hlidka daemon and its command line: wiring, nothing else.
//!
//! [`main`] reads the command line. `hlidka run` loads the configuration (crate `config`), opens
//! the store, starts the worker pools (`jobs`) and the outbox (`notify`), and runs one loop that
//! feeds the engine and carries out its actions (`core`). Every other command asks a running daemon
//! through its local socket, or reads configuration alone.
//!
//! Invariants: the engine is called from one thread; a message is stored before it is sent; the
//! daemon never runs a plugin itself; a broken new configuration changes nothing.

mod away;
mod choice;
mod cli;
mod core;
mod deliver;
mod demo;
mod diff;
mod lines;
mod log;
mod loss;
mod objects;
mod pipe;
mod plan;
mod pools;
mod render;
mod run;
mod simulate;
mod socket;
mod storage;
mod verify;
mod when;
mod wire;
mod words;

pub use cli::main;
