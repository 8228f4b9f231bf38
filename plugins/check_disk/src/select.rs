//! Which file systems are judged, by which thresholds: the options in their order, applied to the
//! mount table. Pure.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use check::CheckError;
use regex::bytes::Regex;

use crate::limits::Limits;
use crate::mounts::{self, Mount};
use crate::options::{Args, Step, misuse};

/// CD images are always full; the peer leaves them out too.
const ALWAYS_EXCLUDED: &str = "iso9660";

/// A file system to judge.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    /// Its place in the mount table.
    pub mount: usize,
    /// What to ask: the path given by `-p`, else the mount point.
    pub path: PathBuf,
    /// What it must keep.
    pub limits: Limits,
    /// Judged together with all others of the same name.
    pub group: Option<String>,
    /// Named by `-p`, or one of all?
    pub by_name: bool,
    /// Only asked whether it answers (`-L`).
    pub only_ask: bool,
}

/// All that is to be judged, and what was not found.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Selection {
    pub targets: Vec<Target>,
    /// Why something that was asked for is not among them; CRITICAL each.
    pub failures: Vec<String>,
    /// What was missing and may be missing.
    pub ignored: Vec<String>,
}

/// Where a path of `-p` lies, if it is no mount point or device itself.
pub(crate) type Places = HashMap<PathBuf, Place>;

/// What asking for a path gave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    /// It is on this mount.
    On(usize),
    /// It does not exist, or no mount has this name.
    Missing(String),
    /// It exists and cannot be reached, or does not answer.
    Failed(String),
}

/// Applies the steps.
pub(crate) fn select(args: &Args, mounts: &[Mount], places: &Places) -> Result<Selection, CheckError> {
    let mut course = Course {
        mounts,
        places,
        args,
        limits: Limits::default(),
        group: None,
        selected: false,
        chosen: Vec::new(),
        outcome: Selection::default(),
    };
    for step in &args.steps {
        course.take(step)?;
    }
    if !course.selected {
        course.add_all();
    }
    let Course { chosen, mut outcome, .. } = course;
    outcome.targets = filtered(args, mounts, distinct(mounts, chosen));
    Ok(outcome)
}

struct Course<'a> {
    mounts: &'a [Mount],
    places: &'a Places,
    args: &'a Args,
    limits: Limits,
    group: Option<String>,
    /// Has anything been selected since the start or the last `-C`?
    selected: bool,
    chosen: Vec<Target>,
    outcome: Selection,
}

impl Course<'_> {
    fn take(&mut self, step: &Step) -> Result<(), CheckError> {
        match step {
            Step::Group(name) => {
                if self.selected {
                    return Err(misuse("-g must stand before the paths of its group (-C begins anew)"));
                }
                self.group = Some(name.clone());
            }
            Step::Path(path) if self.limits.is_empty() => {
                let path = path.display();
                return Err(misuse(&format!("set a threshold (-w, -c, -W or -K) before -p {path}")));
            }
            Step::Path(path) | Step::BarePath(path) => self.add_path(path),
            Step::All => self.add_matching(None)?,
            Step::Matching(regex) => self.add_matching(Some(regex))?,
            Step::Without(regex) => {
                if !self.selected {
                    return Err(misuse("-i and -I drop from what was selected before; select all by -A"));
                }
                let mounts = self.mounts;
                self.chosen
                    .retain(|target| !mounts.get(target.mount).is_some_and(|mount| matches(mount, regex)));
            }
            Step::Clear => {
                if !self.selected {
                    self.add_all();
                }
                self.limits = Limits::default();
                self.group = None;
                self.selected = false;
            }
            threshold => self.limits.take(threshold),
        }
        Ok(())
    }

    fn add_path(&mut self, path: &Path) {
        self.selected = true;
        let exact = mounts::named(self.mounts, path);
        let place = self.places.get(path).cloned().or_else(|| exact.map(Place::On));
        let place = place.unwrap_or_else(|| Place::Missing(format!("{} not found", path.display())));
        match place {
            Place::On(mount) => {
                let point = self.mounts.get(mount).map(|mount| mount.point.clone()).unwrap_or_default();
                let asked = if exact.is_some() { point } else { path.to_owned() };
                self.add(mount, asked, true);
            }
            Place::Missing(why) if self.args.flags.ignore_missing => self.outcome.ignored.push(why),
            Place::Missing(why) | Place::Failed(why) => self.outcome.failures.push(why),
        }
    }

    fn add_matching(&mut self, regex: Option<&Regex>) -> Result<(), CheckError> {
        if self.limits.is_empty() {
            return Err(misuse("set a threshold (-w, -c, -W or -K) before -r, -R or -A"));
        }
        self.selected = true;
        let mut found = false;
        for (i, mount) in self.mounts.iter().enumerate() {
            if regex.is_none_or(|regex| matches(mount, regex)) {
                found = true;
                self.add(i, mount.point.clone(), false);
            }
        }
        match regex {
            Some(regex) if !found && self.args.flags.ignore_missing => {
                self.outcome.ignored.push(format!("no file system matches {regex}"));
            }
            Some(regex) if !found => {
                return Err(CheckError::usage(format!(
                    "no mount point or device matches {regex}; see mount(8) for all of them"
                )));
            }
            _ => {}
        }
        Ok(())
    }

    /// All mounts get the thresholds, but those that were named before keep theirs.
    fn add_all(&mut self) {
        for (i, mount) in self.mounts.iter().enumerate() {
            if !self.chosen.iter().any(|target| target.mount == i && target.by_name) {
                self.add(i, mount.point.clone(), false);
            }
        }
    }

    /// A mount that is selected again by the same name gets the last thresholds; by the path of
    /// another file on it, it keeps the first.
    fn add(&mut self, mount: usize, path: PathBuf, by_name: bool) {
        let (limits, group) = (self.limits.clone(), self.group.clone());
        match self.chosen.iter_mut().find(|other| other.mount == mount) {
            Some(other) if other.path == path => {
                (other.limits, other.group) = (limits, group);
                other.by_name |= by_name;
            }
            Some(_) => {}
            None => self.chosen.push(Target { mount, path, limits, group, by_name, only_ask: false }),
        }
    }
}

