//! The verdict of `check_cat`, pure.

use cat::{EapProvider, Method};
use check::{Perfdata, Report, State, Uom};

use crate::Args;
use crate::measure::{Sample, Seen, only};

/// Installers, profiles or methods named on the first line.
const NAMED: usize = 5;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let report = verdict(sample, args);
    let report = sample.profiles.iter().fold(report, |report, seen| {
        let verbosity = u8::from(only(&sample.profiles, args).is_some());
        report.detail(verbosity, described(seen)).detail(verbosity, seen.link.clone())
    });
    let profiles = sample.profiles.len() + sample.unseen;
    report
        .perf(Perfdata::new("profiles", profiles as f64, Uom::None).min(0.0))
        .perf(Perfdata::seconds("time", sample.seconds))
}

fn verdict(sample: &Sample, args: &Args) -> Report {
    let Some(provider) = sample.providers.first() else {
        let names: Vec<String> = args.names.iter().map(|name| format!("`{name}`")).collect();
        let place = args
            .federation
            .as_deref()
            .map_or("the whole world".to_owned(), |code| format!("federation {code}"));
        let listed = sample.listed;
        let text = format!(
            "{} is not registered: none of the {listed} institutions of {place} has that name",
            names.join(" or ")
        );
        return Report::new(State::Critical, text);
    };
    let name = fetch::clipped(&provider.name);
    let Some(seen) = only(&sample.profiles, args) else {
        return Report::new(
            State::Warning,
            format!("{}; {name} is registered (id {})", unmatched(sample, args), provider.id),
        );
    };
    let realm =
        if seen.is_of(&args.realm) { &args.realm } else { args.alias_of.as_ref().unwrap_or(&args.realm) };
    let Some(config) = seen.config.as_ref().ok().and_then(|config| config.of_realm(realm)) else {
        return Report::new(State::Warning, unmatched(sample, args));
    };
    let mut problems = trust_problems(config);
    problems.extend(installer_problems(sample, args));
    let what = seen.title();
    if !problems.is_empty() {
        return Report::new(State::Warning, format!("{what} of {realm} at {name}: {}", problems.join(", ")));
    }
    let assumed = if *realm == args.realm {
        String::new()
    } else {
        format!("assuming that {} is in it as {realm}: ", args.realm)
    };
    let methods: Vec<String> = config.methods.iter().map(Method::to_string).collect();
    let devices = sample
        .chosen
        .as_ref()
        .map(|chosen| chosen.attributes.devices.iter().filter(|device| device.is_available()).count());
    let mut line = format!("{assumed}{name} has {what} for {realm}: {}", listed(&methods));
    if let Some(devices) = devices.filter(|devices| *devices > 0) {
        line = format!("{line}, installers for {devices} kinds of devices");
    }
    let installers = sample.chosen.iter().flat_map(|chosen| args.devices.iter().zip(&chosen.installers));
    let had: Vec<String> = installers.map(|(device, _)| device.clone()).collect();
    if !had.is_empty() {
        line = format!("{line}, downloaded {}", listed(&had));
    }
    Report::new(State::Ok, line)
}

/// Why there is no profile to look at.
fn unmatched(sample: &Sample, args: &Args) -> String {
    let realms = match &args.alias_of {
        Some(primary) => format!("{} or {primary}", args.realm),
        None => args.realm.clone(),
    };
    let unreadable: Vec<String> =
        sample.profiles.iter().filter(|seen| seen.config.is_err()).map(described).collect();
    let own = sample.profiles.iter().filter(|seen| seen.is_of(&args.realm)).count();
    let matches = match own {
        0 => sample
            .profiles
            .iter()
            .filter(|seen| args.alias_of.as_deref().is_some_and(|realm| seen.is_of(realm)))
            .count(),
        own => own,
    };
    let more =
        if sample.unseen > 0 { format!(", and {} were not looked at", sample.unseen) } else { String::new() };
    match (sample.profiles.len(), matches) {
        (0, _) => format!("no profile, so none of {realms}"),
        (_, 0) if !unreadable.is_empty() => {
            format!("no profile of {realms} could be read{more}: {}", listed(&unreadable))
        }
        (1, 0) => format!("its profile is not of {realms}: {}", ids(sample)),
        (all, 0) => format!("none of its {all} profiles is of {realms}{more}: {}", ids(sample)),
        (_, count) => format!("{count} profiles are of {realms}, expected one: {}", ids(sample)),
    }
}

