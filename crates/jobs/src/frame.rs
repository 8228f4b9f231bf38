//! What travels between daemon and worker: length-prefixed binary frames.
//!
//! A frame is its length (4 bytes, little endian, without itself), one byte for its kind, and its
//! fields: numbers of fixed width, texts and lists with a 4-byte length in front. A worker starts
//! by [`Frame::Hello`]; the daemon sends [`Frame::Job`]s and gets a [`Frame::Done`] for each.
//!
//! Both ends are programs of the same build, but a worker parses what strangers send: the daemon
//! takes nothing on trust. Every length is bounded, every byte accounted for.

use std::time::Duration;

use crate::{Done, Job, MAX_OUTPUT, Outcome};

/// Longest frame, in bytes: room for a command line as long as Linux takes for one argument,
/// several times over.
pub const MAX_FRAME: usize = 1024 * 1024;
/// Most arguments, variables or names in a frame.
pub const MAX_ITEMS: usize = 16 * 1024;
/// Longest reason for a job that was not started.
const MAX_REASON: usize = 4096;
/// Smallest room that [`Decoder::room`] gives.
const MIN_ROOM: usize = 16 * 1024;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A worker is ready; the programs (paths) that it runs in-process. Empty: it execs anything.
    Hello {
        /// Absolute paths, to be compared with `argv[0]` as a whole.
        programs: Vec<String>,
    },
    /// Run this.
    Job(Job),
    /// This is what became of it.
    Done(Done),
}

/// Why bytes are no frame, or a job is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More than [`MAX_FRAME`] bytes.
    #[error("a message of {0} bytes is longer than {MAX_FRAME} bytes")]
    TooLong(usize),
    /// More than [`MAX_ITEMS`] arguments or variables.
    #[error("{0} arguments or variables are more than {MAX_ITEMS}")]
    TooMany(usize),
    /// A field runs past the end, or bytes are left over.
    #[error("a message's fields do not fill its length")]
    Misfit,
    /// No such kind, or a field's value is impossible.
    #[error("a message has an unknown kind or value {0}")]
    Unknown(u8),
    /// A text is no UTF-8.
    #[error("a message's text is not UTF-8")]
    NotText,
}

impl Frame {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        match self {
            Frame::Hello { programs } => framed(out, 1, |out| {
                put_count(out, programs.len())?;
                for name in programs {
                    put_bytes(out, name.as_bytes());
                }
                Ok(())
            }),
            Frame::Job(job) => encode_job(job, out),
            Frame::Done(done) => encode_done(done, out),
        }
    }
}

/// Appends a [`Frame::Job`]. On an error nothing is appended.
pub fn encode_job(job: &Job, out: &mut Vec<u8>) -> Result<(), FrameError> {
    framed(out, 2, |out| {
        out.extend(job.id.to_le_bytes());
        out.extend(u64::try_from(job.timeout.as_micros()).unwrap_or(u64::MAX).to_le_bytes());
        put_count(out, job.argv.len())?;
        for word in &job.argv {
            put_bytes(out, word.as_bytes());
        }
        put_count(out, job.environment.len())?;
        for (name, value) in &job.environment {
            put_bytes(out, name.as_bytes());
            put_bytes(out, value.as_bytes());
        }
        Ok(())
    })
}

/// Appends a [`Frame::Done`]; output and reason are cut to their limits.
pub fn encode_done(done: &Done, out: &mut Vec<u8>) -> Result<(), FrameError> {
    framed(out, 3, |out| {
        out.extend(done.id.to_le_bytes());
        out.extend(done.started.to_le_bytes());
        out.extend(done.finished.to_le_bytes());
        let (tag, value) = match &done.outcome {
            Outcome::Exited(code) => (0, *code),
            Outcome::Signalled(signal) => (1, *signal),
            Outcome::TimedOut => (2, 0),
            Outcome::NotStarted(_) => (3, 0),
            Outcome::Lost => (4, 0),
        };
        out.push(tag);
        out.extend(value.to_le_bytes());
        if let Outcome::NotStarted(why) = &done.outcome {
            put_bytes(out, shortened(why).as_bytes());
        }
        put_bytes(out, &done.stdout[..done.stdout.len().min(MAX_OUTPUT)]);
        Ok(())
    })
}

/// At most [`MAX_REASON`] bytes, whole characters.
fn shortened(reason: &str) -> &str {
    let mut ends = (0..=reason.len().min(MAX_REASON)).rev();
    ends.find_map(|end| reason.get(..end)).unwrap_or_default()
}

