//! `hlidka-worker`: all checks in one program, and the pools that run them.
//!
//! A worker serves one socket, its standard input, for the daemon. Of the three kinds, `in-process`
//! runs the checks of [`table`] inside itself, many at once and in a sandbox; `apart` does the same for
//! those with a C library, so that a fault in that meets no other check; `exec` runs any program, without a
//! sandbox, since plugins may be setuid or have capabilities. Called by the name of a check it is that check.
//!
//! Read [`command::main`] first.

pub mod command;
mod examine;
mod generate;
mod in_process;
mod pools;
mod sandbox;
mod sandbox_test;
pub mod table;