fn ids(sample: &Sample) -> String {
    let all: Vec<String> = sample.profiles.iter().filter(|seen| seen.config.is_ok()).map(described).collect();
    listed(&all)
}

/// `profile 12 (Staff) is of example.cz`.
fn described(seen: &Seen) -> String {
    let what = seen.title();
    match &seen.config {
        Err(why) => format!("{what} cannot be had: {why}"),
        Ok(config) => {
            let mut realms: Vec<String> =
                config.providers.iter().map(|one| fetch::clipped(&one.id)).collect();
            realms.dedup();
            format!("{what} is of {}", listed(&realms))
        }
    }
}

/// Methods that tell a device of nobody to trust; CAT writes a provider once for each network.
fn trust_problems(config: &EapProvider) -> Vec<String> {
    if config.methods.is_empty() {
        return vec!["it has no authentication method".to_owned()];
    }
    let bad: Vec<String> =
        config.methods.iter().filter(|method| !method.has_trust()).map(Method::to_string).collect();
    if bad.is_empty() { Vec::new() } else { vec![format!("no authority (CA) to trust for {}", listed(&bad))] }
}

fn installer_problems(sample: &Sample, args: &Args) -> Vec<String> {
    let Some(chosen) = &sample.chosen else { return Vec::new() };
    let mut problems = Vec::new();
    let devices = &chosen.attributes.devices;
    if !devices.iter().any(cat::Device::is_available) {
        problems.push(format!("none of {} kinds of devices has an installer", devices.len()));
    }
    for (device, installer) in args.devices.iter().zip(&chosen.installers) {
        if let Err(why) = installer {
            problems.push(format!("no installer for {device}: {why}"));
        }
    }
    problems
}

