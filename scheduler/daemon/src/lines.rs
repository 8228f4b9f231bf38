//! Whole lines from pieces of any size.

use engine::external::MAX_LINE;

/// What has come of a line whose end has not come yet.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// Is no line begun?
    pub fn is_empty(&self) -> bool {
        self.partial.is_empty()
    }

    /// Takes the next bytes; gives the lines that are whole now, without blank ones. A line that is too
    /// long is cut right behind the limit, so that whoever reads it sees that it is; what is no UTF-8
    /// is replaced.
    pub fn add(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut complete = Vec::new();
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = (MAX_LINE + 1).saturating_sub(self.partial.len());
            self.partial.extend(piece.iter().take(room));
            if pieces.peek().is_some() {
                complete.extend(self.rest());
            }
        }
        complete
    }

    /// The line that was begun, as it is.
    pub fn rest(&mut self) -> Option<String> {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.partial)).into_owned();
        Some(line).filter(|line| !line.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_come_whole_and_none_is_longer_than_it_may_be() {
        let mut lines = Lines::default();
        assert_eq!(lines.add(b"a\nb"), ["a"]);
        assert!(!lines.is_empty());
        assert_eq!(lines.add(b"c\n\n \n\xff\n"), ["bc", "\u{fffd}"]);
        assert!(lines.is_empty() && lines.rest().is_none());
        let long = vec![b'x'; 10 * MAX_LINE];
        assert!(lines.add(&long).is_empty());
        assert!(lines.add(&long).is_empty(), "nothing more is kept");
        assert_eq!(lines.add(b"\nLOG;a\n").iter().map(String::len).collect::<Vec<_>>(), [MAX_LINE + 1, 5]);
        lines.add(b"unfinished");
        assert_eq!(lines.rest().as_deref(), Some("unfinished"));
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_make_the_same_lines(text in "[ab\n]{0,60}", size in 1..10_usize) {
            let mut lines = Lines::default();
            let mut got: Vec<String> = text.as_bytes().chunks(size).flat_map(|piece| lines.add(piece)).collect();
            got.extend(lines.rest());
            let want: Vec<&str> = text.split('\n').filter(|line| !line.is_empty()).collect();
            prop_assert_eq!(got, want);
        }
    }
}
