//! The verdict of `check_rsync`, pure.

use check::{Perfdata, Report, State, Uom};
use listing::{Limits, Verdict};

use crate::Args;
use crate::session::{Opened, Sample};

/// Names of modules on the first line.
const TOLD: usize = 5;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let limits =
        Limits { count: args.count, min_size: args.min_size, warning: args.warning, critical: args.critical };
    let mut verdict = Verdict::default();
    if let Some(listed) = &sample.listed {
        for module in &args.module {
            if !listed.iter().any(|(name, _)| *name == module.name) {
                verdict.problem(State::Critical, format!("the module {} is not in the list", module.name));
            }
        }
        if args.module.is_empty() {
            match listed.len() {
                0 => verdict.problem(State::Warning, "no module is in the list"),
                _ => verdict.fine(names(listed)),
            }
        }
    }
    for (module, opened) in args.module.iter().zip(&sample.opened) {
        match opened {
            Opened::Refused(why) => verdict.problem(State::Critical, format!("{}: {why}", module.name)),
            Opened::Listed { found, complaints } => {
                for (pattern, found) in args.require.iter().zip(found) {
                    let slash = if args.path.is_empty() { "" } else { "/" };
                    let name = format!("{}/{}{slash}{pattern}", module.name, args.path);
                    verdict.look(&name, found, &limits, sample.now);
                }
                for complaint in complaints {
                    verdict.problem(State::Warning, format!("{}: {complaint}", module.name));
                }
            }
        }
    }
    let mut report = verdict.report(&sample.place, sample.seconds);
    if let Some(listed) = &sample.listed {
        report = report.perf(Perfdata::new("modules", listed.len() as f64, Uom::None).min(0.0));
        for (name, comment) in listed {
            report = report.detail(1, format!("module {name}: {comment}"));
        }
    }
    report
}

fn names(listed: &[(String, String)]) -> String {
    let told: Vec<&str> = listed.iter().map(|(name, _)| name.as_str()).take(TOLD).collect();
    let more = if listed.len() > TOLD { ", …" } else { "" };
    let modules = if listed.len() == 1 { "module" } else { "modules" };
    format!("{} {modules} ({}{more})", listed.len(), told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};
    use listing::Found;

    fn judged(line: &[&str], listed: Option<&[&str]>, opened: Vec<Opened>) -> String {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        let line = [&["-H", "a"], line].concat();
        let args = Args::from_arg_matches(&command.try_get_matches_from(line).unwrap()).unwrap();
        let listed = listed.map(|names| names.iter().map(|&n| (n.to_owned(), "c".to_owned())).collect());
        let place = "a:873".to_owned();
        let sample = Sample { now: 1000, seconds: 0.5, place, listed, opened };
        judge(&sample, &args).render("RSYNC", " - ", 0)
    }

    fn found(path: &str) -> Found {
        Found { path: path.to_owned(), modified: Some(940), size: Some(1) }
    }

    #[test]
    fn modules_alone_are_counted() {
        assert_eq!(
            judged(&[], Some(&["a", "b"]), vec![]),
            "RSYNC OK - 2 modules (a, b) at a:873 | time=0.500000s;;;0.000000 modules=2;;;0\n"
        );
        let many = judged(&[], Some(&["a", "b", "c", "d", "e", "f"]), vec![]);
        assert!(many.contains("6 modules (a, b, c, d, e, …)"), "{many}");
        assert!(judged(&[], Some(&[]), vec![]).starts_with("RSYNC WARNING - no module"));
    }

    #[test]
    fn each_module_has_its_patterns() {
        let opened = |found| Opened::Listed { found: vec![found], complaints: vec![] };
        assert_eq!(
            judged(
                &["-m", "a", "-m", "b", "--path", "x", "-r", "*/", "-c", "1h"],
                Some(&["a", "b"]),
                vec![opened(vec![found("one/")]), opened(vec![])]
            ),
            "RSYNC CRITICAL - no b/x/*/ at a:873 | time=0.500000s;;;0.000000 a/x/*/=1;;1:;0 \
             'a/x/*/ age'=60s;;3600 b/x/*/=0;;1:;0 modules=2;;;0\n"
        );
        let unlisted = judged(&["-m", "b"], Some(&["a"]), vec![opened(vec![found("x")])]);
        assert!(unlisted.starts_with("RSYNC CRITICAL - the module b is not in the list at"), "{unlisted}");
        let hidden = judged(&["-m", "b", "--hidden"], None, vec![opened(vec![found("x")])]);
        assert!(hidden.starts_with("RSYNC OK - 1 b/* (newest 60 seconds old) at a:873"), "{hidden}");
        let refused = judged(&["-m", "b"], Some(&["b"]), vec![Opened::Refused("no".to_owned())]);
        assert!(refused.starts_with("RSYNC CRITICAL - b: no at a:873"), "{refused}");
        let partly = Opened::Listed { found: vec![vec![found("x")]], complaints: vec!["oh".to_owned()] };
        let partly = judged(&["-m", "b"], Some(&["b"]), vec![partly]);
        assert!(partly.starts_with("RSYNC WARNING - b: oh at"), "{partly}");
    }
}
