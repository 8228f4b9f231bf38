//! `check_file_age`.
