//! `check_procs`.
