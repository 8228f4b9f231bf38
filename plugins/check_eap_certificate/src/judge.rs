//! The verdict of `check_eap_certificate`, pure.

use check::{Perfdata, Range, Report, State, Uom, span};
use eap::{Doubt, DoubtKind, EapType};
use net::tls::{Certificate, Validity};

use crate::Args;
use crate::chain::{Link, Weight, oddities};
use crate::expected::Expected;
use crate::measure::{Sample, Shown};
use crate::memory::{Change, Known, Memory, Trail};

/// Problems named on the first line; the others follow.
const NAMED: usize = 4;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let mut found = Findings::default();
    match &sample.shown {
        Err(why) => found.problem(State::Critical, format!("no certificate of {}: {why}", args.realm)),
        Ok(shown) => look_at_server(shown, sample, args, &mut found),
    }
    match &sample.expected {
        None => {}
        Some(Err(why)) => found.problem(State::Unknown, why.clone()),
        Some(Ok(expected)) => look_at_expected(expected, sample, args, &mut found),
    }
    for kind in [EapType::MD5, EapType::LEAP] {
        if sample.proposals.contains(&kind) {
            found.problem(
                State::Warning,
                format!("the server offers {kind}, which shows passwords to strangers"),
            );
        }
    }
    match &sample.memory {
        None => {}
        Some(Err(why)) => found.problem(State::Unknown, why.clone()),
        Some(Ok(memory)) => look_at_changes(memory, sample.now, &mut found),
    }
    let mut report = found.report(sample, args);
    if let Ok(shown) = &sample.shown {
        for (at, link) in shown.chain.iter().enumerate() {
            report = report.detail(1, described(at, &link.certificate));
        }
        let (version, cipher) = (shown.version, shown.cipher.as_deref().unwrap_or("an unknown cipher"));
        let version = version.map_or("TLS".to_owned(), |version| version.to_string());
        report = report.detail(1, format!("{version}, {cipher}, by {}", shown.method));
        report = report.perf(Perfdata::new("round_trips", f64::from(shown.round_trips), Uom::None).min(0.0));
    }
    report.perf(Perfdata::seconds("time", sample.seconds))
}

/// Problems by weight, and what is only worth a line with -v.
#[derive(Default)]
struct Findings {
    problems: Vec<(State, String)>,
    remarks: Vec<String>,
    perfdata: Vec<Perfdata>,
}

impl Findings {
    fn problem(&mut self, state: State, text: String) {
        if !self.problems.iter().any(|(_, known)| *known == text) {
            self.problems.push((state, text));
        }
    }

    fn report(mut self, sample: &Sample, args: &Args) -> Report {
        let state = self.problems.iter().fold(State::Ok, |worst, (state, _)| worst.worst(*state));
        // stable: the worst first, else as they were found
        self.problems.sort_by_key(|(state, _)| std::cmp::Reverse(state.severity()));
        let mut texts: Vec<String> = self.problems.into_iter().map(|(_, text)| text).collect();
        let rest = texts.split_off(NAMED.min(texts.len()));
        let mut line = texts.join(", ");
        if line.is_empty() {
            line = good(sample, args);
        }
        if !rest.is_empty() {
            line = format!("{line} and {} more", rest.len());
        }
        let report = rest.into_iter().fold(Report::new(state, line), |report, text| report.detail(0, text));
        let report =
            self.remarks.into_iter().fold(report, |report, text| report.detail(1, format!("remark: {text}")));
        self.perfdata.into_iter().fold(report, Report::perf)
    }
}

/// The line when nothing is wrong.
fn good(sample: &Sample, args: &Args) -> String {
    let Ok(Shown { chain, version, .. }) = &sample.shown else { return String::new() };
    let Some(own) = chain.first().map(|link| &link.certificate) else { return String::new() };
    let left = span(own.not_after.saturating_sub(sample.now) as f64);
    let trust = match &sample.expected {
        Some(Ok(expected)) => {
            let names = if expected.names.is_empty() { "any name" } else { "names" };
            match (args.eap_config.is_some(), expected.authorities.is_empty()) {
                (true, false) => format!(", {names} and authority as in the eap-config"),
                (false, false) => format!(", {names} and authority as expected"),
                (_, true) => ", name as expected, authority not compared".to_owned(),
            }
        }
        _ => ", compared with nothing: give --eap-config".to_owned(),
    };
    let version = version.map(|version| format!(", {version}")).unwrap_or_default();
    format!("{} of {}, valid for {left} (until {}){trust}{version}", own.title, args.realm, own.ends())
}

