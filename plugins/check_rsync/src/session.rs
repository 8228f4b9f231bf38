//! All I/O of `check_rsync`: the list of modules, then each module in a connection of its own.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use check::{CheckError, Ctx, Secret};
use listing::{Found, Pattern};
use net::{Conversation, TalkError, excerpt, line};

use crate::Args;
use crate::digest::Digest;
use crate::filelist::{Entry, FileList, Item, Kind};
use crate::filter::rules;
use crate::frame::{Frames, Piece};
use crate::greeting::{self, Answer, Greeting};
use crate::module::Module;

/// Lines that a server may say before it comes to the point, and modules that it may list.
const MAX_LINES: usize = 10_000;
/// Entries that patterns may ask for, in one module.
const MAX_FOUND: usize = 100_000;
/// Complaints of a server that are kept.
const MAX_COMPLAINTS: usize = 20;
/// Longest time for a farewell that changes nothing any more.
const FAREWELL: Duration = Duration::from_millis(500);
/// "No more files", three phases and a farewell: what a client says that wants none.
const NOTHING: [u8; 16] = [0xff; 16];

/// What was seen.
pub(crate) struct Sample {
    /// Unix time.
    pub now: i64,
    /// From the first packet to the last.
    pub seconds: f64,
    /// `host:port`.
    pub place: String,
    /// Names and comments of modules, if they were asked for.
    pub listed: Option<Vec<(String, String)>>,
    /// What is in each module, in the order of the options.
    pub opened: Vec<Opened>,
}

/// A module.
pub(crate) enum Opened {
    /// The server does not show it; its words.
    Refused(String),
    /// Its files.
    Listed {
        /// By pattern.
        found: Vec<Vec<Found>>,
        /// What the server could not read.
        complaints: Vec<String>,
    },
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let listed = if args.hidden { None } else { Some(modules(args, ctx).await?) };
    let mut opened = Vec::new();
    for module in &args.module {
        opened.push(open(module, args, ctx).await?);
    }
    Ok(Sample {
        now: i64::try_from(now).unwrap_or(i64::MAX),
        seconds: start.elapsed().as_secs_f64(),
        place: place(args),
        listed,
        opened,
    })
}

/// A connection on which both have said which protocol they speak.
struct Session<'a> {
    talk: Conversation,
    protocol: u32,
    digest: Option<Digest>,
    ctx: &'a Ctx,
}

async fn modules(args: &Args, ctx: &Ctx) -> Result<Vec<(String, String)>, CheckError> {
    let mut session = Session::start(args, ctx).await?;
    session.say("#list", "list of modules").await?;
    let mut modules = Vec::new();
    for _ in 0..MAX_LINES {
        match session.hear("list of modules").await? {
            Answer::End => return Ok(modules),
            Answer::Refused(why) => return Err(session.target(&format!("no list of modules: {why}"))),
            Answer::Text(text) => modules
                .extend(greeting::module(&text).map(|(name, comment)| (name.to_owned(), comment.to_owned()))),
            Answer::Open | Answer::Challenge(_) => {
                return Err(session.target("opened a module when it was asked for the list of them"));
            }
        }
    }
    Err(session.target(&format!("its list of modules is longer than {MAX_LINES} lines")))
}

async fn open(module: &Module, args: &Args, ctx: &Ctx) -> Result<Opened, CheckError> {
    let login = args.login(module)?;
    let mut session = Session::start(args, ctx).await?;
    if let Some(why) = session.enter(&module.name, login).await? {
        return Ok(Opened::Refused(why));
    }
    let mut ask = Vec::new();
    let options = if args.follow_links { "-rL" } else { "-r" };
    let path = if args.path.is_empty() { String::new() } else { format!("{}/", args.path) };
    let from = format!("{}/{path}", module.name);
    for argument in ["--server", "--sender", options, ".", &from, ""] {
        ask.extend(argument.bytes());
        ask.push(b'\n');
    }
    for rule in rules(&args.require, args.depth) {
        ask.extend(u32::try_from(rule.len()).unwrap_or(u32::MAX).to_le_bytes());
        ask.extend(rule.bytes());
    }
    ask.extend(0_u32.to_le_bytes());
    session.talk.send(&ask, "file list", ctx).await?;
    session.listing(args).await
}

