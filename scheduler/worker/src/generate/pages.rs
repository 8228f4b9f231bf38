//! Man pages and shell completions, written as files into a folder.

use std::fs;
use std::io;
use std::path::Path;

use check::CheckDef;
use clap_complete::{Generator, Shell};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::option::secrets;
use crate::table::CHECKS;

/// One page of section 1 for every check.
pub(crate) fn man(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for check in CHECKS {
        fs::write(folder.join(format!("{}.1", check.definition.name)), page(check)?)?;
    }
    Ok(())
}

fn page(check: &CheckDef) -> io::Result<Vec<u8>> {
    let command = check.command().after_help(None::<&str>);
    let version = format!("hlidka {}", env!("CARGO_PKG_VERSION"));
    let man =
        Man::new(command).title(check.definition.name).manual("Nagios-compatible checks").source(version);
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_options_section(&mut out)?;
    let mut more = Roff::default();
    let mut examples = check.definition.examples.lines();
    let heading = examples.next().unwrap_or_default();
    more.control("SH", [heading.trim_end_matches(':').to_uppercase().as_str()]);
    more.control("nf", []);
    for line in examples {
        more.text([roman(line.trim_start())]);
    }
    more.control("fi", []);
    more.control("SH", ["EXIT STATUS"]);
    more.text([roman("0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (wrong options and internal failures too).")]);
    let secrets = secrets(check);
    if !secrets.is_empty() {
        more.control("SH", ["ENVIRONMENT"]);
        for variable in secrets {
            more.control("TP", []);
            more.text([roman(variable)]);
            more.text([roman("A password, for those who keep it in no file. No process list shows it.")]);
        }
    }
    more.to_writer(&mut out)?;
    Ok(out)
}

/// Where shells look for completions below a `share` folder.
const SHELLS: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions"),
    (Shell::Zsh, "zsh/site-functions"),
    (Shell::Fish, "fish/vendor_completions.d"),
];

/// Completions of every check for bash, zsh and fish, where they are looked for below `share`.
pub(crate) fn completions(share: &Path) -> io::Result<()> {
    for (shell, place) in SHELLS {
        let folder = share.join(place);
        fs::create_dir_all(&folder)?;
        for check in CHECKS {
            let mut command = check.command();
            let name = check.definition.name;
            command.set_bin_name(name);
            command.build();
            let mut text = Vec::new();
            shell.generate(&command, &mut text);
            fs::write(folder.join(shell.file_name(name)), text)?;
        }
    }
    Ok(())
}
