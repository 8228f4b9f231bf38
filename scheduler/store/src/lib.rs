//! State, history and notification ledger in SQLite.
