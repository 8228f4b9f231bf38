//! A stand-in for eduroam CAT's user API: answers by action and number, as its source has them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is asked: the action with its parameters in the order of the request, but for the language.
type Answers = Arc<Mutex<HashMap<String, (u16, Vec<u8>)>>>;

/// A running stand-in; it ends with the test.
pub struct Cat {
    /// Its port on 127.0.0.1.
    pub port: u16,
    answers: Answers,
}

impl Cat {
    /// Knows nothing yet, and answers with nothing, as CAT does to what it does not know.
    pub fn start() -> Cat {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = Answers::default();
        let shared = answers.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = shared.clone();
                thread::spawn(move || while serve(&client, &shared).is_some() {});
            }
        });
        Cat { port, answers }
    }

    /// The URL of its API.
    pub fn api(&self) -> String {
        format!("http://127.0.0.1:{}/user/API.php", self.port)
    }

    /// Answers a question such as `listProfiles&idp=55` by a content.
    pub fn answer(&self, question: &str, content: impl AsRef<[u8]>) -> &Cat {
        self.answer_by(question, 200, content)
    }

    /// The same by a status, too.
    pub fn answer_by(&self, question: &str, status: u16, content: impl AsRef<[u8]>) -> &Cat {
        let answer = (status, content.as_ref().to_vec());
        self.answers.lock().unwrap().insert(question.to_owned(), answer);
        self
    }
}

fn serve(client: &TcpStream, answers: &Answers) -> Option<()> {
    let mut lines = BufReader::new(client);
    let mut first = String::new();
    lines.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim_end().is_empty() {
            break;
        }
    }
    let question =
        first.strip_prefix("GET /user/API.php?action=")?.split(' ').next()?.replace("&lang=en", "");
    let (status, content) = answers.lock().unwrap().get(&question).cloned().unwrap_or((200, Vec::new()));
    let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n", content.len());
    let mut client = client;
    client.write_all(head.as_bytes()).and_then(|()| client.write_all(&content)).ok()
}
