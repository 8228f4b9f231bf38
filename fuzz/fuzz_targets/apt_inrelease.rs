//! Cleartext signatures and OpenPGP packets: nothing is trusted without a key.
#![no_main]

use check_apt_repo::clearsign::Signed;
use check_apt_repo::keyring::Keyring;
use check_apt_repo::signature::{check, is_trusted};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let mut keyring = Keyring::default();
    if let Ok(signed) = Signed::split(file) {
        assert!(signed.text.len() <= file.len() + 1);
        if let Ok(checked) = check(&signed.signatures, &signed, &keyring, 1_800_000_000) {
            assert!(!is_trusted(&checked));
        }
    }
    let _ = check(file, file, &keyring, 1_800_000_000);
    let _ = keyring.add(file, 1_800_000_000);
});
