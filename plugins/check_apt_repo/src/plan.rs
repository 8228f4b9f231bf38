//! Which indices of a Release are wanted, and which it should name and does not. Pure.

use regex::Regex;

use crate::inspect::Form;
use crate::packages::Kind;
use crate::release::{Listed, Release};

/// Forms that old repositories have beside others.
const UNKNOWN_FORMS: [&str; 3] = [".bz2", ".lzma", ".lz4"];

/// What the options choose.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice<'a> {
    /// Components; all, if empty.
    pub components: &'a [String],
    /// Architectures, `source` among them; all, if empty.
    pub architectures: &'a [String],
    /// Further files.
    pub more: &'a [Regex],
    /// Every form of each, not only the one that a client would take.
    pub every_form: bool,
    /// Is there no dists/, no component and no directory of architectures?
    pub flat: bool,
}

/// A file to fetch and verify.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// Path relative to the Release.
    pub path: String,
    /// How it is packed.
    pub form: Form,
    /// What the Release says of it.
    pub listed: Listed,
    /// What the Release says of it unpacked.
    pub plain: Option<Listed>,
    /// What is in it.
    pub kind: Option<Kind>,
    /// May it be absent? Archives name plain indices that they keep packed only.
    pub optional: bool,
}

/// What to fetch, and what cannot be: one clause for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub wanted: Vec<Wanted>,
    pub gaps: Vec<String>,
}

/// Chooses from a Release.
pub(crate) fn plan(release: &Release, choice: &Choice) -> Plan {
    let mut plan = Plan::default();
    for (stem, kind, is_needed) in indices(release, choice, &mut plan.gaps) {
        let found = forms(release, &stem, Some(&kind), choice.every_form);
        if found.is_empty() && is_needed {
            plan.gaps.push(format!("the Release names no {stem}"));
        }
        plan.wanted.extend(found);
    }
    for pattern in choice.more {
        let names = release.files.keys().map(|path| (path.as_str(), Form::of(path).0));
        let matching = names.filter(|(path, stem)| pattern.is_match(path) || pattern.is_match(stem));
        let mut stems: Vec<&str> = matching.map(|(_, stem)| stem).collect();
        stems.dedup();
        let is_named = |stem: &str| !forms(release, stem, None, false).is_empty();
        // a form that is not known here is looked at if there is no other
        stems.retain(|stem| {
            let bare = UNKNOWN_FORMS.iter().find_map(|suffix| stem.strip_suffix(suffix));
            choice.every_form || !bare.is_some_and(is_named)
        });
        if stems.is_empty() {
            plan.gaps.push(format!("the Release names nothing like {pattern}"));
        }
        let found =
            stems.iter().flat_map(|stem| forms(release, stem, kind_of(stem).as_ref(), choice.every_form));
        plan.wanted.extend(found);
    }
    // stable, so what component and architecture say of an index stands before what a pattern found
    plan.wanted.sort_by(|one, other| one.path.cmp(&other.path));
    plan.wanted.dedup_by(|one, other| one.path == other.path);
    plan
}

/// Indices by component and architecture, and whether each must be there.
fn indices(release: &Release, choice: &Choice, gaps: &mut Vec<String>) -> Vec<(String, Kind, bool)> {
    let any = Kind::Packages { architecture: String::new() };
    let source = "source".to_owned();
    if choice.flat {
        let mut found = Vec::new();
        let only_source = choice.architectures.iter().all(|name| *name == source);
        if choice.architectures.is_empty() || !only_source {
            found.push(("Packages".to_owned(), any, true));
        }
        found.push(("Sources".to_owned(), Kind::Sources, choice.architectures.contains(&source)));
        return found;
    }
    for (asked, has, what) in [
        (choice.components, &release.components, "component"),
        (choice.architectures, &release.architectures, "architecture"),
    ] {
        for name in asked.iter().filter(|name| !is_among(name, has) && **name != source) {
            gaps.push(format!("no {what} {name} (it has {})", listed_names(has)));
        }
        if has.is_empty() && asked.is_empty() {
            gaps.push(format!("the Release names no {what}"));
        }
    }
    let components = if choice.components.is_empty() { &release.components } else { choice.components };
    let asks_all = choice.architectures.is_empty();
    let mut architectures =
        if asks_all { release.architectures.clone() } else { choice.architectures.to_vec() };
    if asks_all && !architectures.contains(&source) {
        architectures.push(source.clone());
    }
    let mut found = Vec::new();
    // security.debian.org says updates/main and keeps it in main
    let components = components.iter().map(|name| name.rsplit('/').next().unwrap_or(name));
    for component in components {
        for architecture in &architectures {
            if *architecture == source {
                found.push((format!("{component}/source/Sources"), Kind::Sources, !asks_all));
                continue;
            }
            // packages for all architectures are in the indices of each, unless there is one for them
            let is_needed = !(asks_all && architecture == "all")
                && (asks_all || is_among(architecture, &release.architectures));
            let kind = Kind::Packages { architecture: architecture.clone() };
            found.push((format!("{component}/binary-{architecture}/Packages"), kind, is_needed));
        }
    }
    found
}

fn is_among(name: &str, names: &[String]) -> bool {
    names.iter().any(|one| one == name || one.rsplit('/').next() == Some(name))
}