impl<'a> Session<'a> {
    async fn start(args: &Args, ctx: &'a Ctx) -> Result<Session<'a>, CheckError> {
        let stream = args.dial.connect(&args.hostname, args.port, ctx).await?;
        let mut talk = Conversation::new(stream, place(args));
        let first = talk.receive("greeting", line, ctx).await?;
        let stranger = |why: &str| CheckError::target(format!("{}: {why}", place(args)));
        let greeting = Greeting::read(&first).ok_or_else(|| {
            // a server that is full may say so at once
            match Answer::read(&first) {
                Answer::Refused(why) => stranger(&format!("refused: {}", excerpt(why.as_bytes()))),
                _ => stranger(&format!("no rsync daemon, it said `{}`", excerpt(first.as_bytes()))),
            }
        })?;
        let protocol = greeting.agreed().ok_or_else(|| {
            stranger(&format!("speaks protocol {}, which is too old: 27 is known here", greeting.protocol))
        })?;
        let digest = Digest::best(&greeting.digests);
        // minor number and digest are known to those only that say them too
        let ours = match digest.and_then(Digest::name) {
            Some(name) => format!("@RSYNCD: {protocol}.0 {name}"),
            None => format!("@RSYNCD: {protocol}"),
        };
        let mut session = Session { talk, protocol, digest, ctx };
        session.say(&ours, "answer to our greeting").await?;
        Ok(session)
    }

    /// Opens a module; the refusal, if it is one.
    async fn enter(
        &mut self,
        module: &str,
        login: Option<(&str, Secret)>,
    ) -> Result<Option<String>, CheckError> {
        self.say(module, "answer to the module's name").await?;
        for _ in 0..MAX_LINES {
            match self.hear("answer to the module's name").await? {
                Answer::Open => return Ok(None),
                Answer::Refused(why) => return Ok(Some(excerpt(why.as_bytes()))),
                Answer::End => return Ok(Some("the server ended the session".to_owned())),
                Answer::Text(_) => {}
                Answer::Challenge(challenge) => {
                    let Some((user, password)) = &login else {
                        return Ok(Some("asks for a password: name --user and --password-file".to_owned()));
                    };
                    let Some(digest) = self.digest else {
                        return Ok(Some("takes no digest of a password that is known here".to_owned()));
                    };
                    let proof = digest.answer(password, &challenge);
                    self.say(&format!("{user} {proof}"), "answer to the login").await?;
                }
            }
        }
        Err(self.target(&format!("says more than {MAX_LINES} lines and does not open {module}")))
    }

    /// Reads the file list to its end.
    async fn listing(&mut self, args: &Args) -> Result<Opened, CheckError> {
        // a seed for checksums that nobody asks for
        self.talk.receive("file list", seed, self.ctx).await?;
        let mut frames = Frames::default();
        let mut list = FileList::new(self.protocol);
        let mut files =
            Files { found: vec![Vec::new(); args.require.len()], complaints: Vec::new(), root: false };
        loop {
            let piece = match self.talk.receive("file list", |bytes| frames.read(bytes), self.ctx).await {
                Ok(piece) => piece.map_err(|error| self.target(&error.to_string()))?,
                // it has said why it hangs up
                Err(error @ (TalkError::Closed { .. } | TalkError::Broken { .. })) => {
                    return files.complaints.pop().map(Opened::Refused).ok_or_else(|| error.into());
                }
                Err(error) => return Err(error.into()),
            };
            match piece {
                Piece::Data(bytes) => list.push(&bytes),
                Piece::Complaint(text) if files.complaints.len() < MAX_COMPLAINTS => {
                    files.complaints.push(excerpt(text.as_bytes()));
                }
                Piece::Complaint(_) | Piece::Other => {}
            }
            while let Some(item) = list.next_item().map_err(|error| self.target(&error.to_string()))? {
                match item {
                    Item::Entry(entry) => files.take(&entry, args).map_err(CheckError::usage)?,
                    Item::End { failed } => {
                        self.leave().await;
                        return Ok(files.finish(failed));
                    }
                }
            }
        }
    }

    /// Says that no file is wanted, so that the server's log has a client that went away in peace.
    async fn leave(&mut self) {
        let farewell = async {
            self.talk.send(&NOTHING, "farewell", self.ctx).await?;
            loop {
                self.talk.receive("farewell", |bytes| net::Progress::Done((), bytes.len()), self.ctx).await?;
            }
        };
        let _: Result<Result<(), TalkError>, _> = tokio::time::timeout(FAREWELL, farewell).await;
    }

    async fn say(&mut self, line: &str, wanted: &str) -> Result<(), TalkError> {
        self.talk.send(format!("{line}\n").as_bytes(), wanted, self.ctx).await
    }

    async fn hear(&mut self, wanted: &str) -> Result<Answer, TalkError> {
        Ok(Answer::read(&self.talk.receive(wanted, line, self.ctx).await?))
    }

    fn target(&self, why: &str) -> CheckError {
        CheckError::target(format!("{}: {why}", self.talk.place()))
    }
}

/// What patterns ask for, of the entries that have come.
struct Files {
    found: Vec<Vec<Found>>,
    complaints: Vec<String>,
    /// The directory itself has been seen.
    root: bool,
}

impl Files {
    fn take(&mut self, entry: &Entry, args: &Args) -> Result<(), String> {
        if entry.path == "." {
            self.root = true;
            return Ok(());
        }
        let is_directory = entry.kind == Kind::Directory;
        for (pattern, found) in args.require.iter().zip(&mut self.found) {
            if pattern.asks_for_directories() != is_directory || !leads(pattern, &entry.path, args.depth) {
                continue;
            }
            if found.len() == MAX_FOUND {
                return Err(format!("{pattern} asks for more than {MAX_FOUND} files: narrow it"));
            }
            found.push(Found {
                path: format!("{}{}", entry.path, if is_directory { "/" } else { "" }),
                modified: Some(i64::from(entry.modified)),
                size: Some(entry.size),
            });
        }
        Ok(())
    }

    fn finish(mut self, failed: bool) -> Opened {
        if !self.root {
            let why = if self.complaints.is_empty() { None } else { Some(self.complaints.remove(0)) };
            return Opened::Refused(why.unwrap_or_else(|| "the server sent no directory".to_owned()));
        }
        if failed && self.complaints.is_empty() {
            self.complaints.push("the server could not read everything".to_owned());
        }
        Opened::Listed { found: self.found, complaints: self.complaints }
    }
}

/// Does the pattern ask for this path, not too far down?
fn leads(pattern: &Pattern, path: &str, depth: u8) -> bool {
    let mut places = pattern.start();
    let mut complete = false;
    for (i, name) in path.split('/').enumerate() {
        if i > usize::from(depth) || places.is_empty() {
            return false;
        }
        (complete, places) = pattern.step(&places, name);
    }
    complete
}

fn seed(bytes: &[u8]) -> net::Progress<()> {
    if bytes.len() < 4 { net::Progress::More } else { net::Progress::Done((), 4) }
}

fn place(args: &Args) -> String {
    let host = &args.hostname;
    let port = args.port;
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
