//! `check_swap`.
