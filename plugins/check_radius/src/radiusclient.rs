//! The configuration of the radiusclient library, as the peer reads it with `-F`: where its file of
//! secrets is, and whose secret stands there.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use check::{CheckError, Secret};

/// Largest file read; the library's own has 3 kB.
const MAX_LEN: u64 = 64 * 1024;

/// Where the library's file of secrets is unless its configuration says otherwise.
const SERVERS: &str = "/etc/radcli/servers";

/// The shared secret of a host by a configuration file.
pub fn secret(file: &Path, host: &str) -> Result<Secret, CheckError> {
    let configuration = read(file)?;
    if let Some(secret) = of_authserver(&configuration, host) {
        return Ok(secret);
    }
    let servers = servers_file(&configuration);
    // a file that is named by its name alone is beside the one that names it
    let servers = file.parent().map_or_else(|| servers.clone(), |folder| folder.join(&servers));
    of_servers(&read(&servers)?, host).ok_or_else(|| {
        CheckError::usage(format!(
            "{} has no secret of {host}: add a line `{host} SECRET`",
            servers.display()
        ))
    })
}

fn read(path: &Path) -> Result<String, CheckError> {
    let mut bytes = Vec::new();
    let done = File::open(path).and_then(|file| file.take(MAX_LEN).read_to_end(&mut bytes));
    done.map_err(|error| CheckError::internal(format!("cannot read {}: {error}", path.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Lines of words, without comments.
fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split('#').next().unwrap_or_default().split_whitespace().collect())
}

/// The value of `servers`.
pub fn servers_file(configuration: &str) -> PathBuf {
    lines(configuration)
        .find_map(|words| match words.as_slice() {
            ["servers", path, ..] => Some(PathBuf::from(path)),
            _ => None,
        })
        .unwrap_or_else(|| SERVERS.into())
}

/// The secret in `authserver HOST:PORT:SECRET`.
pub fn of_authserver(configuration: &str, host: &str) -> Option<Secret> {
    lines(configuration).find_map(|words| match words.as_slice() {
        ["authserver", value, ..] => {
            let mut parts = value.splitn(3, ':');
            let (name, _port, secret) = (parts.next()?, parts.next()?, parts.next()?);
            (name == host && !secret.is_empty()).then(|| Secret::from_argument(secret))
        }
        _ => None,
    })
}

/// The secret of a host in the file of servers: lines of `HOST[:PORT] SECRET`, or `CLIENT/HOST SECRET`.
pub fn of_servers(servers: &str, host: &str) -> Option<Secret> {
    lines(servers).find_map(|words| match words.as_slice() {
        [name, secret, ..] => {
            let name = name.rsplit('/').next().unwrap_or(name);
            // an IPv6 address has more than one colon, and is no name with a port
            let bare = name.split_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
            (name == host || bare.is_some_and(|(name, _)| name == host))
                .then(|| Secret::from_argument(secret))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn secrets_are_found_by_host() {
        let servers = "# comment\n\n192.0.2.1 one\nradius.example.org:1812\ttwo # behind\nme/2001:db8::1 three\nalone\n";
        let secret = |host: &str| of_servers(servers, host).map(|secret| secret.expose().to_owned());
        assert_eq!(secret("192.0.2.1").as_deref(), Some("one"));
        assert_eq!(secret("radius.example.org").as_deref(), Some("two"));
        assert_eq!(secret("2001:db8::1").as_deref(), Some("three"));
        assert_eq!((secret("alone"), secret("192.0.2.2")), (None, None));
        let configuration =
            "authserver a.example:1812:s3:cret\nauthserver b.example\nservers  /etc/x/servers\n";
        assert_eq!(of_authserver(configuration, "a.example").unwrap().expose(), "s3:cret");
        assert!(of_authserver(configuration, "b.example").is_none());
        assert_eq!(servers_file(configuration), PathBuf::from("/etc/x/servers"));
        assert_eq!(servers_file(""), PathBuf::from(SERVERS));
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(text in "[ -~\n\t]{0,200}", host in "[ -~]{0,10}") {
            let _ = (servers_file(&text), of_authserver(&text, &host), of_servers(&text, &host));
        }
    }
}
