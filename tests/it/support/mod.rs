//! Real servers that more than one module of tests needs.

pub mod exim;
pub mod web;
