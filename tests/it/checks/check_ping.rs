//! `check_ping`.
