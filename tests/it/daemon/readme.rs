//! The README's command lines, as they stand there.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use testkit::program;

use super::harness::{COMMON, Daemon};

const OBJECTS: &str = "
define host {
  use        fast-host
  host_name  web1
}
define service {
  use                  fast-service
  host_name            web1
  service_description  HTTP
  check_command        check_dummy!2!broken
}
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The lines of the fenced block of this language that contains `part`.
fn block(language: &str, part: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let fence = format!("```{language}\n");
    let mut blocks = readme.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap());
    let found = blocks.find(|block| block.contains(part)).unwrap_or_else(|| panic!("no block has {part}"));
    found.lines().map(str::to_owned).collect()
}

/// A line of a shell, typed in a clone of the project, with our programs on the path.
fn shell(line: &str, socket: &Path) -> Output {
    let programs = program("hlidka").parent().unwrap().to_owned();
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).current_dir(root()).env("PATH", path).env("HLIDKA_SOCKET", socket);
    command.output().unwrap()
}

#[test]
fn the_scheduler_s_commands_do_what_the_readme_says() {
    let mut daemon = Daemon::prepare(&format!("{COMMON}{OBJECTS}"));
    daemon.start();
    daemon.wait_for("web1", "HTTP", "critical hard");
    let lines = block("sh", "hlidka status");
    let mut ran = Vec::new();
    for line in &lines {
        let command = line.split('#').next().unwrap().trim();
        if !command.starts_with("hlidka ") || command.starts_with("hlidka run") {
            continue; // the rest of a comment; and the daemon, which runs already
        }
        let output = shell(command, &daemon.path("hlidka.sock"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // a difference is no failure
        let code = i32::from(command.starts_with("hlidka diff "));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{command}: {said}{errors}");
        assert!(!said.is_empty(), "{command} says nothing");
        ran.push(command.split(' ').nth(1).unwrap().to_owned());
    }
    let all = [
        "verify", "objects", "status", "history", "recheck", "ack", "downtime", "command", "diff",
        "simulate", "plan", "reload",
    ];
    assert_eq!(ran, all);
    assert!(lines.iter().any(|line| line.starts_with("hlidka run /etc/hlidka ")));
    let acknowledged = daemon.object("web1", "HTTP")["acknowledged"].clone();
    assert_eq!(acknowledged, true, "what was said was done");
}

#[test]
fn a_check_in_a_shell_answers_as_the_readme_shows() {
    let lines = block("console", "check_disk");
    let command = lines[0].strip_prefix("$ ").unwrap();
    let output = shell(command, Path::new("/nonexistent"));
    let shape = |text: &str| {
        let mut shape = String::new();
        for c in text.trim_end().chars() {
            let c = if c.is_ascii_digit() { '9' } else { c };
            if !(c == '9' && shape.ends_with('9')) {
                shape.push(c);
            }
        }
        shape
    };
    let words = |text: &str| shape(text).replace("WARNING", "OK").replace("CRITICAL", "OK");
    assert_eq!(words(&String::from_utf8(output.stdout).unwrap()), words(&lines[1]));
}
