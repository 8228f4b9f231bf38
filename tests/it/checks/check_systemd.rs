//! `check_systemd`.
