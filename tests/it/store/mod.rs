//! The store in a file: what comes back after a restart, a kill, and a look with `sqlite3`.

mod kill;
mod round_trip;