fn look_at_server(shown: &Shown, sample: &Sample, args: &Args, found: &mut Findings) {
    let Some(own) = shown.chain.first().map(|link| &link.certificate) else { return };
    look_at_dates("the server's certificate", own, sample.now, args, State::Critical, found);
    let limit = Range::at_least(f64::from(args.warn_days));
    let days = own.days_left(sample.now) as f64;
    found.perfdata.push(Perfdata::new("days", days, Uom::None).thresholds(Some(&limit), None));

    let expected = sample.expected.as_ref().and_then(|expected| expected.as_ref().ok());
    let has_authorities = expected.is_some_and(|expected| !expected.authorities.is_empty());
    for doubt in told(&shown.doubts, has_authorities) {
        match (&doubt.kind, doubt.depth) {
            // its own dates are told above, in days
            (DoubtKind::Expired | DoubtKind::NotYetValid, 0) => {}
            (DoubtKind::Expired, _) => found.problem(State::Critical, doubt.to_string()),
            _ => found.problem(State::Warning, doubt.to_string()),
        }
    }
    let trusted: &[Link] = expected.map(|expected| &expected.authorities[..]).unwrap_or_default();
    for odd in oddities(&shown.chain, trusted) {
        match odd.weight {
            Weight::Problem => found.problem(State::Warning, odd.text),
            Weight::Remark if args.strict => found.problem(State::Warning, odd.text),
            Weight::Remark => found.remarks.push(odd.text),
        }
    }
    if !shown.old.is_empty() {
        let versions: Vec<String> = shown.old.iter().map(ToString::to_string).collect();
        found.problem(
            State::Warning,
            format!("the server still speaks {}, out of use by RFC 8996", versions.join(" and ")),
        );
    }
}

/// What the verification doubts. Without authorities to compare with, only names are asked for; and that
/// one authority is missing is said once, however many follow from it.
fn told(doubts: &[Doubt], has_authorities: bool) -> Vec<&Doubt> {
    let is_trust = |doubt: &&Doubt| !matches!(doubt.kind, DoubtKind::Name { .. } | DoubtKind::Subject { .. });
    let mut told: Vec<&Doubt> = Vec::new();
    for doubt in doubts {
        let same = |known: &&Doubt| {
            let unknown =
                |doubt: &Doubt| matches!(doubt.kind, DoubtKind::UnknownIssuer | DoubtKind::SelfSigned);
            unknown(known) && unknown(doubt)
        };
        if (has_authorities || !is_trust(&doubt)) && !told.iter().any(same) {
            told.push(doubt);
        }
    }
    told
}

fn look_at_dates(
    what: &str,
    certificate: &Certificate,
    now: i64,
    args: &Args,
    over: State,
    found: &mut Findings,
) {
    let (title, ends) = (&certificate.title, certificate.ends());
    match certificate.validity(now) {
        Validity::Over => found.problem(over, format!("{what} {title} has expired on {ends}")),
        Validity::NotYet => {
            let begins = net::tls::to_the_second(certificate.not_before);
            found.problem(State::Warning, format!("{what} {title} is not valid before {begins}"));
        }
        Validity::Now if certificate.days_left(now) < i64::from(args.warn_days) => {
            let left = span(certificate.not_after.saturating_sub(now) as f64);
            found.problem(State::Warning, format!("{what} {title} expires in {left} ({ends})"));
        }
        Validity::Now => {}
    }
}

