//! What a RADIUS server sends: packets, attributes of vendors, wrapped keys, messages of MS-CHAP; and
//! the files of the radiusclient library.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    radius::fuzzing::received(bytes);
    // with the header's length put right, more gets past the first look
    let mut whole = bytes.to_vec();
    if let (Ok(length), Some(place)) = (u16::try_from(bytes.len()), whole.get_mut(2..4)) {
        place.copy_from_slice(&length.to_be_bytes());
        radius::fuzzing::received(&whole);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = check_radius::radiusclient::of_servers(text, "h");
        let _ = check_radius::radiusclient::of_authserver(text, "h");
        let _ = check_radius::radiusclient::servers_file(text);
    }
});
