//! What a broken or taken-over worker may send to the daemon.
#![no_main]

use jobs::frame::Decoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut decoder = Decoder::default();
    for piece in bytes.chunks(7) {
        let room = decoder.room();
        let count = piece.len().min(room.len());
        room[..count].copy_from_slice(&piece[..count]);
        decoder.filled(count);
        while let Ok(Some(_)) = decoder.next_frame() {}
    }
});
