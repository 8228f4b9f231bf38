//! What is honoured of a `nagios.cfg`: where objects and resource files are.

use std::path::{Path, PathBuf};

use crate::source::Source;

/// Paths in a main file, in its order; relative ones are relative to its folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct MainFile {
    /// `cfg_file` and `cfg_dir`, each with its line.
    pub objects: Vec<(PathBuf, u32)>,
    /// `resource_file`.
    pub resources: Vec<(PathBuf, u32)>,
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
        let text = "# x\nlog_file=/var/log/x\ncfg_file=a.cfg\n cfg_dir = /etc/b \nresource_file=r.cfg\nuse_syslog=1\n";
        let source = |text: &str| Source::new("nagios.cfg", text.into(), &mut Problems::default());
        let main = MainFile::read(&source(text), Path::new("/etc/nagios4"));
        assert_eq!(main.objects, [("/etc/nagios4/a.cfg".into(), 3), ("/etc/b".into(), 4)]);
        assert_eq!(main.resources, [("/etc/nagios4/r.cfg".into(), 5)]);
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
