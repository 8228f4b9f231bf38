//! What an rsync daemon may send: its lines, then frames with a file list in them.
#![no_main]

use check_rsync::filelist::FileList;
use check_rsync::frame::{Frames, Piece};
use check_rsync::greeting::{Answer, Greeting, module};
use libfuzzer_sys::fuzz_target;
use net::Progress;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let _ = (Greeting::read(&text), Answer::read(&text), module(&text));
    for protocol in 27..=29 {
        let (mut frames, mut list) = (Frames::default(), FileList::new(protocol));
        let mut rest = bytes;
        while let Progress::Done(Ok(piece), used) = frames.read(rest) {
            assert!(used > 0 && used <= rest.len());
            rest = &rest[used..];
            if let Piece::Data(data) = piece {
                list.push(&data);
            }
            while let Ok(Some(_)) = list.next_item() {}
        }
    }
});
