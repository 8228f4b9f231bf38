//! A packet filter for raw sockets.
//!
//! Every raw ICMP socket gets a copy of every ICMP packet of the machine. With a thousand checks at
//! once that is a million copies and wake-ups; the filter lets the kernel drop what carries another
//! identifier. It is there for speed only: what passes is judged in full by `packet`.

use socket2::SockFilter;

use crate::packet::Version;

// Classic BPF, as in linux/bpf_common.h.
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE_AT_X: u16 = 0x50;
const LOAD_HALF_AT_X: u16 = 0x48;
/// X = 4 * (low four bits of a byte): the length of an IPv4 header.
const LOAD_X_HEADER_LENGTH: u16 = 0xb1;
const AND: u16 = 0x54;
const SHIFT_LEFT: u16 = 0x64;
const ADD_X: u16 = 0x0c;
const MOVE_TO_X: u16 = 0x07;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

/// Echo replies with this identifier, and errors that quote a request with it. IPv4 packets are
/// seen from the IP header on, ICMPv6 from its own.
pub(crate) fn filter(version: Version, identifier: u16) -> Vec<SockFilter> {
    let op = |code, k| SockFilter::new(code, 0, 0, k);
    let equal = |k, then, otherwise| SockFilter::new(JUMP_IF_EQUAL, then, otherwise, k);
    let is_ours = [equal(u32::from(identifier), 0, 1), op(RETURN, u32::MAX), op(RETURN, 0)];
    let select = match version {
        Version::V4 => vec![
            op(LOAD_X_HEADER_LENGTH, 0),
            op(LOAD_BYTE_AT_X, 0),
            equal(0, 4, 0),
            equal(3, 5, 0),
            equal(11, 4, 0),
            equal(12, 3, 0),
            op(RETURN, 0),
            // a reply: its identifier
            op(LOAD_HALF_AT_X, 4),
            op(JUMP, 6),
            // an error: skip its header (8 bytes) and the quoted IP header, then as above
            op(LOAD_BYTE_AT_X, 8),
            op(AND, 0x0f),
            op(SHIFT_LEFT, 2),
            op(ADD_X, 0),
            op(MOVE_TO_X, 0),
            op(LOAD_HALF_AT_X, 8 + 4),
        ],
        Version::V6 => vec![
            op(LOAD_BYTE, 0),
            equal(129, 5, 0),
            equal(1, 6, 0),
            equal(2, 5, 0),
            equal(3, 4, 0),
            equal(4, 3, 0),
            op(RETURN, 0),
            // a reply
            op(LOAD_HALF, 4),
            op(JUMP, 1),
            // an error
            op(LOAD_HALF, 8 + 40 + 4),
        ],
    };
    select.into_iter().chain(is_ours).collect()
}
