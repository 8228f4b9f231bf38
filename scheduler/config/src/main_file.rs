//! What is honoured of a `nagios.cfg`: where objects and resource files are, and the unit of
//! intervals.

use std::path::{Path, PathBuf};

use crate::basis::Basis;
use crate::source::Source;

/// Options that would change who is told, or which names are meant, if they were read.
const UNREAD: &[(&str, &str)] = &[
    ("enable_notifications", "0"),
    ("execute_host_checks", "0"),
    ("execute_service_checks", "0"),
    ("soft_state_dependencies", "1"),
];

/// Paths in a main file, in its order; relative ones are relative to its folder.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct MainFile {
    /// `cfg_file` and `cfg_dir`, each with its line.
    pub objects: Vec<(PathBuf, u32)>,
    /// `resource_file`.
    pub resources: Vec<(PathBuf, u32)>,
    /// What changes the meaning of definitions.
    pub basis: Basis,
    /// Options of which people should know that they are not read.
    pub unread: Vec<(String, u32)>,
}

impl MainFile {
    /// Reads the lines that name files.
    pub(crate) fn read(source: &Source, folder: &Path) -> MainFile {
        let mut main = MainFile::default();
        for (number, line) in source.plain_lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            let path = (folder.join(value.trim()), number);
            match key.trim() {
                "cfg_file" | "cfg_dir" => main.objects.push(path),
                "resource_file" => main.resources.push(path),
                key if main.basis.take(key, value.trim()) => {}
                key if UNREAD.contains(&(key, value.trim())) => main.unread.push((line.to_owned(), number)),
                _ => {}
            }
        }
        main
    }

    /// Is this a main file, and not one of object definitions?
    pub(crate) fn is_one(source: &Source) -> bool {
        let first = source.plain_lines().map(|(_, line)| line).find(|line| !line.starts_with(';'));
        first.is_some_and(|line| {
            let key = line.split('=').next().unwrap_or_default().trim_end();
            line.contains('=') && !key.contains([' ', '\t', '{']) && !key.starts_with("include_")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problems;

    #[test]
    fn paths_are_found_and_the_rest_is_left() {
        let text = "# x\nlog_file=/var/log/x\ncfg_file=a.cfg\n cfg_dir = /etc/b \nresource_file=r.cfg\nuse_syslog=1\n\
            interval_length=1\nuse_regexp_matching=1\nenable_notifications=1\n";
        let source = |text: &str| Source::new("nagios.cfg", text.into(), &mut Problems::default());
        let main = MainFile::read(&source(text), Path::new("/etc/nagios4"));
        assert_eq!(main.objects, [("/etc/nagios4/a.cfg".into(), 3), ("/etc/b".into(), 4)]);
        assert_eq!(main.resources, [("/etc/nagios4/r.cfg".into(), 5)]);
        assert!(main.basis.interval_length == 1.0 && main.basis.names.some);
        assert_eq!(main.unread, []);
        for (text, want) in [
            (text, true),
            ("define host {\n}\n", false),
            ("define command{\n command_line a=b\n", false),
            ("; x\ninclude_file=a\n", false),
            ("", false),
        ] {
            assert_eq!(MainFile::is_one(&source(text)), want, "{text}");
        }
    }
}
