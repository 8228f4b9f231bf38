//! All I/O of `check_smtp`: greeting, EHLO, TLS, AUTH, MAIL, RCPT, commands, QUIT.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use check::{CheckError, Ctx, Secret};
use net::smtp::{Reply, reply};
use net::tls::{Doubt, Peer, handshake};
use net::{Conversation, Starttls, Stream, TalkError, TlsServer};

use crate::Args;
use crate::auth::{Mechanism, forms, without};
use crate::step::{Step, Wanted};

/// What was seen of the server.
pub(crate) struct Sample {
    /// From the first packet to the answer to QUIT.
    pub seconds: f64,
    /// Every exchange, in order; the last may have a problem that ended the dialogue.
    pub steps: Vec<Step>,
    /// What it showed in the handshake.
    pub peer: Option<Peer>,
    /// Why not to trust it, if that was asked.
    pub doubts: Vec<Doubt>,
    /// The server did not take QUIT, and that matters.
    pub quit: Option<String>,
    /// Unix time.
    pub now: i64,
    /// What was said, without passwords.
    pub transcript: Vec<String>,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let password = args.password()?;
    if password.is_some() && !args.tls && !args.wants_starttls() && !args.insecure {
        return Err(CheckError::usage(
            "the password would be sent unencrypted: add --starttls or --tls, or --insecure to send it anyway",
        ));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut session = Session {
        args,
        ctx,
        secrets: match (args.authtype, &args.authuser, &password) {
            (Some(mechanism), Some(user), Some(password)) => forms(mechanism, user, password),
            _ => Vec::new(),
        },
        sample: Sample {
            seconds: 0.0,
            steps: Vec::new(),
            peer: None,
            doubts: Vec::new(),
            quit: None,
            now: i64::try_from(now).unwrap_or(i64::MAX),
            transcript: Vec::new(),
        },
    };
    let talk = session.open().await?;
    let mut talk = session.converse(talk, password.as_ref()).await?;
    session.quit(&mut talk).await?;
    session.sample.seconds = start.elapsed().as_secs_f64();
    Ok(session.sample)
}

struct Session<'a> {
    args: &'a Args,
    ctx: &'a Ctx,
    secrets: Vec<String>,
    sample: Sample,
}

impl<'a> Session<'a> {
    /// Everything between connecting and QUIT.
    async fn converse(
        &mut self,
        mut talk: Conversation,
        password: Option<&Secret>,
    ) -> Result<Conversation, CheckError> {
        let args = self.args;
        let greeting = self.hear(&mut talk, "greeting").await?;
        if !self.note(Wanted::Greeting(args.expect.clone()), greeting) {
            return Ok(talk);
        }
        let Some(mut hello) = self.greet(&mut talk).await? else { return Ok(talk) };
        if args.wants_starttls() {
            if !self.note(Wanted::Tls, hello) {
                return Ok(talk);
            }
            let go_ahead = self.command(&mut talk, "STARTTLS").await?;
            if !self.note(Wanted::Hello("STARTTLS"), go_ahead) {
                return Ok(talk);
            }
            talk = self.secure(talk).await?;
            match self.greet(&mut talk).await? {
                Some(again) => hello = again,
                None => return Ok(talk),
            }
        }
        if let (Some(mechanism), Some(user), Some(password)) = (args.authtype, &args.authuser, password) {
            let offered = self.note(Wanted::Mechanism(mechanism.name()), hello);
            if !offered || !self.log_in(&mut talk, mechanism, user, password).await? {
                return Ok(talk);
            }
        }
        self.transaction(&mut talk).await?;
        Ok(talk)
    }

    async fn open(&mut self) -> Result<Conversation, CheckError> {
        let server = self.server(None);
        let stream = if self.args.tls {
            let (stream, peer) = server.connect(self.ctx).await?;
            self.meet(peer)?;
            stream
        } else {
            Stream::from(self.args.dial.connect(self.args.host.name(), self.args.port(), self.ctx).await?)
        };
        Ok(Conversation::new(stream, server.place()))
    }

    /// Makes TLS of the connection, which the server has just agreed to.
    async fn secure(&mut self, talk: Conversation) -> Result<Conversation, CheckError> {
        let server = self.server(Some(if self.args.lmtp { Starttls::Lmtp } else { Starttls::Smtp }));
        let Stream::Plain(plain) = talk.into_stream()? else {
            return Err(CheckError::internal("the connection is under TLS already"));
        };
        match handshake(plain, server.name, None, self.ctx).await {
            Ok((stream, peer)) => {
                self.meet(peer)?;
                Ok(Conversation::new(stream, server.place()))
            }
            Err(error) => Err(server.diagnose(error, self.ctx).await),
        }
    }

