//! What a TLS server says first, and certificates whoever signed them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use net::fuzzing;
use net::tls::Certificate;
use rustls_pki_types::CertificateDer;

fuzz_target!(|bytes: &[u8]| {
    // what is understood is understood with more behind it, too
    if fuzzing::tls_flight(bytes) {
        let mut more = bytes.to_vec();
        more.extend([22, 3, 3, 0, 0]);
        assert!(fuzzing::tls_flight(&more));
    }
    if let Ok(certificate) = Certificate::read(&CertificateDer::from(bytes)) {
        assert!(certificate.names.iter().all(|name| !name.chars().any(char::is_control)));
    }
});
