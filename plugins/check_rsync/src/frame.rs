//! Frames: behind the seed, everything that a server sends is data or a message, with four bytes that
//! say which and how much.

use net::Progress;

/// What all tags are counted from.
const BASE: u32 = 7;
/// Longest message, in bytes; rsync cuts them at its longest path.
const MAX_MESSAGE: usize = 16 * 1024;

/// A frame, or what has come of its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Of the file list.
    Data(Vec<u8>),
    /// What went wrong, in the server's words.
    Complaint(String),
    /// Nothing that matters here.
    Other,
}

/// These bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sent something else than a file list (a frame of kind {kind} with {length} bytes)")]
pub struct NoFrame {
    kind: u32,
    length: usize,
}

/// Takes data as it comes, messages when they are whole.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    /// Data that belongs to the frame begun.
    left: usize,
}

impl Frames {
    /// The next piece of what has come.
    pub fn read(&mut self, bytes: &[u8]) -> Progress<Result<Piece, NoFrame>> {
        if self.left > 0 {
            if bytes.is_empty() {
                return Progress::More;
            }
            let data = bytes.get(..self.left).unwrap_or(bytes);
            self.left -= data.len();
            return Progress::Done(Ok(Piece::Data(data.to_vec())), data.len());
        }
        let Some((head, rest)) = bytes.split_first_chunk::<4>() else { return Progress::More };
        let head = u32::from_le_bytes(*head);
        let length = usize::try_from(head & 0x00ff_ffff).unwrap_or(usize::MAX);
        let kind = head >> 24;
        let tag = kind.checked_sub(BASE);
        if tag == Some(0) {
            self.left = length;
            return Progress::Done(Ok(Piece::Data(Vec::new())), 4);
        }
        // 1 to 8 are texts (errors, 2 and 6 and 7 are information), then a few with numbers
        if !matches!(tag, Some(1..=8 | 9 | 10 | 22 | 33 | 42 | 86)) || length > MAX_MESSAGE {
            return Progress::Done(Err(NoFrame { kind, length }), 4);
        }
        let Some(body) = rest.get(..length) else { return Progress::More };
        let piece = match tag {
            Some(1 | 3 | 4 | 5 | 8) => Piece::Complaint(String::from_utf8_lossy(body).trim().to_owned()),
            _ => Piece::Other,
        };
        Progress::Done(Ok(piece), 4 + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn data_comes_in_parts_and_messages_whole() {
        let mut frames = Frames::default();
        assert_eq!(frames.read(&[3, 0, 0]), Progress::More);
        assert_eq!(frames.read(&[3, 0, 0, 7]), Progress::Done(Ok(Piece::Data(vec![])), 4));
        assert_eq!(frames.read(b""), Progress::More, "nothing is no part");
        assert_eq!(frames.read(b"ab"), Progress::Done(Ok(Piece::Data(b"ab".to_vec())), 2));
        assert_eq!(frames.read(b"cde"), Progress::Done(Ok(Piece::Data(b"c".to_vec())), 1));
        assert_eq!(frames.read(&[2, 0, 0, 8, b'x']), Progress::More);
        let complaint = Progress::Done(Ok(Piece::Complaint("x".to_owned())), 6);
        assert_eq!(frames.read(&[2, 0, 0, 8, b'x', b'\n', 9]), complaint);
        assert_eq!(frames.read(&[1, 0, 0, 9, b'x']), Progress::Done(Ok(Piece::Other), 5));
        for stranger in [b"HTTP", b"\0\0\0\0", b"\xff\xff\xff\x08"] {
            assert!(matches!(frames.read(stranger), Progress::Done(Err(_), 4)), "{stranger:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (mut frames, mut rest) = (Frames::default(), noise.as_slice());
            while let Progress::Done(Ok(_), used) = frames.read(rest) {
                prop_assert!(used > 0 && used <= rest.len());
                rest = &rest[used..];
            }
        }
    }
}