/// The authorities that devices know. One that has expired is the end if trust depends on it; beside a good
/// one it is only in the way.
fn look_at_expected(expected: &Expected, sample: &Sample, args: &Args, found: &mut Findings) {
    for fault in &expected.faults {
        found.problem(State::Warning, fault.clone());
    }
    if expected.valid_until.is_some_and(|until| until < sample.now) {
        let when = net::tls::to_the_second(expected.valid_until.unwrap_or_default());
        found.problem(State::Warning, format!("the eap-config was valid until {when} only"));
    }
    let is_trusted = sample.shown.as_ref().is_ok_and(|shown| {
        told(&shown.doubts, true).iter().all(|doubt| {
            doubt.depth == 0 && !matches!(doubt.kind, DoubtKind::UnknownIssuer | DoubtKind::SelfSigned)
        })
    });
    let over = if is_trusted { State::Warning } else { State::Critical };
    for link in &expected.authorities {
        look_at_dates("the authority", &link.certificate, sample.now, args, over, found);
    }
    let days = expected.authorities.iter().map(|link| link.certificate.days_left(sample.now)).min();
    if let Some(days) = days {
        let limit = Range::at_least(f64::from(args.warn_days));
        found
            .perfdata
            .push(Perfdata::new("authority_days", days as f64, Uom::None).thresholds(Some(&limit), None));
    }
}

fn look_at_changes(memory: &Memory, now: i64, found: &mut Findings) {
    if let Some((change, new)) = recent(&memory.server, now) {
        let (old_first, new_first) = (change.old.first(), new.first());
        let age = span(now.saturating_sub(change.at) as f64);
        let text = match (old_first, new_first) {
            (Some(old), Some(new)) if old != new => {
                format!("the server's certificate was changed {age} ago: it was {old}, it is {new}")
            }
            _ => format!(
                "the chain above the server's certificate was changed {age} ago: it was {}, it is {}",
                listed(&change.old),
                listed(new)
            ),
        };
        found.problem(State::Warning, text);
    }
    if let Some((change, new)) = recent(&memory.authorities, now) {
        let age = span(now.saturating_sub(change.at) as f64);
        let gone: Vec<Known> = change.old.iter().filter(|known| !new.contains(known)).cloned().collect();
        let come: Vec<Known> = new.iter().filter(|known| !change.old.contains(known)).cloned().collect();
        let text = format!(
            "the authorities that devices know were changed {age} ago: gone {}, come {}",
            listed(&gone),
            listed(&come)
        );
        found.problem(State::Warning, text);
    }
}

fn recent(trail: &Trail, now: i64) -> Option<(&Change, &[Known])> {
    trail.recent(now).map(|change| (change, trail.known()))
}

fn listed(all: &[Known]) -> String {
    let texts: Vec<String> = all.iter().take(3).map(ToString::to_string).collect();
    match all.len() {
        0 => "none".to_owned(),
        1..=3 => texts.join(" and "),
        more => format!("{} and {} more", texts.join(", "), more - 3),
    }
}

