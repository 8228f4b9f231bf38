//! What a mock saw, for tests to look at.

use super::wire::{Request, code};

/// Counts and names, in the order of their coming.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Datagrams that were RADIUS requests, each copy counted.
    pub requests: usize,
    /// Of these, copies octet by octet of one before.
    pub retransmissions: usize,
    /// Of these, such as repeat the content of one that was not answered, in other octets: RFC 5080,
    /// 2.2.1 forbids it.
    pub changed_retransmissions: usize,
    /// Datagrams that were no requests, or not made with the shared secret.
    pub refused: usize,
    /// Octets of the longest request and of the longest reply.
    pub longest: (usize, usize),
    /// EAP conversations begun.
    pub conversations: usize,
    /// TLS handshakes that were complete, and of these, resumed sessions.
    pub handshakes: usize,
    /// See `handshakes`.
    pub resumed: usize,
    /// Access-Accepts and Access-Rejects that were made, whether or not they were sent.
    pub accepts: usize,
    /// See `accepts`.
    pub rejects: usize,
    /// Outer identities of the conversations.
    pub outer: Vec<String>,
    /// Inner identities that were heard.
    pub inner: Vec<String>,
    /// Calling-Station-Ids of the conversations.
    pub stations: Vec<String>,
    /// Operator-Names of the conversations, as they are sent.
    pub operators: Vec<String>,
    /// The types of the attributes of each conversation's first request.
    pub attributes: Vec<Vec<u8>>,
}

impl Seen {
    pub(super) fn begins(&mut self, request: &Request) {
        self.conversations += 1;
        self.stations.extend(request.text(code::CALLING_STATION_ID));
        self.operators.extend(request.text(code::OPERATOR_NAME));
        self.attributes.push(request.attributes.iter().map(|(kind, _)| *kind).collect());
    }
}
