//! `check_apt`.
