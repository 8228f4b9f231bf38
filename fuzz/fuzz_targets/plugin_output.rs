//! What any plugin may print.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nagios::PluginOutput;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let output = PluginOutput::parse(&text);
    assert!(!output.text.contains(['\n', '|']));
    assert!(!output.perfdata.contains('\n'));
    for (label, _) in output.metrics() {
        assert!(label.len() <= text.len());
    }
});
