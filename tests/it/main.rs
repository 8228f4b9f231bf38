//! Every integration test, in one binary: it links once, and shares what is slow to start.
//!
//! The tests run programs of the workspace: `cargo build --workspace` comes first (`make test` does
//! both).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod addresses;
mod checks;
mod daemon;
mod definitions;
mod diff;
mod http_proxy;
mod mail;
mod netns;
mod onion;
mod peers;
mod radius_client;
mod scenarios;
mod store;
mod support;
mod tcp_checks;
mod worker;
