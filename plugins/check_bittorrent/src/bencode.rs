//! Bencode (BEP 3), read without copying; pure.
//!
//! A value in a dictionary keeps the bytes it was written with: the hash of `info` is that of its
//! bytes, not of what they mean. Keys out of order are read, as every client does.

/// Lists within lists: torrents have five levels.
const MAX_DEPTH: usize = 32;

/// Values of one document: a torrent of 100,000 files has half a million.
const MAX_VALUES: usize = 1_000_000;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `i42e`
    Integer(i64),
    /// `4:spam`
    Bytes(&'a [u8]),
    /// `l…e`
    List(Vec<Value<'a>>),
    /// `d…e`
    Dictionary(Vec<Entry<'a>>),
}

/// A key of a dictionary and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its key.
    pub key: &'a [u8],
    /// The value as it was written.
    pub raw: &'a [u8],
    /// The value.
    pub value: Value<'a>,
}

/// Why bytes are no bencode, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BencodeError {
    /// They end too early.
    #[error("it is cut off after {0} bytes")]
    CutOff(usize),
    /// Something else stands where a value should.
    #[error("no value at byte {0}")]
    NoValue(usize),
    /// A number that is none, or is too large.
    #[error("no number at byte {0}")]
    NoNumber(usize),
    /// Deeper or larger than anything of use.
    #[error("it is nested too deep or has too many values, at byte {0}")]
    TooMuch(usize),
    /// Something stands behind the value.
    #[error("something stands behind its end, at byte {0}")]
    Rest(usize),
}

/// Reads one value that takes all of the bytes.
pub fn decode(bytes: &[u8]) -> Result<Value<'_>, BencodeError> {
    match decode_first(bytes)? {
        (value, used) if used == bytes.len() => Ok(value),
        (_, used) => Err(BencodeError::Rest(used)),
    }
}

/// Reads one value, and says how many bytes it took: in BEP 9, data stands behind it.
pub fn decode_first(bytes: &[u8]) -> Result<(Value<'_>, usize), BencodeError> {
    let mut reader = Reader { bytes, at: 0, values: 0 };
    let value = reader.value(0)?;
    Ok((value, reader.at))
}

impl<'a> Value<'a> {
    /// The entry of a dictionary with this key; the first, if there are several.
    pub fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        match self {
            Value::Dictionary(entries) => entries.iter().find(|entry| entry.key == key.as_bytes()),
            Value::Integer(_) | Value::Bytes(_) | Value::List(_) => None,
        }
    }

    /// The value of that entry.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Bytes, if it is these.
    pub fn bytes(&self) -> Option<&'a [u8]> {
        if let Value::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The same as text; bytes that are none are replaced.
    pub fn text(&self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// A number that is not negative.
    pub fn number(&self) -> Option<u64> {
        if let Value::Integer(number) = self { u64::try_from(*number).ok() } else { None }
    }

    /// Members of a list.
    pub fn list(&self) -> Option<&[Value<'a>]> {
        if let Value::List(values) = self { Some(values) } else { None }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, BencodeError> {
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return Err(BencodeError::TooMuch(self.at));
        }
        match self.peek()? {
            b'i' => {
                self.at += 1;
                self.integer().map(Value::Integer)
            }
            b'0'..=b'9' => self.string().map(Value::Bytes),
            b'l' => {
                self.at += 1;
                let mut list = Vec::new();
                while self.peek()? != b'e' {
                    list.push(self.value(depth + 1)?);
                }
                self.at += 1;
                Ok(Value::List(list))
            }
            b'd' => {
                self.at += 1;
                let mut entries = Vec::new();
                while self.peek()? != b'e' {
                    let key = self.string()?;
                    let start = self.at;
                    let value = self.value(depth + 1)?;
                    let raw = self.bytes.get(start..self.at).unwrap_or_default();
                    entries.push(Entry { key, raw, value });
                }
                self.at += 1;
                Ok(Value::Dictionary(entries))
            }
            _ => Err(BencodeError::NoValue(self.at)),
        }
    }

    fn peek(&self) -> Result<u8, BencodeError> {
        self.bytes.get(self.at).copied().ok_or(BencodeError::CutOff(self.bytes.len()))
    }

    /// Behind the `i`, through the `e`. `-0` and leading zeros are no numbers.
    fn integer(&mut self) -> Result<i64, BencodeError> {
        let text = self.until(b'e', 20)?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits == "0" && text == "0" || !digits.starts_with('0') && !digits.starts_with('+');
        text.parse().ok().filter(|_| plain).ok_or(BencodeError::NoNumber(self.at))
    }

    fn string(&mut self) -> Result<&'a [u8], BencodeError> {
        if !self.peek()?.is_ascii_digit() {
            return Err(BencodeError::NoValue(self.at));
        }
        let text = self.until(b':', 10)?;
        let length: usize = text.parse().map_err(|_| BencodeError::NoNumber(self.at))?;
        let end = self.at.checked_add(length).ok_or(BencodeError::NoNumber(self.at))?;
        let string = self.bytes.get(self.at..end).ok_or(BencodeError::CutOff(self.bytes.len()))?;
        self.at = end;
        Ok(string)
    }

    /// At most `longest` characters up to this byte, which is passed too.
    fn until(&mut self, end: u8, longest: usize) -> Result<&'a str, BencodeError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let window = rest.get(..=longest).unwrap_or(rest);
        let Some(length) = window.iter().position(|byte| *byte == end) else {
            let short = window.len() <= longest;
            return Err(if short {
                BencodeError::CutOff(self.bytes.len())
            } else {
                BencodeError::NoNumber(self.at)
            });
        };
        let text = rest.get(..length).and_then(|text| std::str::from_utf8(text).ok());
        let text = text.ok_or(BencodeError::NoNumber(self.at))?;
        self.at += length + 1;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_the_bytes_they_were_written_with() {
        let read = decode(b"d1:ai-42e4:infod1:xl1:y0:ee1:zi0ee").unwrap();
        assert_eq!(read.get("a"), Some(&Value::Integer(-42)));
        let info = read.entry("info").unwrap();
        assert_eq!(info.raw, b"d1:xl1:y0:ee");
        let list = info.value.get("x").unwrap().list().unwrap();
        assert_eq!((list[0].text().as_deref(), list[1].bytes()), (Some("y"), Some(&b""[..])));
        assert_eq!(read.get("z").unwrap().number(), Some(0));
        assert_eq!(read.get("a").unwrap().number(), None);
        assert_eq!(decode_first(b"i1edata").unwrap(), (Value::Integer(1), 3));
    }

    #[test]
    fn what_is_no_bencode_is_refused() {
        for bad in [
            &b""[..],
            b"i",
            b"i1",
            b"ie",
            b"i-e",
            b"i-0e",
            b"i01e",
            b"i+1e",
            b"i1.5e",
            b"i99999999999999999999e",
            b"5:abc",
            b"-1:a",
            b"l",
            b"d1:a",
            b"d1:ae",
            b"di1ei2ee",
            b"x",
            b"<html>",
            b"i1ei2e",
            b"99999999999999:a",
            b"1",
            b"i\xffe",
            b"999999999:",
        ] {
            assert!(decode(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
        assert_eq!(decode(&b"l".repeat(1_000_000)), Err(BencodeError::TooMuch(33)));
        let many = [b"l".to_vec(), b"0:".repeat(MAX_VALUES), b"e".to_vec()].concat();
        assert!(matches!(decode(&many), Err(BencodeError::TooMuch(_))));
    }
}
