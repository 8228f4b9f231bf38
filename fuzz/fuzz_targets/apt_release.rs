//! The Release file of an APT repository.
#![no_main]

use check_apt_repo::release::Release;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    match Release::parse(text) {
        Ok(release) => {
            assert!(!release.files.is_empty());
            for path in release.files.keys() {
                assert!(!path.starts_with('/') && path.split('/').all(|part| part != ".."));
            }
        }
        // a refusal says why, in one line
        Err(why) => assert!(!why.is_empty() && !why.contains('\n')),
    }
});
