//! `check_disk`.
