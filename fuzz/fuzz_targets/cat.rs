//! Answers of eduroam CAT, and its eap-config files.
#![no_main]

use cat::{EapConfig, Method, api};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let ids = api::providers(bytes).into_iter().flatten().map(|one| one.id);
    for id in ids.chain(api::profiles(bytes).into_iter().flatten().map(|one| one.id)) {
        assert!(id.as_str().bytes().all(|byte| byte.is_ascii_digit()));
    }
    let _ = api::attributes(bytes);
    if let Ok(config) = EapConfig::read(bytes) {
        for provider in &config.providers {
            assert!(provider.cas().len() <= provider.methods.len() * 64);
            let _: Vec<String> = provider.methods.iter().map(Method::to_string).collect();
            assert!(config.of_realm(&provider.id).is_some());
        }
    }
});