fn described(at: usize, certificate: &Certificate) -> String {
    let names = if certificate.names.is_empty() {
        String::new()
    } else {
        format!(" for {}", certificate.listed_names())
    };
    format!(
        "{at}: {}{names}, from {}, until {}, {}, {}",
        certificate.title,
        certificate.issuer,
        certificate.ends(),
        certificate.key,
        certificate.signature
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use clap::{Args as _, FromArgMatches};
    use eap::Version;
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
        date_time_ymd,
    };

    /// 2026-06-15 00:00 UTC.
    const NOW: i64 = 1_781_481_600;

    struct World {
        root: Link,
        pem: Vec<u8>,
        issuer: Issuer<'static, KeyPair>,
    }

    /// A root until the first of January of a year.
    fn world(year: i32) -> World {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "root");
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        World {
            root: Link::read(own.der()).unwrap(),
            pem: own.pem().into_bytes(),
            issuer: Issuer::new(params, key),
        }
    }

    /// A server's until the 15th of a month of 2026 or later.
    fn leaf(world: &World, year: i32, month: u8) -> Link {
        let mut params = CertificateParams::new(vec!["radius.example.cz".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "radius.example.cz");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.is_ca = IsCa::ExplicitNoCa;
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(year, month, 15);
        let key = KeyPair::generate().unwrap();
        Link::read(params.signed_by(&key, &world.issuer).unwrap().der()).unwrap()
    }

    fn known(world: &World) -> Expected {
        let names = vec!["radius.example.cz".to_owned()];
        Expected { names, ..Expected::of_pem(&world.pem).unwrap() }
    }

    fn sample(chain: Vec<Link>, expected: Option<Result<Expected, String>>) -> Sample {
        let shown = Shown {
            chain,
            doubts: Vec::new(),
            version: Some(Version::Tls12),
            cipher: None,
            method: EapType::PEAP,
            round_trips: 6,
            old: Vec::new(),
        };
        Sample {
            seconds: 0.5,
            now: NOW,
            shown: Ok(shown),
            proposals: vec![EapType::PEAP],
            expected,
            memory: None,
        }
    }

    fn doubt(depth: u32, kind: DoubtKind) -> Doubt {
        Doubt { depth, subject: "x".to_owned(), kind }
    }

    #[track_caller]
    fn says(sample: &Sample, line: &str, state: State, text: &str) {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        let line = format!("-H a -r example.cz -E /x {line}");
        let args =
            Args::from_arg_matches(&command.try_get_matches_from(line.split_whitespace()).unwrap()).unwrap();
        let report = judge(sample, &args);
        let shown = report.render("", ": ", 0);
        assert!(report.state == state && shown.contains(text), "{shown}");
    }

    #[test]
    fn a_good_certificate_is_ok_and_its_days_are_told() {
        let world = world(2030);
        let good = sample(vec![leaf(&world, 2026, 9)], Some(Ok(known(&world))));
        says(
            &good,
            "",
            State::Ok,
            "OK: radius.example.cz of example.cz, valid for 92.0 days (until 2026-09-15 00:00 UTC), names and authority as \
             in the eap-config, TLS 1.2 | days=92;14: authority_days=",
        );
        says(
            &good,
            "-X 93",
            State::Warning,
            "the server's certificate radius.example.cz expires in 92.0 days",
        );
        says(&good, "-X 92", State::Ok, "");
        says(&good, "--strict", State::Warning, "revoked certificates are listed (CRL)");
    }

    /// E20: an end is CRITICAL, all else WARNING.
    #[test]
    fn ends_are_critical_and_all_else_is_a_warning() {
        let fresh = world(2030);
        says(
            &sample(vec![leaf(&fresh, 2026, 5)], Some(Ok(known(&fresh)))),
            "",
            State::Critical,
            "CRITICAL: the server's certificate radius.example.cz has expired on 2026-05-15",
        );
        let with = |change: &dyn Fn(&mut Sample)| {
            let mut sample = sample(vec![leaf(&fresh, 2026, 9)], Some(Ok(known(&fresh))));
            change(&mut sample);
            sample
        };
        let doubts = |kinds: Vec<Doubt>| {
            with(&|sample| {
                if let Ok(shown) = &mut sample.shown {
                    shown.doubts.clone_from(&kinds);
                }
            })
        };
        says(
            &doubts(vec![doubt(1, DoubtKind::Expired)]),
            "",
            State::Critical,
            "the CA certificate x has expired",
        );
        let unknown = doubts(vec![doubt(0, DoubtKind::UnknownIssuer), doubt(0, DoubtKind::SelfSigned)]);
        says(&unknown, "", State::Warning, "WARNING: the certificate x is from an unknown CA |");
        let name = DoubtKind::Name { wanted: vec!["a".to_owned()], found: vec!["b".to_owned()] };
        says(&doubts(vec![doubt(0, name)]), "", State::Warning, "the certificate is for b, not for a");
        says(&doubts(vec![doubt(0, DoubtKind::WeakSignature)]), "", State::Warning, "weak signature");
        let early = with(&|sample| sample.now = NOW - 200 * 86_400);
        says(&early, "", State::Warning, "is not valid before 2026-01-01");
        let offers = with(&|sample| sample.proposals = vec![EapType::MD5, EapType::LEAP, EapType::PEAP]);
        says(
            &offers,
            "",
            State::Warning,
            "the server offers MD5-Challenge, which shows passwords to strangers, the server offers LEAP",
        );
        let old = with(&|sample| {
            if let Ok(shown) = &mut sample.shown {
                shown.old = vec![Version::Tls10];
            }
        });
        says(&old, "", State::Warning, "the server still speaks TLS 1.0, out of use by RFC 8996");
        let root = sample(vec![leaf(&fresh, 2026, 9), fresh.root.clone()], Some(Ok(known(&fresh))));
        says(&root, "", State::Warning, "the root root is sent along");
        let none = with(&|sample| sample.shown = Err("the login failed".to_owned()));
        says(&none, "", State::Critical, "no certificate of example.cz: the login failed");
        let no_cat = with(&|sample| sample.expected = Some(Err("CAT is down".to_owned())));
        says(&no_cat, "", State::Unknown, "CAT is down");
        let worse = sample(vec![leaf(&fresh, 2026, 5)], Some(Err("CAT is down".to_owned())));
        says(&worse, "", State::Critical, "has expired on 2026-05-15 00:00 UTC, CAT is down");
    }

    /// E20: CAT's authority over is CRITICAL if trust depends on it, and in the way beside a good one.
    #[test]
    fn an_authority_of_devices_ends_too() {
        let (fresh, old, soon) = (world(2030), world(2026), world(2027));
        let own = || vec![leaf(&fresh, 2026, 9)];
        let mut gone = sample(own(), Some(Ok(known(&old))));
        if let Ok(shown) = &mut gone.shown {
            shown.doubts = vec![doubt(0, DoubtKind::UnknownIssuer)];
        }
        says(&gone, "", State::Critical, "CRITICAL: the authority root has expired on 2026-01-01");
        let both = |other: &World| {
            let pem = [fresh.pem.clone(), other.pem.clone()].concat();
            Some(Ok(Expected {
                names: vec!["radius.example.cz".to_owned()],
                ..Expected::of_pem(&pem).unwrap()
            }))
        };
        says(
            &sample(own(), both(&old)),
            "",
            State::Warning,
            "WARNING: the authority root has expired on 2026-01-01",
        );
        says(&sample(own(), both(&soon)), "-X 100", State::Warning, "the server's certificate");
        says(&sample(own(), Some(Ok(known(&soon)))), "-X 60", State::Ok, "");
        says(
            &sample(vec![leaf(&fresh, 2029, 9)], Some(Ok(known(&soon)))),
            "-X 300",
            State::Warning,
            "WARNING: the authority root expires in 200.0 days",
        );
        let nobody = sample(own(), None);
        says(&nobody, "", State::Ok, "compared with nothing");
    }

    #[test]
    fn a_change_is_told_with_what_was_and_what_is() {
        let world = world(2030);
        let (one, other) = (leaf(&world, 2026, 9), leaf(&world, 2027, 9));
        let mut memory = Memory::default();
        memory.server.see(vec![Known::of(&one.certificate)], NOW - 500_000);
        memory.server.see(vec![Known::of(&other.certificate)], NOW - 7200);
        let told = |memory: &Memory, now: i64| Sample {
            memory: Some(Ok(memory.clone())),
            now,
            ..sample(vec![other.clone()], Some(Ok(known(&world))))
        };
        says(
            &told(&memory, NOW),
            "",
            State::Warning,
            "the server's certificate was changed 2.0 hours ago: it was radius.example.cz (sha256 ",
        );
        says(&told(&memory, NOW), "", State::Warning, "until 2026-09-15), it is radius.example.cz (sha256 ");
        says(&told(&memory, NOW + 86_400), "", State::Ok, "");
        memory.authorities.see(vec![Known::of(&one.certificate)], NOW - 500_000);
        memory.authorities.see(vec![Known::of(&world.root.certificate)], NOW - 60);
        says(
            &told(&memory, NOW + 82_000),
            "",
            State::Warning,
            "the authorities that devices know were changed 22.8 hours ago: gone radius",
        );
        let broken = Sample {
            memory: Some(Err("cannot write /x".to_owned())),
            ..sample(vec![other.clone()], Some(Ok(known(&world))))
        };
        says(&broken, "", State::Unknown, "cannot write /x");
    }

    #[test]
    fn many_problems_are_not_all_on_the_first_line() {
        let world = world(2030);
        let mut bad = sample(vec![leaf(&world, 2026, 5), world.root.clone()], Some(Ok(known(&world))));
        bad.proposals = vec![EapType::MD5, EapType::LEAP];
        if let Ok(shown) = &mut bad.shown {
            shown.old = vec![Version::Tls10, Version::Tls11];
            shown.doubts = vec![doubt(0, DoubtKind::WeakKey)];
        }
        says(&bad, "", State::Critical, " and 2 more | ");
        says(&bad, "", State::Critical, "\nthe server offers LEAP");
    }
}