fn listed_names(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { fetch::clipped(&names.join(", ")) }
}

fn kind_of(stem: &str) -> Option<Kind> {
    match stem.rsplit('/').next() {
        Some("Packages") => Some(Kind::Packages { architecture: String::new() }),
        Some("Sources") => Some(Kind::Sources),
        _ => None,
    }
}

/// The forms of an index that the Release names: all, or the first that a client would take.
fn forms(release: &Release, stem: &str, kind: Option<&Kind>, every: bool) -> Vec<Wanted> {
    let plain = release.files.get(stem).copied();
    let all = Form::ALL.into_iter().filter_map(|form| {
        let path = format!("{stem}{}", form.suffix());
        let listed = *release.files.get(&path)?;
        Some(Wanted { path, form, listed, plain, kind: kind.cloned(), optional: false })
    });
    let mut found: Vec<Wanted> = all.collect();
    if !every {
        found.truncate(1);
    }
    let is_packed = found.iter().any(|one| one.form != Form::Plain);
    for one in &mut found {
        one.optional = one.form == Form::Plain && is_packed;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(paths: &[&str]) -> Release {
        Release {
            components: vec!["main".to_owned(), "updates/contrib".to_owned()],
            architectures: vec!["amd64".to_owned(), "all".to_owned()],
            files: paths.iter().map(|path| ((*path).to_owned(), Listed { size: 1, hash: None })).collect(),
            ..Release::default()
        }
    }

    fn paths(release: &Release, choice: &Choice) -> (Vec<String>, Vec<String>) {
        let plan = plan(release, choice);
        (plan.wanted.into_iter().map(|one| one.path).collect(), plan.gaps)
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    const FILES: [&str; 7] = [
        "main/binary-amd64/Packages",
        "main/binary-amd64/Packages.gz",
        "main/binary-amd64/Packages.xz",
        "contrib/binary-amd64/Packages.gz",
        "main/source/Sources.gz",
        "main/i18n/Translation-en.bz2",
        "main/i18n/Translation-en.xz",
    ];

    #[test]
    fn takes_one_form_of_each_index_as_a_client_would() {
        let (taken, gaps) = paths(&release(&FILES), &Choice::default());
        let want =
            ["contrib/binary-amd64/Packages.gz", "main/binary-amd64/Packages.xz", "main/source/Sources.gz"];
        assert_eq!((taken, gaps), (owned(&want), vec![]));
        let every = Choice { every_form: true, ..Choice::default() };
        let plan = plan(&release(&FILES), &every);
        assert_eq!(plan.wanted.len(), 5);
        let optional: Vec<&str> =
            plan.wanted.iter().filter(|one| one.optional).map(|one| one.path.as_str()).collect();
        assert_eq!(optional, ["main/binary-amd64/Packages"]);
    }

    #[test]
    fn what_is_asked_for_or_promised_must_be_named() {
        let (components, architectures) = (owned(&["main", "non-free"]), owned(&["amd64", "i386"]));
        let choice = Choice { components: &components, architectures: &architectures, ..Choice::default() };
        let (taken, gaps) = paths(&release(&FILES), &choice);
        assert_eq!(taken, ["main/binary-amd64/Packages.xz"]);
        assert_eq!(
            gaps,
            [
                "no component non-free (it has main, updates/contrib)",
                "no architecture i386 (it has amd64, all)",
                "the Release names no non-free/binary-amd64/Packages",
            ]
        );
        let (_, gaps) = paths(&release(&FILES[..3]), &Choice::default());
        assert_eq!(gaps, ["the Release names no contrib/binary-amd64/Packages"]);
        let sources = owned(&["source"]);
        let (taken, gaps) = paths(&release(&FILES), &Choice { architectures: &sources, ..Choice::default() });
        assert_eq!(taken, ["main/source/Sources.gz"]);
        assert_eq!(gaps, ["the Release names no contrib/source/Sources"]);
    }

    #[test]
    fn further_files_by_pattern() {
        let more = [Regex::new("i18n/.*-en$").unwrap(), Regex::new("dep11").unwrap()];
        let main = owned(&["main"]);
        let amd64 = owned(&["amd64"]);
        let choice = Choice { more: &more, components: &main, architectures: &amd64, ..Choice::default() };
        let (taken, gaps) = paths(&release(&FILES), &choice);
        assert_eq!(taken, ["main/binary-amd64/Packages.xz", "main/i18n/Translation-en.xz"]);
        assert_eq!(gaps, ["the Release names nothing like dep11"]);
        let more = [Regex::new("Translation-en.bz2|Packages").unwrap()];
        let choice = Choice { more: &more, every_form: true, ..choice };
        let (taken, gaps) = paths(&release(&FILES), &choice);
        assert_eq!(taken.len(), 5, "{taken:?}");
        assert!(gaps.is_empty());
    }

    #[test]
    fn a_flat_repository_has_one_of_each() {
        let flat = Choice { flat: true, ..Choice::default() };
        let (taken, gaps) = paths(&release(&["Packages.gz", "Packages"]), &flat);
        assert_eq!((taken, gaps), (owned(&["Packages.gz"]), vec![]));
        let (_, gaps) = paths(&release(&["Contents"]), &flat);
        assert_eq!(gaps, ["the Release names no Packages"]);
    }
}
