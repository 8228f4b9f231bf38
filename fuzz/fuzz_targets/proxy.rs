//! Proxy URLs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use net::Proxy;

fuzz_target!(|text: &str| {
    if let Ok(proxy) = text.parse::<Proxy>() {
        assert!(proxy.port > 0 && !proxy.host.is_empty());
        assert!(!proxy.host.contains(|c: char| c.is_control() || c.is_whitespace()));
        // whatever the password is, the same is shown
        let other = Proxy { password: proxy.password.as_ref().map(|_| "another".to_owned()), ..proxy.clone() };
        assert_eq!(format!("{proxy:?}"), format!("{other:?}"));
    }
});
