//! A listener that says what it is told to: for peers that refuse, babble, repeat or fall silent.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// What a listener says.
#[derive(Clone, Debug)]
pub struct Script {
    greeting: Vec<u8>,
    answers: Vec<(String, Vec<u8>)>,
    hangs_up: bool,
}

impl Script {
    /// Greets every client with these bytes.
    pub fn new(greeting: impl AsRef<[u8]>) -> Script {
        Script { greeting: greeting.as_ref().to_owned(), answers: Vec::new(), hangs_up: false }
    }

    /// Answers lines that start with the first by the second; other lines by nothing.
    #[must_use]
    pub fn answers(mut self, answers: &[(&str, &str)]) -> Script {
        let owned = |(line, answer): &(&str, &str)| ((*line).to_owned(), answer.as_bytes().to_owned());
        self.answers.extend(answers.iter().map(owned));
        self
    }

    /// Hangs up after the greeting.
    #[must_use]
    pub fn hanging_up(mut self) -> Script {
        self.hangs_up = true;
        self
    }
}

/// Starts a listener on a free port of loopback, which it gives; it ends with the test.
///
/// # Panics
/// If there is no free port.
pub fn scripted(script: Script) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let script = script.clone();
            thread::spawn(move || play(&script, client));
        }
    });
    port
}

/// A client that goes away ends its own conversation, no more.
fn play(script: &Script, mut client: TcpStream) -> Option<()> {
    client.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    client.write_all(&script.greeting).ok()?;
    if script.hangs_up {
        return None;
    }
    let mut lines = BufReader::new(client.try_clone().ok()?);
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        let said = String::from_utf8_lossy(&line);
        if let Some((_, answer)) = script.answers.iter().find(|(start, _)| said.starts_with(start.as_str())) {
            client.write_all(answer).ok()?;
        }
    }
}
