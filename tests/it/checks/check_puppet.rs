//! `check_puppet`.