fn framed(
    out: &mut Vec<u8>,
    kind: u8,
    fill: impl FnOnce(&mut Vec<u8>) -> Result<(), FrameError>,
) -> Result<(), FrameError> {
    let start = out.len();
    out.extend([0, 0, 0, 0, kind]);
    let filled = fill(out).and_then(|()| match out.len() - start - 4 {
        len if len > MAX_FRAME => Err(FrameError::TooLong(len)),
        len => Ok(u32::try_from(len).expect("MAX_FRAME fits in 32 bits")),
    });
    match filled {
        Ok(len) => out[start..start + 4].copy_from_slice(&len.to_le_bytes()),
        Err(_) => out.truncate(start),
    }
    filled.map(|_| ())
}

/// A length that does not fit makes the frame too long, which `framed` finds out.
fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(bytes);
}

fn put_count(out: &mut Vec<u8>, count: usize) -> Result<(), FrameError> {
    match u32::try_from(count) {
        Ok(number) if count <= MAX_ITEMS => {
            out.extend(number.to_le_bytes());
            Ok(())
        }
        _ => Err(FrameError::TooMany(count)),
    }
}

/// Takes frames out of a stream of bytes. Holds at most one frame and what was read behind it.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Decoder {
    /// Where to read to, never empty. Say by [`Decoder::filled`] how much came.
    pub fn room(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.buffer.len() - self.end < MIN_ROOM {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            let wanted = (self.end + MIN_ROOM).next_power_of_two();
            if self.buffer.len() < wanted {
                self.buffer.resize(wanted, 0);
            }
        }
        &mut self.buffer[self.end..]
    }

    /// So many bytes were read into [`Decoder::room`].
    pub fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.buffer.len());
    }

    /// The next whole frame, if there is one. After an error the stream is of no more use.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let Some((prefix, rest)) = self.buffer[self.start..self.end].split_first_chunk::<4>() else {
            return Ok(None);
        };
        let len = u32::from_le_bytes(*prefix) as usize;
        if len > MAX_FRAME {
            return Err(FrameError::TooLong(len));
        }
        let Some(body) = rest.get(..len) else { return Ok(None) };
        let frame = decode(body)?;
        self.start += 4 + len;
        Ok(Some(frame))
    }
}

fn decode(body: &[u8]) -> Result<Frame, FrameError> {
    let mut fields = Fields(body);
    let frame = match fields.byte()? {
        1 => Frame::Hello { programs: fields.list(Fields::text)? },
        2 => Frame::Job(Job {
            id: fields.u64()?,
            timeout: Duration::from_micros(fields.u64()?).min(Job::MAX_TIMEOUT),
            argv: fields.list(Fields::text)?,
            environment: fields.list(|fields| Ok((fields.text()?, fields.text()?)))?,
        }),
        3 => Frame::Done(Done {
            id: fields.u64()?,
            started: fields.u64()?.cast_signed(),
            finished: fields.u64()?.cast_signed(),
            outcome: fields.outcome()?,
            stdout: match fields.bytes()? {
                stdout if stdout.len() > MAX_OUTPUT => return Err(FrameError::TooLong(stdout.len())),
                stdout => stdout.to_vec(),
            },
        }),
        kind => return Err(FrameError::Unknown(kind)),
    };
    if fields.0.is_empty() { Ok(frame) } else { Err(FrameError::Misfit) }
}

