//! Proxy URLs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use net::Proxy;

fuzz_target!(|text: &str| {
    if let Ok(proxy) = text.parse::<Proxy>() {
        assert!(proxy.port > 0 && !proxy.host.is_empty());
        if let Some(password) = proxy.password.as_ref().filter(|password| password.len() > 8) {
            assert!(!format!("{proxy:?}").contains(password.as_str()) || proxy.host.contains(password.as_str()));
        }
    }
});