fn matches(mount: &Mount, regex: &Regex) -> bool {
    regex.is_match(mount.point.as_os_str().as_bytes()) || regex.is_match(mount.source.as_bytes())
}

/// What nobody asked for by name is listed once, as `df` does, and without what holds nothing.
fn distinct(mounts: &[Mount], chosen: Vec<Target>) -> Vec<Target> {
    let many: Vec<usize> = chosen
        .iter()
        .filter(|target| !target.by_name && !mounts.get(target.mount).is_none_or(Mount::is_pseudo))
        .map(|target| target.mount)
        .collect();
    let kept = mounts::distinct(mounts, &many);
    chosen.into_iter().filter(|target| target.by_name || kept.contains(&target.mount)).collect()
}

/// The filters by place and type. What is judged as a group is not filtered, as in the peer.
fn filtered(args: &Args, mounts: &[Mount], chosen: Vec<Target>) -> Vec<Target> {
    let flags = &args.flags;
    let mut targets = Vec::with_capacity(chosen.len());
    for mut target in chosen {
        let Some(mount) = mounts.get(target.mount) else { continue };
        if target.group.is_none() {
            let is_excluded = mount.kind == ALWAYS_EXCLUDED
                || flags.exclude_type.iter().any(|pattern| pattern.matches(&mount.kind))
                || flags.exclude.iter().any(|name| *name == mount.source || *name == mount.point)
                || (!flags.include_type.is_empty()
                    && !flags.include_type.iter().any(|pattern| pattern.matches(&mount.kind)));
            if mount.is_remote() && flags.local_only() {
                if !flags.stat_remote_fs {
                    continue;
                }
                target.only_ask = true;
            } else if is_excluded {
                continue;
            }
        }
        targets.push(target);
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::limit;
    use crate::mounts::tests::TABLE;
    use clap::FromArgMatches;

    fn select_by(line: &str, places: &Places) -> Result<Selection, CheckError> {
        let command = <Args as clap::Args>::augment_args(clap::Command::new("x").args_override_self(true));
        let words = std::iter::once("x").chain(line.split(' '));
        let matches = command.try_get_matches_from(words).expect("a command line");
        select(&Args::from_arg_matches(&matches).expect("arguments"), &mounts::parse(TABLE), places)
    }

    /// Mount point and warning limits of what is selected.
    fn selected(line: &str) -> Vec<(String, String)> {
        let mounts = mounts::parse(TABLE);
        let selection = select_by(line, &Places::new()).expect("a selection");
        let limits = |limits: &Limits| {
            let level = &limits.warning;
            let parts = [level.free_units.as_ref(), level.free_percent.as_ref(), level.used_percent.as_ref()];
            parts.into_iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(",")
        };
        let targets = selection.targets.iter();
        targets
            .map(|target| (mounts[target.mount].point.display().to_string(), limits(&target.limits)))
            .collect()
    }

    fn points(line: &str) -> Vec<String> {
        selected(line).into_iter().map(|(point, _)| point).collect()
    }

    fn pairs(found: &[(String, String)]) -> Vec<(&str, &str)> {
        found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect()
    }

    #[test]
    fn thresholds_count_for_the_paths_behind_them() {
        assert_eq!(
            pairs(&selected("-w 10% -p / -p /boot -C -w 100 -p /run")),
            [("/", "@10"), ("/boot", "@10"), ("/run", "@100")]
        );
        assert_eq!(pairs(&selected("-w 10% -p / -w 5 -p /boot")), [("/", "@10"), ("/boot", "@5,@10")]);
        assert_eq!(pairs(&selected("-w 1 -p / -w 2 -p /")), [("/", "@2")]);
        assert_eq!(pairs(&selected("80 90 /boot")), [("/boot", "80")]);
        assert_eq!(pairs(&selected("/boot")), [("/boot", "")]);
    }

    #[test]
    fn without_paths_all_file_systems_once() {
        let all = points("-w 1");
        assert_eq!(
            all,
            [
                "/dev",
                "/run",
                "/",
                "/run/lock",
                "/boot",
                "/srv/with blank\\and'quote",
                "/home",
                "/mnt/other",
                "/vol/a",
                "/vol/b",
                "/mnt/over"
            ]
        );
        assert_eq!(points("-w 1 -p /srv/chroot/usr"), ["/srv/chroot/usr"], "named, a bind mount counts");
        assert_eq!(points("-w 1 -p /proc"), ["/proc"]);
    }

    #[test]
    fn clearing_before_any_path_sets_all_others() {
        let found = selected("-w 100 -C -w 1000 -p /boot -C -w 5% -p /run");
        let of = |point: &str| pairs(&found).into_iter().find(|(p, _)| *p == point).map(|(_, limits)| limits);
        assert_eq!((of("/boot"), of("/run"), of("/")), (Some("@1000"), Some("@5"), Some("@100")));
        let found = selected("-w 10 -p /boot -C -w 20");
        let of = |point: &str| pairs(&found).into_iter().find(|(p, _)| *p == point).map(|(_, limits)| limits);
        assert_eq!((of("/boot"), of("/")), (Some("@10"), Some("@20")), "a named path keeps its own");
    }

    #[test]
    fn patterns_select_and_drop() {
        assert_eq!(points("-w 1 -r ^/run"), ["/run", "/run/lock"]);
        assert_eq!(points("-w 1 -R VG-DATA"), ["/srv/with blank\\and'quote"]);
        assert_eq!(points("-w 1 -r ^/run -i lock"), ["/run"]);
        assert_eq!(points("-w 1 -A -I ^/(RUN|SRV|MNT|VOL|HOME) -i ^udev"), ["/", "/boot"]);
        assert_eq!(points("-w 1 -r chroot"), ["/srv/chroot/usr"]);
    }

    #[test]
    fn places_and_types_are_filtered() {
        assert_eq!(points("-w 1 -l -N nfs4 -N ext.*"), ["/", "/boot"]);
        assert_eq!(
            points("-w 1 -X tmpfs -X nfs4 -X btrfs -X devtmpfs -x /boot -x /dev/mapper/vg-data"),
            ["/"]
        );
        let asked = select_by("-w 1 -L -N ext4", &Places::new()).expect("a selection").targets;
        let remote: Vec<bool> = asked.iter().map(|target| target.only_ask).collect();
        assert_eq!(remote, [false, true, true]);
        assert_eq!(points("-w 1 -g all -p /home -p / -l"), ["/home", "/"], "a group is not filtered");
    }

    #[test]
    fn what_is_missing_is_a_failure_or_ignored() {
        let places = Places::from([("/nowhere".into(), Place::Missing("/nowhere: gone".into()))]);
        let selection = select_by("-w 1 -p /nowhere -p /", &places).expect("a selection");
        assert_eq!((selection.failures, selection.targets.len()), (vec!["/nowhere: gone".to_owned()], 1));
        let selection = select_by("-n -w 1 -p /nowhere -p / -r none", &places).expect("a selection");
        assert_eq!((selection.failures.len(), selection.ignored.len()), (0, 2));
    }

    #[test]
    fn a_path_on_a_mount_keeps_its_first_thresholds() {
        let places = Places::from([("/boot/grub".into(), Place::On(7))]);
        assert_eq!(mounts::parse(TABLE)[7].point, Path::new("/boot"));
        let selection = select_by("-w 1 -p /boot -w 2 -p /boot/grub", &places).expect("a selection");
        assert_eq!(selection.targets.len(), 1);
        let Ok(crate::limits::Limit::Units(one)) = limit("1") else { panic!("1 is a number of units") };
        assert_eq!(selection.targets[0].limits.warning.free_units, Some(one));
    }

    #[test]
    fn misuse_says_what_to_write() {
        for (line, want) in [
            ("-p /", "set a threshold"),
            ("-A", "set a threshold"),
            ("-w 1 -i x", "select all by -A"),
            ("-w 1 -p / -g x", "-g must stand before"),
            ("-w 1 -r none", "no mount point or device matches none"),
        ] {
            let error = select_by(line, &Places::new()).expect_err(line);
            assert!(matches!(&error, CheckError::Usage(text) if text.contains(want)), "{line}: {error}");
        }
        assert_eq!(points("-w 1 -p / -C -w 2 -g x -p /boot"), ["/", "/boot"]);
    }
}
