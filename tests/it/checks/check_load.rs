//! `check_load`.
