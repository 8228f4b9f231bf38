//! `check_users`.
