//! The file list of protocols 27 to 29, decoded entry by entry, pure.
//!
//! Asked for without owners, devices, links and checksums, an entry is flags, name, length, time and
//! mode, each left out when it is as in the entry before. Numbers are little-endian. Source: what
//! rsync's own server sends, which the tests talk to.

/// Longest name of a file with its directories, in bytes; rsync's own limit.
const MAX_NAME: usize = 4096;
/// Most entries of a list.
const MAX_ENTRIES: usize = 1_000_000;

const SAME_MODE: u8 = 0x02;
const EXTENDED: u8 = 0x04;
const SAME_NAME: u8 = 0x20;
const LONG_NAME: u8 = 0x40;
const SAME_TIME: u8 = 0x80;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Regular.
    File,
    /// Directory.
    Directory,
    /// Symbolic link, device, socket, pipe.
    Other,
}

/// One file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path below what was asked for, which itself is `.`; bytes that are no UTF-8 are replaced.
    pub path: String,
    /// By its mode.
    pub kind: Kind,
    /// Bytes.
    pub size: u64,
    /// Seconds since 1970, to 2106.
    pub modified: u32,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An entry.
    Entry(Entry),
    /// The list is complete. Did the server fail to read something?
    End {
        /// It did; its complaints say what.
        failed: bool,
    },
}

/// Why this is no file list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// A name longer than any path can be.
    #[error("the file list has a name of {0} bytes")]
    Name(usize),
    /// A name that starts with more of the last name than that has.
    #[error("the file list has a name that starts with what no name before it had")]
    Prefix,
    /// Less than nothing.
    #[error("the file list has a file of negative size")]
    Size,
    /// More than can be of use.
    #[error("the file list has more than {MAX_ENTRIES} entries: narrow the patterns")]
    Entries,
}

/// A list being read.
#[derive(Clone, Debug)]
pub struct FileList {
    protocol: u32,
    unread: Vec<u8>,
    /// Bytes of `unread` that are done with.
    at: usize,
    entries: usize,
    last: Last,
}

/// What an entry may leave out, since the one before had it too.
#[derive(Clone, Debug, Default)]
struct Last {
    name: Vec<u8>,
    modified: u32,
    mode: u32,
}

impl FileList {
    /// A list in this protocol, 27 to 29.
    pub fn new(protocol: u32) -> FileList {
        FileList { protocol, unread: Vec::new(), at: 0, entries: 0, last: Last::default() }
    }

    /// Adds what has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.unread.drain(..self.at.min(self.unread.len()));
        self.at = 0;
        self.unread.extend_from_slice(bytes);
    }

    /// The next item, if it has come whole. Nothing is to be read behind the end.
    pub fn next_item(&mut self) -> Result<Option<Item>, ListError> {
        let mut reader = Reader { bytes: self.unread.get(self.at..).unwrap_or_default(), used: 0 };
        let Some(flags) = reader.flags(self.protocol) else { return Ok(None) };
        let item = if flags == 0 {
            reader.number().map(|errors| Item::End { failed: errors != 0 })
        } else {
            if self.entries >= MAX_ENTRIES {
                return Err(ListError::Entries);
            }
            self.last.entry(flags, &mut reader)?.map(Item::Entry)
        };
        if item.is_some() {
            self.at += reader.used;
            self.entries += 1;
        }
        Ok(item)
    }
}

impl Last {
    /// Changes only when all of the entry is there.
    fn entry(&mut self, flags: u8, reader: &mut Reader) -> Result<Option<Entry>, ListError> {
        let Some(name) = self.name(flags, reader)? else { return Ok(None) };
        let Some(size) = reader.length()? else { return Ok(None) };
        let mut kept = |same: u8, before: u32| if flags & same == 0 { reader.number() } else { Some(before) };
        let Some(modified) = kept(SAME_TIME, self.modified) else { return Ok(None) };
        let Some(mode) = kept(SAME_MODE, self.mode) else { return Ok(None) };
        let kind = match mode & 0o170_000 {
            0o100_000 => Kind::File,
            0o040_000 => Kind::Directory,
            _ => Kind::Other,
        };
        let path = String::from_utf8_lossy(&name).into_owned();
        *self = Last { name, modified, mode };
        Ok(Some(Entry { path, kind, size, modified }))
    }

    /// What it shares with the name before, and the rest.
    fn name(&self, flags: u8, reader: &mut Reader) -> Result<Option<Vec<u8>>, ListError> {
        let shared = if flags & SAME_NAME == 0 { Some(0) } else { reader.byte() };
        let Some(shared) = shared else { return Ok(None) };
        let own = if flags & LONG_NAME == 0 { reader.byte().map(u32::from) } else { reader.number() };
        let Some(own) = own else { return Ok(None) };
        let own = usize::try_from(own).unwrap_or(usize::MAX);
        if own.saturating_add(usize::from(shared)) > MAX_NAME {
            return Err(ListError::Name(own.saturating_add(usize::from(shared))));
        }
        let mut name = self.name.get(..usize::from(shared)).ok_or(ListError::Prefix)?.to_vec();
        let Some(rest) = reader.take(own) else { return Ok(None) };
        name.extend_from_slice(rest);
        Ok(Some(name))
    }
}