fn listed(all: &[String]) -> String {
    match all.get(..NAMED) {
        Some(first) if all.len() > NAMED => format!("{} and {} more", first.join(", "), all.len() - NAMED),
        _ => all.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Chosen;
    use cat::{Attributes, Device, EapConfig, Id, Profile, Provider};
    use clap::{Args as _, FromArgMatches};

    const GOOD: &str = include_str!("../../../crates/cat/testdata/eap-config.xml");

    fn args(line: &str) -> Args {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        let line = line.split_whitespace().chain(["-n", "Example University"]);
        Args::from_arg_matches(&command.try_get_matches_from(line).unwrap()).unwrap()
    }

    fn seen(id: &str, config: Result<&str, &str>) -> Seen {
        let config = config.map(|xml| EapConfig::read(xml.as_bytes()).unwrap()).map_err(str::to_owned);
        Seen {
            profile: Profile { id: Id::new(id).unwrap(), name: String::new() },
            link: format!("link {id}"),
            config,
        }
    }

    fn device(status: i64) -> Device {
        Device { id: "w10".to_owned(), name: "Windows".to_owned(), status, redirects: false }
    }

    fn sample(profiles: Vec<Seen>) -> Sample {
        let provider = Provider { id: Id::new("55").unwrap(), name: "Example University".to_owned() };
        let attributes = Attributes { devices: vec![device(0), device(2)] };
        let chosen = Some(Chosen { attributes, installers: Vec::new() });
        Sample { seconds: 0.5, listed: 9, providers: vec![provider], profiles, unseen: 0, chosen }
    }

    #[track_caller]
    fn says(sample: &Sample, line: &str, state: State, text: &str) {
        let report = judge(sample, &args(line));
        assert!(
            report.state == state && report.summary.contains(text),
            "{} {}",
            report.state,
            report.summary
        );
    }

    #[test]
    fn one_profile_of_the_realm_is_good() {
        let good = sample(vec![
            seen("12", Ok(GOOD)),
            seen("13", Ok(&GOOD.replace("example.cz\" n", "other.cz\" n"))),
        ]);
        says(
            &good,
            "-r EXAMPLE.cz",
            State::Ok,
            "Example University has profile 12 for EXAMPLE.cz: TTLS-PAP, PEAP-MSCHAPv2, TLS, PWD, installers for 1 kinds of devices",
        );
        says(
            &good,
            "-r cs.example.cz --alias-of example.cz",
            State::Ok,
            "assuming that cs.example.cz is in it as example.cz: Example",
        );
        says(
            &good,
            "-r x.cz",
            State::Warning,
            "none of its 2 profiles is of x.cz: profile 12 is of example.cz, profile 13 is of other.cz; Example University is registered (id 55)",
        );
        let text = judge(&good, &args("-r x.cz")).render("", "", 0);
        assert!(text.contains("\nlink 12\n") && text.contains("\nlink 13\n"), "{text}");
    }

    #[test]
    fn what_is_wrong_with_a_profile_is_a_warning() {
        says(&sample(vec![]), "-r example.cz", State::Warning, "no profile, so none of example.cz");
        says(
            &sample(vec![seen("12", Ok(GOOD)), seen("13", Ok(GOOD))]),
            "-r example.cz",
            State::Warning,
            "2 profiles are of example.cz, expected one: profile 12 is of",
        );
        says(
            &sample(vec![seen("12", Ok(GOOD))]),
            "-r x.cz --alias-of y.cz",
            State::Warning,
            "its profile is not of x.cz or y.cz: profile 12 is of example.cz",
        );
        says(
            &sample(vec![seen("12", Err("CAT answers `HTTP/1.1 404`"))]),
            "-r example.cz",
            State::Warning,
            "no profile of example.cz could be read: profile 12 cannot be had: CAT answers `HTTP/1.1 404`",
        );
        let bare = GOOD.replace("<CA ", "<NoCA ").replace("</CA>", "</NoCA>");
        says(
            &sample(vec![seen("12", Ok(&bare))]),
            "-r example.cz",
            State::Warning,
            "profile 12 of example.cz at Example University: no authority (CA) to trust for TTLS-PAP, PEAP-MSCHAPv2, TLS",
        );
        let empty = "<EAPIdentityProvider ID='example.cz'/>";
        says(
            &sample(vec![seen("12", Ok(empty))]),
            "-r example.cz",
            State::Warning,
            "it has no authentication method",
        );
        let mut none = sample(vec![seen("12", Ok(GOOD))]);
        none.chosen.as_mut().unwrap().attributes.devices = vec![device(1), device(2)];
        says(&none, "-r example.cz", State::Warning, "none of 2 kinds of devices has an installer");
        none.chosen.as_mut().unwrap().attributes.devices = vec![device(0)];
        none.chosen.as_mut().unwrap().installers = vec![Err("CAT answers with nothing".to_owned()), Ok(7)];
        says(
            &none,
            "-r example.cz -d w10 -d linux",
            State::Warning,
            "no installer for w10: CAT answers with nothing",
        );
        none.chosen.as_mut().unwrap().installers = vec![Ok(8), Ok(7)];
        says(&none, "-r example.cz -d w10 -d linux", State::Ok, ", downloaded w10, linux");
    }

    #[test]
    fn not_registered_is_critical() {
        let nobody = Sample { listed: 9, ..Sample::default() };
        says(
            &nobody,
            "-r example.cz",
            State::Critical,
            "`Example University` is not registered: none of the 9 institutions of the whole world has that name",
        );
        says(&nobody, "-r example.cz -f cz", State::Critical, "institutions of federation CZ has");
    }
}