/// What is left of a frame.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(FrameError::Misfit)?;
        self.0 = rest;
        Ok(*array)
    }

    fn byte(&mut self) -> Result<u8, FrameError> {
        Ok(self.array::<1>()?[0])
    }

    fn u32(&mut self) -> Result<usize, FrameError> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    fn u64(&mut self) -> Result<u64, FrameError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn bytes(&mut self) -> Result<&'a [u8], FrameError> {
        let len = self.u32()?;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(FrameError::Misfit)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<String, FrameError> {
        std::str::from_utf8(self.bytes()?).map(str::to_owned).map_err(|_| FrameError::NotText)
    }

    fn list<T>(
        &mut self,
        item: impl Fn(&mut Fields<'a>) -> Result<T, FrameError>,
    ) -> Result<Vec<T>, FrameError> {
        let count = self.u32()?;
        if count > MAX_ITEMS {
            return Err(FrameError::TooMany(count));
        }
        (0..count).map(|_| item(self)).collect()
    }

    fn outcome(&mut self) -> Result<Outcome, FrameError> {
        let tag = self.byte()?;
        let value = i32::from_le_bytes(self.array()?);
        Ok(match tag {
            0 => Outcome::Exited(value),
            1 => Outcome::Signalled(value),
            2 => Outcome::TimedOut,
            3 => Outcome::NotStarted(self.text()?),
            4 => Outcome::Lost,
            tag => return Err(FrameError::Unknown(tag)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(bytes: &[u8], chunk: usize) -> Result<Vec<Frame>, FrameError> {
        let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
        for piece in bytes.chunks(chunk) {
            let mut piece = piece;
            while !piece.is_empty() {
                let room = decoder.room();
                let count = room.len().min(piece.len());
                room[..count].copy_from_slice(&piece[..count]);
                decoder.filled(count);
                piece = &piece[count..];
                while let Some(frame) = decoder.next_frame()? {
                    frames.push(frame);
                }
            }
        }
        Ok(frames)
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            any::<i32>().prop_map(Outcome::Exited),
            any::<i32>().prop_map(Outcome::Signalled),
            Just(Outcome::TimedOut),
            ".{0,200}".prop_map(Outcome::NotStarted),
            Just(Outcome::Lost),
        ]
    }

    fn frame() -> impl Strategy<Value = Frame> {
        let words = || prop::collection::vec(".{0,40}", 0..6);
        let pairs = prop::collection::vec((".{0,20}", ".{0,40}"), 0..4);
        prop_oneof![
            words().prop_map(|programs| Frame::Hello { programs }),
            (any::<u64>(), words(), pairs, 0..86_400_000_000_u64).prop_map(
                |(id, argv, environment, micros)| {
                    Frame::Job(Job { id, argv, environment, timeout: Duration::from_micros(micros) })
                }
            ),
            (
                any::<u64>(),
                any::<i64>(),
                any::<i64>(),
                outcome(),
                prop::collection::vec(any::<u8>(), 0..40_000)
            )
                .prop_map(|(id, started, finished, outcome, stdout)| {
                    Frame::Done(Done { id, started, finished, outcome, stdout })
                }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn frames_come_out_as_they_went_in(
            frames in prop::collection::vec(frame(), 0..6),
            chunk in 1..70_000_usize,
        ) {
            let mut bytes = Vec::new();
            for frame in &frames {
                frame.encode(&mut bytes).unwrap();
            }
            prop_assert_eq!(decoded(&bytes, chunk), Ok(frames));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), chunk in 1..600_usize) {
            let _ = decoded(&bytes, chunk);
        }

        /// Random bytes hardly ever get past the length: these do.
        #[test]
        fn no_damage_panics(frame in frame(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes).unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = decoded(&bytes, bytes.len());
            let _ = decode(&bytes[4..at.max(4)]);
        }
    }

    #[test]
    fn lengths_are_bounded() {
        let huge = Job {
            id: 1,
            argv: vec!["x".repeat(MAX_FRAME)],
            environment: Vec::new(),
            timeout: Duration::from_secs(1),
        };
        let mut out = vec![7];
        assert!(matches!(encode_job(&huge, &mut out), Err(FrameError::TooLong(_))));
        let many = Job { argv: vec![String::new(); MAX_ITEMS + 1], ..huge };
        assert_eq!(encode_job(&many, &mut out), Err(FrameError::TooMany(MAX_ITEMS + 1)));
        assert_eq!(out, [7], "a frame that failed leaves nothing behind");
        assert_eq!(decoded(&u32::MAX.to_le_bytes(), 4), Err(FrameError::TooLong(u32::MAX as usize)));
        // a list says that it is long and is not
        assert_eq!(decode(&[1, 0xff, 0x3f, 0, 0]), Err(FrameError::Misfit));
        assert_eq!(decode(&[1, 0xff, 0xff, 0xff, 0xff]), Err(FrameError::TooMany(u32::MAX as usize)));
        assert_eq!(decode(&[1, 0, 0, 0, 0, 0]), Err(FrameError::Misfit));
        assert_eq!(decode(&[9]), Err(FrameError::Unknown(9)));
        let forever = Job { argv: vec![], timeout: Duration::MAX, ..many };
        let mut bytes = Vec::new();
        encode_job(&forever, &mut bytes).unwrap();
        let Ok(Frame::Job(job)) = decode(&bytes[4..]) else { panic!("a job") };
        assert_eq!(job.timeout, Job::MAX_TIMEOUT);
    }

    #[test]
    fn output_and_reason_are_cut() {
        let mut done = Done::not_started(1, "é".repeat(MAX_REASON));
        done.stdout = vec![b'x'; MAX_OUTPUT + 1];
        let mut bytes = Vec::new();
        encode_done(&done, &mut bytes).unwrap();
        let Ok(Frame::Done(done)) = decode(&bytes[4..]) else { panic!("a result") };
        assert_eq!(done.stdout.len(), MAX_OUTPUT);
        assert!(matches!(done.outcome, Outcome::NotStarted(why) if why.len() <= MAX_REASON));
    }
}