/// Bytes that may not all be there yet: `None` is "more is needed".
struct Reader<'a> {
    bytes: &'a [u8],
    used: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.used.checked_add(length)?;
        let taken = self.bytes.get(self.used..end)?;
        self.used = end;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(*self.take(4)?.first_chunk()?))
    }

    /// A second byte of flags, from protocol 28, has none that an entry without devices and hard
    /// links would care for.
    fn flags(&mut self, protocol: u32) -> Option<u8> {
        let flags = self.byte()?;
        if flags & EXTENDED != 0 && protocol >= 28 {
            self.byte()?;
        }
        Some(flags)
    }

    /// Four bytes, or eight behind four of ones.
    fn length(&mut self) -> Result<Option<u64>, ListError> {
        match self.number() {
            None => Ok(None),
            Some(u32::MAX) => {
                let long = self.take(8).and_then(|bytes| bytes.first_chunk());
                match long.map(|bytes| i64::from_le_bytes(*bytes)) {
                    None => Ok(None),
                    Some(length) => u64::try_from(length).map(Some).map_err(|_| ListError::Size),
                }
            }
            Some(length) => Ok(Some(u64::from(length))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What rsync 3.5.0 sends for a directory that holds `annex/one/a.tar.gz` (`-r`, protocol 29).
    const SENT: &[u8] = b"\x19\x01.\x00\x10\x00\x00\x49\xa1\x02\x6b\xed\x41\x00\x00\
        \x9a\x05annex\x00\x10\x00\x00\
        \xba\x05\x04/one\x00\x10\x00\x00\
        \xba\x06\x03two\x00\x10\x00\x00\
        \xb8\x06\x0cone/a.tar.gz\x00\x00\x00\x00\xa4\x81\x00\x00\
        \x00\x00\x00\x00\x00";

    fn read(list: &mut FileList) -> Vec<Item> {
        let mut items = Vec::new();
        while let Some(item) = list.next_item().unwrap() {
            let ends = matches!(item, Item::End { .. });
            items.push(item);
            if ends {
                break;
            }
        }
        items
    }

    fn whole(protocol: u32, bytes: &[u8]) -> Vec<Item> {
        let mut list = FileList::new(protocol);
        list.push(bytes);
        read(&mut list)
    }

    #[test]
    fn reads_what_a_server_sends_however_it_is_cut() {
        let entry = |path: &str, kind, size| {
            Item::Entry(Entry { path: path.to_owned(), kind, size, modified: 0x6b02_a149 })
        };
        let want = [
            entry(".", Kind::Directory, 4096),
            entry("annex", Kind::Directory, 4096),
            entry("annex/one", Kind::Directory, 4096),
            entry("annex/two", Kind::Directory, 4096),
            entry("annex/one/a.tar.gz", Kind::File, 0),
            Item::End { failed: false },
        ];
        assert_eq!(whole(29, SENT), want);
        let mut list = FileList::new(29);
        let mut again = Vec::new();
        for byte in SENT {
            list.push(&[*byte]);
            again.extend(read(&mut list));
        }
        assert_eq!(again, want);
    }

    #[test]
    fn flags_of_a_later_protocol_take_a_byte_more() {
        let mut bytes = b"\x01\x01a\xff\xff\xff\xff\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00".to_vec();
        bytes.extend([0xff, 0xa1, 0, 0]);
        bytes.extend([0, 1, 0, 0, 0]);
        let big = Entry { path: "a".to_owned(), kind: Kind::Other, size: 1 << 32, modified: 2 };
        let want = [Item::Entry(big), Item::End { failed: true }];
        assert_eq!(whole(27, &bytes), want);
        bytes.splice(0..1, [0x05, 0x10]);
        assert_eq!(whole(28, &bytes), want);
    }

    #[test]
    fn refuses_what_cannot_be() {
        let said = |bytes: &[u8]| {
            let mut list = FileList::new(29);
            list.push(bytes);
            list.next_item().unwrap_err()
        };
        assert_eq!(said(b"\x41\xff\xff\xff\xff"), ListError::Name(u32::MAX as usize));
        assert_eq!(said(b"\x21\x01\x01a"), ListError::Prefix);
        let negative = b"\x01\x01a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(said(negative), ListError::Size);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_stand_still(
            noise in proptest::collection::vec(any::<u8>(), 0..300),
            protocol in 27..30_u32,
        ) {
            let mut list = FileList::new(protocol);
            list.push(&noise);
            let mut at = 0;
            while let Ok(Some(_)) = list.next_item() {
                prop_assert!(list.at > at && list.at <= noise.len());
                at = list.at;
            }
        }
    }
}
