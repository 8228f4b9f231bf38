//! `--extra-opts=[section][@file]`: options from an ini file, as monitoring-plugins read them.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::CheckError;

/// Largest ini file read.
const MAX_LEN: u64 = 1024 * 1024;

/// Where monitoring-plugins look, in their order.
const DEFAULT_FILES: [&str; 8] = [
    "/usr/local/etc/monitoring-plugins/monitoring-plugins.ini",
    "/usr/local/etc/monitoring-plugins.ini",
    "/etc/monitoring-plugins/monitoring-plugins.ini",
    "/etc/monitoring-plugins.ini",
    "/etc/nagios/plugins.ini",
    "/usr/local/nagios/etc/plugins.ini",
    "/etc/opt/nagios/plugins.ini",
    "/etc/nagios-plugins.ini",
];

/// Replaces every `--extra-opts` by the options it stands for, in front of the others, so that an
/// option given on the command line wins.
pub(crate) fn expand(program: &str, arguments: Vec<OsString>) -> Result<Vec<OsString>, CheckError> {
    let mut from_files = Vec::new();
    let mut given = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match argument.to_str().and_then(|text| text.strip_prefix("--extra-opts")) {
            Some("") => from_files.extend(load(program, "")?),
            Some(value) if value.starts_with('=') => from_files.extend(load(program, &value[1..])?),
            _ => given.push(argument),
        }
    }
    from_files.extend(given);
    Ok(from_files)
}

fn load(program: &str, value: &str) -> Result<Vec<OsString>, CheckError> {
    let (section, file) = match value.split_once('@') {
        Some((section, file)) => (section, Some(PathBuf::from(file))),
        None => (value, None),
    };
    let section = if section.is_empty() { program } else { section };
    let path = file.or_else(default_file).ok_or_else(|| {
        CheckError::usage(
            "--extra-opts: found no ini file; name one by --extra-opts=SECTION@FILE or MP_CONFIG_FILE",
        )
    })?;
    let mut text = String::new();
    std::fs::File::open(&path).and_then(|file| file.take(MAX_LEN).read_to_string(&mut text)).map_err(
        |error| CheckError::usage(format!("--extra-opts: cannot read {}: {error}", path.display())),
    )?;
    options_of(&text, section, &path)
}

fn default_file() -> Option<PathBuf> {
    if let Some(file) = std::env::var_os("MP_CONFIG_FILE") {
        return Some(file.into());
    }
    let directories = std::env::var_os("NAGIOS_CONFIG_PATH").unwrap_or_default();
    let named = std::env::split_paths(&directories).flat_map(|dir| {
        ["monitoring-plugins.ini", "plugins.ini", "nagios-plugins.ini"].map(|name| dir.join(name))
    });
    named.chain(DEFAULT_FILES.iter().map(PathBuf::from)).find(|path| path.is_file())
}

/// `key=value` of a section as `--key=value`; an empty value is a flag; keys of one letter are short.
fn options_of(text: &str, section: &str, path: &Path) -> Result<Vec<OsString>, CheckError> {
    let mut options = Vec::new();
    let mut inside = false;
    let mut found = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = name.trim() == section;
            found |= inside;
            continue;
        }
        if !inside {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let (key, value) = (key.trim(), unquote(value.trim()));
        if key.is_empty() || key.starts_with('-') || key.contains(char::is_whitespace) {
            let place = format!("{}:{}", path.display(), number + 1);
            return Err(CheckError::usage(format!(
                "--extra-opts: {place}: what is before the = is no option name (write it without dashes)"
            )));
        }
        match (key.chars().count(), value) {
            (1, "") => options.push(format!("-{key}").into()),
            (1, value) => options.extend([format!("-{key}").into(), value.into()]),
            (_, "") => options.push(format!("--{key}").into()),
            (_, value) => options.push(format!("--{key}={value}").into()),
        }
    }
    if found {
        Ok(options)
    } else {
        Err(CheckError::usage(format!("--extra-opts: no section [{section}] in {}", path.display())))
    }
}

fn unquote(value: &str) -> &str {
    let quoted = |mark| value.strip_prefix(mark).and_then(|rest: &str| rest.strip_suffix(mark));
    quoted('"').or_else(|| quoted('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_a_section_come_before_those_of_the_command_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plugins.ini");
        std::fs::write(
            &path,
            "# c\n[other]\nx=1\n[check_x]\nhostname = db1 \nverbose\np=80\nsecret=\"a b\"\n[z]\n",
        )
        .unwrap();
        let argument = format!("--extra-opts=@{}", path.display());
        let expanded = expand("check_x", vec!["-w".into(), "5".into(), argument.into()]).unwrap();
        assert_eq!(
            expanded,
            ["--hostname=db1", "--verbose", "-p", "80", "--secret=a b", "-w", "5"].map(OsString::from)
        );
    }

    #[test]
    fn says_what_is_missing() {
        let path = Path::new("/x.ini");
        assert!(options_of("[a]\n", "b", path).unwrap_err().to_string().contains("no section [b] in /x.ini"));
        let error = options_of("[a]\n-a bob:s3cret\n", "a", path).unwrap_err().to_string();
        assert!(error.contains("/x.ini:2") && !error.contains("s3cret"), "{error}");
        assert!(load("check_x", "s@/nonexistent.ini").unwrap_err().to_string().contains("/nonexistent.ini"));
    }
}
