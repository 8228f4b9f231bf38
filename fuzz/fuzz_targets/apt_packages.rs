//! Packages and Sources indices: whatever they hold, no pool file is outside of the repository.
#![no_main]

use check_apt_repo::packages::{Kind, Sampler, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    for kind in [Kind::Packages { architecture: "amd64".to_owned() }, Kind::Sources] {
        let mut sampler = Sampler::new(3, 1);
        if let Ok(packages) = read(&kind, text, &mut sampler) {
            assert!(packages <= text.len() as u64);
        }
        for file in sampler.into_kept() {
            assert!(!file.path.starts_with('/') && file.path.split('/').all(|part| part != ".."));
        }
    }
});
