//! A mailbox over IMAP: so much of a client as finding and removing one mail needs.
//!
//! Spoken over `net`'s conversation and not by a library: every answer has a limit, every wait the
//! check's deadline, and whatever answers instead is named.

mod response;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use check::{CheckError, Ctx, Secret};
use net::{Conversation, Starttls, TalkError, excerpt};

pub use response::{Response, Status, TooLong, quoted, response};

use crate::header::MAX_HEADER;
use crate::server::Server;

/// Bytes of answers to one command.
const MAX_ANSWERS: usize = 1024 * 1024;
/// Longest time for a farewell that changes nothing any more.
const FAREWELL: Duration = Duration::from_millis(500);

/// A mailbox that is open.
pub(crate) struct Imap<'a> {
    talk: Conversation,
    secrets: Vec<String>,
    commands: u32,
    ctx: &'a Ctx,
}

impl<'a> Imap<'a> {
    /// Connects, logs in and selects the mailbox.
    pub(crate) async fn open(
        server: &Server<'_>,
        user: &str,
        password: &Secret,
        mailbox: &str,
        ctx: &'a Ctx,
    ) -> Result<Imap<'a>, CheckError> {
        let (stream, is_greeted) = server.connect(Starttls::Imap, ctx).await?;
        let talk = Conversation::new(stream, format!("IMAP {}", server.place()));
        let plain = STANDARD.encode(format!("\0{user}\0{}", password.expose()));
        let secrets = vec![plain.clone(), password.expose().to_owned()];
        let mut imap = Imap { talk, secrets, commands: 0, ctx };
        if !is_greeted {
            let greeting = imap.hear("greeting").await?;
            if !greeting.text.starts_with("* OK") && !greeting.text.starts_with("* PREAUTH") {
                return Err(
                    imap.target(&format!("no IMAP greeting, it said `{}`", imap.shown(&greeting.text)))
                );
            }
        }
        imap.log_in(user, password, &plain).await?;
        let mailbox = quoted(mailbox)
            .ok_or_else(|| CheckError::usage("--imap-mailbox: write it in ASCII (modified UTF-7)"))?;
        imap.command(&format!("SELECT {mailbox}"), "answer to SELECT").await?.done("SELECT", &imap)?;
        Ok(imap)
    }

    /// Numbers of mails that may hold this token; servers compare loosely.
    pub(crate) async fn search(&mut self, token: &str) -> Result<Vec<u32>, CheckError> {
        let line = format!("UID SEARCH OR SUBJECT \"{token}\" HEADER Message-ID \"{token}\"");
        let answer = self.command(&line, "answer to SEARCH").await?.done("SEARCH", self)?;
        Ok(answer.iter().filter_map(Response::found).flatten().collect())
    }

    /// Lets the server take notice of new mails.
    pub(crate) async fn refresh(&mut self) -> Result<(), CheckError> {
        self.command("NOOP", "answer to NOOP").await?.done("NOOP", self).map(|_| ())
    }

    /// The header of a mail; `None` if it has gone meanwhile.
    pub(crate) async fn header(&mut self, uid: u32) -> Result<Option<String>, CheckError> {
        let line = format!("UID FETCH {uid} (BODY.PEEK[HEADER]<0.{MAX_HEADER}>)");
        let answer = self.command(&line, "answer to FETCH").await?.done("FETCH", self)?;
        let fetched = answer.iter().find(|response| response.text.contains(" FETCH "));
        let header = fetched.and_then(|response| response.literals.first());
        Ok(header.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
    }

    /// Removes one mail, and no other that is marked: a server without UIDPLUS keeps it, marked.
    pub(crate) async fn remove(&mut self, uid: u32) -> Result<(), CheckError> {
        let mark = format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)");
        self.command(&mark, "answer to STORE").await?.done("STORE", self)?;
        self.command(&format!("UID EXPUNGE {uid}"), "answer to EXPUNGE").await?;
        Ok(())
    }

    /// Says goodbye.
    pub(crate) async fn leave(mut self) {
        let _ = tokio::time::timeout(FAREWELL, self.command("LOGOUT", "answer to LOGOUT")).await;
    }

    async fn log_in(&mut self, user: &str, password: &Secret, plain: &str) -> Result<(), CheckError> {
        let outcome = match quoted(user).zip(quoted(password.expose())) {
            Some((user, password)) => {
                self.secrets.push(password.clone());
                self.command(&format!("LOGIN {user} {password}"), "answer to LOGIN").await?
            }
            // what cannot be quoted can be encoded
            None => self.exchange("AUTHENTICATE PLAIN", Some(plain), "answer to AUTHENTICATE").await?,
        };
        match outcome.status {
            Status::Ok => Ok(()),
            Status::No | Status::Bad => {
                Err(self.target(&format!("the login was refused: {}", self.shown(&outcome.words))))
            }
        }
    }

    async fn command(&mut self, line: &str, wanted: &str) -> Result<Outcome, CheckError> {
        self.exchange(line, None, wanted).await
    }

    /// A command, what follows the server's `+`, and everything up to its end.
    async fn exchange(
        &mut self,
        line: &str,
        more: Option<&str>,
        wanted: &str,
    ) -> Result<Outcome, CheckError> {
        self.commands += 1;
        let tag = format!("h{}", self.commands);
        self.talk.send(format!("{tag} {line}\r\n").as_bytes(), wanted, self.ctx).await?;
        let mut more = more;
        let mut untagged = Vec::new();
        let mut size = 0;
        loop {
            let response = self.hear(wanted).await?;
            if let Some((status, words)) = response.ends(&tag) {
                return Ok(Outcome { status, words: words.to_owned(), untagged });
            }
            if response.text.starts_with('+')
                && let Some(more) = more.take()
            {
                self.talk.send(format!("{more}\r\n").as_bytes(), wanted, self.ctx).await?;
                continue;
            }
            if let Some(words) = response.goodbye().filter(|_| line != "LOGOUT") {
                return Err(self.target(&format!("ended the session: {}", self.shown(words))));
            }
            if !response.text.starts_with("* ") {
                return Err(
                    self.target(&format!("expected its {wanted}, it said `{}`", self.shown(&response.text)))
                );
            }
            size += response.text.len() + response.literals.iter().map(Vec::len).sum::<usize>();
            if size > MAX_ANSWERS {
                return Err(self.target(&format!("its {wanted} is longer than {MAX_ANSWERS} bytes")));
            }
            untagged.push(response);
        }
    }

    async fn hear(&mut self, wanted: &str) -> Result<Response, CheckError> {
        let heard: Result<Result<Response, TooLong>, TalkError> =
            self.talk.receive(wanted, response, self.ctx).await;
        heard?.map_err(|error| self.target(&error.to_string()))
    }

    /// What the server said, without the password that it may have repeated.
    fn shown(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.secrets {
            clean = clean.replace(secret.as_str(), "***");
        }
        excerpt(clean.as_bytes())
    }

    fn target(&self, why: &str) -> CheckError {
        CheckError::target(format!("{}: {why}", self.talk.place()))
    }
}

/// How a command ended, and what came before its end.
struct Outcome {
    status: Status,
    words: String,
    untagged: Vec<Response>,
}

impl Outcome {
    fn done(self, command: &str, imap: &Imap<'_>) -> Result<Vec<Response>, CheckError> {
        match self.status {
            Status::Ok => Ok(self.untagged),
            Status::No | Status::Bad => {
                Err(imap.target(&format!("{command} was refused: {}", imap.shown(&self.words))))
            }
        }
    }
}
