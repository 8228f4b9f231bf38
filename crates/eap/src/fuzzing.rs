//! Entrances for fuzzing; no part of the interface.

use crate::packet::response;
use crate::{Config, Credentials, InnerEap, Method, Password, Peer, Step, Tls, TlsConfig, TtlsInner};

/// Methods by number, for inputs that choose one.
const METHODS: [Method; 8] = [
    Method::Tls,
    Method::Peap(InnerEap::Mschapv2),
    Method::Peap(InnerEap::Gtc),
    Method::Ttls(TtlsInner::Pap),
    Method::Ttls(TtlsInner::Mschapv2),
    Method::Ttls(TtlsInner::Eap(InnerEap::Mschapv2)),
    Method::Ttls(TtlsInner::Eap(InnerEap::Md5)),
    Method::Ttls(TtlsInner::Mschap),
];

fn credentials() -> Credentials {
    Credentials { identity: "user@example.org".to_owned(), password: Password::new("secret") }
}

/// A server of packets `LENGTH BYTES…` behind one octet that chooses the method. A length of 255 is a
/// packet of the method itself, whose header is right: 255 LENGTH BYTES….
///
/// # Panics
/// If OpenSSL cannot make a context: there is nothing to fuzz then.
pub fn server(input: &[u8]) {
    let Some((choice, mut rest)) = input.split_first() else { return };
    let method = METHODS[usize::from(*choice) % METHODS.len()];
    let tls = Tls::new(&TlsConfig::default()).expect("OpenSSL makes contexts");
    let mut config = Config::new("anonymous@example.org", method, tls);
    config.credentials = Some(credentials());
    let mut peer = Peer::new(config);
    let kind = match method {
        Method::Tls => crate::EapType::TLS,
        Method::Peap(_) => crate::EapType::PEAP,
        Method::Ttls(_) => crate::EapType::TTLS,
    };
    let mut identifier = 0_u8;
    while let Some((length, after)) = rest.split_first() {
        let framed = *length == 255;
        let (length, after) = match after.split_first() {
            Some((length, after)) if framed => (*length, after),
            _ => (*length, after),
        };
        let (bytes, after) = after.split_at_checked(usize::from(length)).unwrap_or((after, &[]));
        rest = after;
        identifier = identifier.wrapping_add(1);
        let packet = if framed {
            let mut packet = response(identifier, kind, bytes);
            packet[0] = 1;
            packet
        } else {
            bytes.to_vec()
        };
        match peer.handle(&packet, 1_700_000_000) {
            Step::Respond(answer) => assert!(answer.len() <= 3010),
            Step::Last { response, .. } => assert!(response.len() <= 3010),
            Step::Done(outcome) => assert!(outcome.facts.rounds <= crate::MAX_ROUNDS + 1),
        }
    }
}

/// What the tunnel carries, as a server inside it would send it: the first octet chooses.
pub fn inside(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else { return };
    let inner = [InnerEap::Mschapv2, InnerEap::Gtc, InnerEap::Md5][usize::from(*choice >> 1) % 3];
    let mut peap = crate::peap::Peap::new(inner, Some(credentials()));
    let mut ttls = crate::ttls::Ttls::new(TtlsInner::Eap(inner), credentials());
    for text in rest.split(|octet| *octet == 0xfe) {
        if choice & 1 == 0 {
            let _ = peap.handle(text, 7, choice & 0x80 != 0);
        } else {
            let _ = ttls.handle(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_server_makes_the_peer_panic(
            choice: u8,
            packets in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..200)), 0..60),
        ) {
            let mut input = vec![choice];
            for (framed, bytes) in packets {
                if framed {
                    input.push(255);
                }
                input.push(u8::try_from(bytes.len()).unwrap());
                input.extend(bytes);
            }
            super::server(&input);
        }

        #[test]
        fn nothing_in_the_tunnel_makes_it_panic(input in proptest::collection::vec(any::<u8>(), 0..300)) {
            super::inside(&input);
        }

        /// As a good server begins, then nonsense: TLS records are reached.
        #[test]
        fn no_tls_records_make_it_panic(choice: u8, records in proptest::collection::vec(any::<u8>(), 0..250)) {
            let mut input = vec![choice, 255, 1, 0x20, 255];
            input.push(u8::try_from(records.len() + 6).unwrap());
            input.extend([0, 22, 3, 3, 0, u8::try_from(records.len()).unwrap()]);
            input.extend(records);
            super::server(&input);
        }
    }
}
