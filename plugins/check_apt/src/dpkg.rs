//! dpkg's status file: holds, packages that are neither installed nor removed, kernels.

use std::io::{self, BufRead};

/// Largest status file read; a desktop with everything has some 20 MiB.
const MAX_LEN: u64 = 256 * 1024 * 1024;
/// Longest line kept; descriptions and dependencies may be longer and are cut.
const MAX_LINE: usize = 4096;

/// What the status file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Packages {
    /// Names of installed packages on hold.
    pub held: Vec<String>,
    /// `name (half-configured)` and the like.
    pub broken: Vec<String>,
    /// Installed kernels: release as in `uname -r`, and the package's version.
    pub kernels: Vec<(String, String)>,
}

/// The fields of one package.
#[derive(Default)]
struct Stanza {
    name: String,
    status: String,
    version: String,
}

impl Packages {
    /// Reads a status file.
    pub fn read(file: impl BufRead) -> io::Result<Packages> {
        let mut file = file.take(MAX_LEN);
        let mut packages = Packages::default();
        let mut stanza = Stanza::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            if file.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            line.truncate(MAX_LINE);
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            if line.is_empty() {
                packages.add(std::mem::take(&mut stanza));
            } else if let Some((name, value)) = line.split_once(':') {
                let field = match name {
                    "Package" => &mut stanza.name,
                    "Status" => &mut stanza.status,
                    "Version" => &mut stanza.version,
                    _ => continue,
                };
                value.trim().clone_into(field);
            }
        }
        packages.add(stanza);
        Ok(packages)
    }

    /// `Status` is what is wanted, whether it must be reinstalled, and what is.
    fn add(&mut self, stanza: Stanza) {
        let mut words = stanza.status.split_whitespace();
        let (Some(wanted), Some(flag), Some(state)) = (words.next(), words.next(), words.next()) else {
            return;
        };
        if wanted == "hold" && state != "not-installed" && state != "config-files" {
            self.held.push(stanza.name.clone());
        }
        // awaited and pending triggers are normal between two runs of dpkg
        if matches!(state, "half-installed" | "half-configured" | "unpacked") {
            self.broken.push(format!("{} ({state})", stanza.name));
        } else if flag == "reinstreq" {
            self.broken.push(format!("{} (must be reinstalled)", stanza.name));
        }
        let kernel =
            stanza.name.strip_prefix("linux-image-").map(|rest| rest.trim_start_matches("unsigned-"));
        if let Some(release) = kernel.filter(|release| release.starts_with(|c: char| c.is_ascii_digit()))
            && state == "installed"
        {
            self.kernels.push((release.to_owned(), stanza.version));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_broken_packages_and_kernels_are_found() {
        let packages = Packages::read(&include_bytes!("../testdata/status.txt")[..]).unwrap();
        assert_eq!(packages.held, ["nginx", "libssl3"]);
        assert_eq!(
            packages.broken,
            [
                "libssl3 (half-configured)",
                "gone (half-installed)",
                "fresh (unpacked)",
                "odd (must be reinstalled)"
            ]
        );
        let kernels = [("6.1.0-18-amd64", "6.1.76-1"), ("5.15.0-91-generic", "5.15.0-91.101")];
        assert_eq!(packages.kernels, kernels.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn nonsense_is_passed_over() {
        let long = format!("Package: {}\nStatus: hold\n\nStatus: hold ok\n\n:\n\n\u{1}", "x".repeat(100_000));
        assert_eq!(Packages::read(long.as_bytes()).unwrap(), Packages::default());
        let bytes = [b"Package: \xff\xfe\nStatus: hold ok installed\n".as_slice(), &[0xff; 10]].concat();
        assert_eq!(Packages::read(&bytes[..]).unwrap().held.len(), 1);
    }
}
