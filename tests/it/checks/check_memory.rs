//! `check_memory`.
