//! eduroam CAT, the configuration assistant tool: who is registered there, and what devices are told.
//!
//! [`Client`] asks the user API (`https://cat.eduroam.org/user/API.php`); [`api`] reads its answers and
//! [`EapConfig`] the files that it makes, both pure. The shapes are those of CAT's own source, where a
//! number may be a text, and one of its lists stands without the envelope of all others.
//!
//! Left out: everything that changes something in CAT, which its user API cannot do anyway.

pub mod api;
mod client;
mod eap_config;

pub use api::{ApiError, Attributes, Device, Id, Profile, Provider};
pub use client::{API, Client, Download, EAP_CONFIG};
pub use eap_config::{Ca, EapConfig, EapConfigError, EapProvider, Inner, Method, ServerSide};
