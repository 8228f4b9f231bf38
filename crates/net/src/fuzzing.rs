//! Doors for the fuzz targets to readers that are private otherwise.

use crate::{starttls, tls, tunnel};

/// Is this enough of a TLS server's first flight to know what it says?
pub fn tls_flight(bytes: &[u8]) -> bool {
    tls::understands(bytes)
}

/// How many bytes each reader of answers on the way to TLS takes, of those that it is content with.
pub fn starttls_replies(bytes: &[u8]) -> Vec<usize> {
    starttls::taken(bytes)
}

/// Does an HTTP proxy open a tunnel by this answer?
pub fn tunnel_is_open(bytes: &[u8]) -> bool {
    tunnel::granted(bytes, false).is_ok()
}
