//! One HTTP request as a check makes it: to a target given by options, through a proxy or not, with
//! a stated trust, a deadline, a limit on what is read, and times by phase.
//!
//! Read [`Target`] first, the options; then [`Fetcher`], which turns a [`Request`] into an [`Answer`].
//! [`UrlOptions`] is for checks that are given whole URLs, perhaps several.
//!
//! A crate of its own, and not a part of `net`: reqwest and what it brings are the largest tree of
//! all checks, and a check that only dials must not pay for it.
//!
//! Invariant: for plain HTTP neither a CA store nor a key is read ([`tls`] does it in the handshake).
//! Invariant: with a proxy set, nothing is resolved or connected to directly.
//! Invariant: a credential goes to the origin it was given for, and never into a message.

mod aim;
mod answer;
mod anywhere;
mod error;
mod fetcher;
pub mod html;
mod percent;
mod pin;
mod redirect;
mod resolver;
mod target;
mod tls;
mod watch;

pub use answer::{Answer, Phases};
pub use anywhere::{UrlOptions, place};
pub use check::size::{bytes, clipped, shown};
pub use fetcher::{Content, Fetcher, Request};
pub use percent::percent_decoded;
pub use pin::Pin;
pub use redirect::{MAX_REDIRECTS, next_request};
pub use reqwest::header;
pub use reqwest::{Method, StatusCode, Url, Version};
pub use target::{Header, HttpVersion, Origin, Stick, Target, TlsVersions};
