//! A door for the fuzz target: everything that is read of a received packet.

use check::Secret;

use crate::{Kind, MppeKeys, Packet, mschap, proof};

/// Reads all of a packet, as reply and as request.
pub fn look_at(packet: &Packet) {
    let secret = Secret::from_argument("secret");
    let octets: usize = packet.attributes().map(|(_, value)| value.len() + 2).sum();
    assert_eq!(octets + crate::HEADER, packet.as_bytes().len());
    let _ = (packet.eap_message(), packet.text(Kind::REPLY_MESSAGE), format!("{packet:?}"));
    let _ = packet.vendor_attributes().count();
    let _ = MppeKeys::of(packet, &[0; 16], &secret);
    let _ = proof::verify(packet, packet, &secret);
    let _ = proof::request_is_signed(packet, &secret);
    for (kind, value) in packet.attributes() {
        let _ = crate::dictionary::shown(kind, value);
        let _ = mschap::error_in_words(value);
    }
}

/// Decodes and reads what came from the network.
pub fn received(bytes: &[u8]) {
    if let Ok(packet) = Packet::decode(bytes) {
        assert!(packet.as_bytes().len() <= bytes.len());
        look_at(&packet);
    }
}
