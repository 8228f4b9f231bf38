//! Doors for the fuzz targets to readers that are private otherwise.

use crate::{starttls, tls};

/// Is this enough of a TLS server's first flight to know what it says?
pub fn tls_flight(bytes: &[u8]) -> bool {
    tls::understands(bytes)
}

/// How many bytes each reader of answers on the way to TLS takes, of those that it is content with.
pub fn starttls_replies(bytes: &[u8]) -> Vec<usize> {
    starttls::taken(bytes)
}