    fn server(&self, starttls: Option<Starttls>) -> TlsServer<'a> {
        let args = self.args;
        let name = args.tls_options.name(args.host.name());
        TlsServer { dial: &args.dial, host: args.host.name(), port: args.port(), starttls, name, alpn: None }
    }

    /// Takes note of the server's certificate. Nothing secret follows if there are doubts.
    fn meet(&mut self, peer: Peer) -> Result<(), CheckError> {
        if self.args.verifies() {
            self.sample.doubts =
                self.args.tls_options.doubts(&peer, self.args.host.name(), self.sample.now)?;
        }
        self.sample.transcript.push(format!("= {} with {}", peer.version, peer.cipher));
        self.sample.peer = Some(peer);
        Ok(())
    }

    /// EHLO, and HELO where that is not known and not needed.
    async fn greet(&mut self, talk: &mut Conversation) -> Result<Option<Reply>, CheckError> {
        let args = self.args;
        let name = match &args.fqdn {
            Some(name) => name.clone(),
            None if args.dial.proxy().is_some() => "localhost".to_owned(),
            None => own_name(),
        };
        let verb = if args.lmtp { "LHLO" } else { "EHLO" };
        let hello = self.command(talk, &format!("{verb} {name}")).await?;
        let needs_keywords = args.lmtp || args.wants_starttls() || args.authtype.is_some();
        if hello.is_class(5) && !needs_keywords {
            let old = self.command(talk, &format!("HELO {name}")).await?;
            return Ok(self.note(Wanted::Hello("HELO"), old.clone()).then_some(old));
        }
        Ok(self.note(Wanted::Hello(verb), hello.clone()).then_some(hello))
    }

    async fn log_in(
        &mut self,
        talk: &mut Conversation,
        mechanism: Mechanism,
        user: &str,
        password: &Secret,
    ) -> Result<bool, CheckError> {
        if !self.sample.doubts.is_empty() {
            return Ok(false);
        }
        let mut line = format!("AUTH {}", mechanism.name());
        let mut shown = line.clone();
        if let Some(initial) = mechanism.initial(user, password) {
            line = format!("{line} {initial}");
            shown.push_str(" ***");
        }
        let mut answer = self.exchange(talk, &line, &shown).await?;
        for line in mechanism.answers(user, password) {
            if answer.code != Some(334) {
                break;
            }
            answer = self.exchange(talk, &line, "***").await?;
        }
        Ok(self.note(Wanted::Login, answer))
    }

    /// MAIL, RCPT and the administrator's own commands.
    async fn transaction(&mut self, talk: &mut Conversation) -> Result<(), CheckError> {
        let args = self.args;
        if args.from.is_some() || !args.rcpt.is_empty() || !args.expect_refused.is_empty() {
            let from = args.from.as_deref().unwrap_or_default();
            let from = from.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(from);
            let answer = self.command(talk, &format!("MAIL FROM:<{from}>")).await?;
            if !self.note(Wanted::Sender(from.to_owned()), answer) {
                return Ok(());
            }
        }
        for address in &args.rcpt {
            let answer = self.command(talk, &format!("RCPT TO:<{address}>")).await?;
            self.note(Wanted::Recipient(address.clone()), answer);
        }
        for address in &args.expect_refused {
            let answer = self.command(talk, &format!("RCPT TO:<{address}>")).await?;
            self.note(Wanted::Refusal(address.clone()), answer);
        }
        for (i, command) in args.command.iter().enumerate() {
            let answer = self.command(talk, command).await?;
            let start = args.response.get(i).cloned().unwrap_or_default();
            self.note(Wanted::Response { command: command.clone(), start }, answer);
        }
        Ok(())
    }

    /// Says goodbye. A server that hangs up instead of answering has said it too, and after a
    /// failure nobody waits for the answer.
    async fn quit(&mut self, talk: &mut Conversation) -> Result<(), CheckError> {
        if self.sample.steps.last().is_some_and(|step| step.is_fatal() && step.problem().is_some()) {
            // whatever becomes of it, the failure is what is told
            let _ = talk.send(b"QUIT\r\n", "answer to QUIT", self.ctx).await;
            return Ok(());
        }
        match self.command(talk, "QUIT").await {
            Ok(_) | Err(TalkError::Closed { .. }) => Ok(()),
            Err(_) if self.args.ignore_quit_failure => Ok(()),
            Err(error @ TalkError::Silent { .. }) => Err(error.into()),
            Err(error) => {
                self.sample.quit = Some(error.to_string());
                Ok(())
            }
        }
    }

    /// Keeps an exchange; `true` if the dialogue can go on.
    fn note(&mut self, wanted: Wanted, reply: Reply) -> bool {
        let step = Step { wanted, reply };
        let goes_on = step.problem().is_none() || !step.is_fatal();
        self.sample.steps.push(step);
        goes_on
    }

    async fn command(&mut self, talk: &mut Conversation, line: &str) -> Result<Reply, TalkError> {
        self.exchange(talk, line, line).await
    }

    /// Sends a line, which the transcript shows as `shown`, and hears the reply.
    async fn exchange(
        &mut self,
        talk: &mut Conversation,
        line: &str,
        shown: &str,
    ) -> Result<Reply, TalkError> {
        let verb = if shown == "***" { "AUTH" } else { line.split(' ').next().unwrap_or_default() };
        let wanted = format!("answer to {verb}");
        self.sample.transcript.push(format!("> {shown}"));
        talk.send(format!("{line}\r\n").as_bytes(), &wanted, self.ctx).await?;
        self.hear(talk, &wanted).await
    }

    async fn hear(&mut self, talk: &mut Conversation, wanted: &str) -> Result<Reply, TalkError> {
        let mut heard = talk.receive(wanted, reply, self.ctx).await?;
        let code = heard.code.map(|code| format!("{code} ")).unwrap_or_default();
        for line in &mut heard.lines {
            *line = without(&self.secrets, line);
            self.sample.transcript.push(format!("< {code}{line}"));
        }
        Ok(heard)
    }
}

/// The machine's name, as its kernel knows it.
fn own_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}
