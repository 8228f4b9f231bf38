//! `check_uptime`.
