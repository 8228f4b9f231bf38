//! The verdict of `check_institution`, pure.

use check::{Perfdata, Report, State, Uom};

use crate::document::{self, Document, Faults, Form, Institution, Kind};
use crate::realm::{Realm, page};
use crate::{Args, Found, Sample};

/// Realms, pages or faults named on the first line.
const NAMED: usize = 5;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let place = &sample.place;
    let document = match &sample.found {
        Found::Document(bytes) => match document::read(bytes) {
            Ok(document) => document,
            Err(why) => {
                return absent(
                    args,
                    State::Critical,
                    &format!("the document of {place} cannot be read: {why}"),
                );
            }
        },
        Found::NoFile => return absent(args, State::Critical, &format!("there is no file {place}")),
        Found::NotMapped => {
            return absent(
                args,
                State::Critical,
                &format!("the mapping of {place} has no institution for {}", listed(&args.realms)),
            );
        }
        Found::Status { status: 300..400, line } => {
            return absent(args, State::Critical, &format!("{place} redirects on and on: {line}"));
        }
        Found::Status { status, line } => {
            // as check_http has it, which this stands in for
            let state =
                if (400..500).contains(status) && !args.coverage { State::Warning } else { State::Critical };
            return absent(args, state, &format!("{place} answers `{line}`"));
        }
    };
    let ours = match select(&document, sample, args) {
        Ok(ours) => ours,
        Err(why) => {
            return absent(
                args,
                State::Critical,
                &format!("{why}, in the {} of {place}", document.form.name()),
            );
        }
    };
    let report = if args.coverage {
        coverage(&document, &ours, sample, args)
    } else {
        realms(&document, &ours, sample, args)
    };
    let Found::Document(bytes) = &sample.found else { return report };
    report
        .perf(Perfdata::new("size", bytes.len() as f64, Uom::Bytes).min(0.0))
        .perf(Perfdata::seconds("time", sample.seconds))
}

/// There is nothing to judge, which for the coverage has a name.
fn absent(args: &Args, state: State, why: &str) -> Report {
    let missing = if args.coverage { "no coverage data: " } else { "" };
    Report::new(state, format!("{missing}{why}"))
}

/// The institutions to judge: the one that was named, else all, but the coverage is that of our realm.
fn select<'d>(document: &'d Document, sample: &Sample, args: &Args) -> Result<Vec<&'d Institution>, String> {
    let all: Vec<&Institution> = document.institutions.iter().collect();
    // a document that was found by the identifier is of that institution, whatever it calls itself
    let is_its_own = args.document.names_an_institution() && all.len() == 1;
    let has_ours = |one: &&Institution| own_realms(one).iter().any(|realm| args.realms.contains(realm));
    let (ours, why): (Vec<_>, String) = match &sample.id {
        // version 1 has no identifiers
        Some(id) if !is_its_own && all.iter().any(|one| one.id.is_some()) => (
            all.into_iter().filter(|one| one.id.as_deref() == Some(id)).collect(),
            format!("no institution has the identifier {id}"),
        ),
        _ if args.coverage && all.len() != 1 => (
            all.into_iter().filter(has_ours).collect(),
            format!("no institution has the realm {}", listed(&args.realms)),
        ),
        _ => (all, "there is no institution".to_owned()),
    };
    if ours.is_empty() { Err(why) } else { Ok(ours) }
}

fn own_realms(institution: &Institution) -> Vec<Realm> {
    institution.realms.iter().filter_map(|realm| Realm::new(realm)).collect()
}

/// E06.
fn realms(document: &Document, ours: &[&Institution], sample: &Sample, args: &Args) -> Report {
    let found: Vec<Realm> = ours.iter().flat_map(|one| own_realms(one)).collect();
    let missing: Vec<Realm> = args.realms.iter().filter(|realm| !found.contains(realm)).cloned().collect();
    let mut others: Vec<Realm> = found.iter().filter(|realm| !args.realms.contains(realm)).cloned().collect();
    others.sort();
    others.dedup();
    let mut problems = Vec::new();
    if found.is_empty() {
        problems.push("there is no inst_realm in it".to_owned());
    } else if !missing.is_empty() {
        problems.push(format!("{} missing", counted(&missing, "is", "are")));
    }
    if !others.is_empty() {
        problems.push(format!("{} in it and not ours", counted(&others, "is", "are")));
    }
    let whose = format!("{} of {}", document.form.name(), sample.place);
    let mut line = if problems.is_empty() {
        format!("{} and no other realm in the {whose}", listed(&args.realms))
    } else {
        format!("{}, expected {} in the {whose}", problems.join(", "), listed(&args.realms))
    };
    let default = default_pages(ours, args);
    if let Some(pages) = &default {
        line = format!("{pages}; {line}");
    }
    let state = if problems.is_empty() && default.is_none() { State::Ok } else { State::Critical };
    let mut report =
        Report::new(state, line).perf(Perfdata::new("realms", found.len() as f64, Uom::None).min(0.0));
    for institution in ours {
        let called = institution.id.as_deref().unwrap_or("institution");
        report = report.detail(1, format!("{called}: {}", listed(&own_realms(institution))));
    }
    report
}

/// E07.
fn coverage(document: &Document, ours: &[&Institution], sample: &Sample, args: &Args) -> Report {
    let (form, place) = (document.form, &sample.place);
    if form == Form::Xml2 {
        let why = "XML of version 2 is read for its realms only: give its JSON form (institution.json)";
        return Report::new(State::Unknown, format!("{place}: {why}"));
    }
    let locations: usize = ours.iter().map(|one| one.locations).sum();
    let faults: usize = document.faults.count() + ours.iter().map(|one| one.faults.count()).sum::<usize>();
    let told = faults_of(&document.faults).chain(ours.iter().flat_map(|one| faults_of(&one.faults)));
    let told: Vec<&str> = told.take(document::MAX_FAULTS).collect();
    let mut problems = Vec::new();
    let has_places = ours.iter().any(|one| one.kind != Some(Kind::IdP));
    if has_places && locations < args.min_locations as usize {
        let least = args.min_locations;
        problems.push(match locations {
            0 => "no coverage data: there is no location".to_owned(),
            _ => format!("{} of at least {least}", number(locations, "location")),
        });
    }
    if let Some(first) = told.first() {
        let more = if faults > 1 { format!(" and {} more", faults - 1) } else { String::new() };
        problems.push(format!("{} against the schema: {first}{more}", number(faults, "fault")));
    }
    problems.extend(default_pages(ours, args));
    let whose = format!("{} of {place}", form.name());
    let (state, line) = if problems.is_empty() {
        let realm = listed(&args.realms);
        (State::Ok, format!("coverage of {realm}: {}, valid {whose}", number(locations, "location")))
    } else {
        (State::Critical, format!("{}, in the {whose}", problems.join(", ")))
    };
    let mut report = Report::new(state, line);
    if faults > 1 {
        for fault in &told {
            report = report.detail(0, *fault);
        }
        if faults > told.len() {
            report = report.detail(0, format!("and {} more", faults - told.len()));
        }
    }
    report
        .perf(Perfdata::new("locations", locations as f64, Uom::None).min(0.0))
        .perf(Perfdata::new("faults", faults as f64, Uom::None).min(0.0))
}

fn faults_of(faults: &Faults) -> impl Iterator<Item = &str> {
    faults.told().iter().map(String::as_str)
}

/// Pages of the operator that stand where one of the institution's own should.
fn default_pages(ours: &[&Institution], args: &Args) -> Option<String> {
    if args.realms.iter().any(|realm| args.operator_realms.contains(realm)) {
        return None;
    }
    let defaults: Vec<String> = args.default_urls.iter().map(|url| page(url)).collect();
    let pages = ours.iter().flat_map(|one| &one.info_urls);
    let mut bad: Vec<&str> = pages.filter(|url| defaults.contains(&page(url))).map(String::as_str).collect();
    let count = bad.len();
    bad.dedup();
    let first = bad.first()?;
    let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
    Some(format!("info_URL {} is the operator's page, not one of its own{times}", fetch::clipped(first)))
}

fn listed(realms: &[Realm]) -> String {
    let mut names: Vec<String> =
        realms.iter().take(NAMED).map(|realm| fetch::clipped(&realm.to_string())).collect();
    if realms.len() > NAMED {
        names.push(format!("{} more", realms.len() - NAMED));
    }
    if names.is_empty() { "no realm".to_owned() } else { names.join(", ") }
}

fn counted(realms: &[Realm], one: &str, many: &str) -> String {
    format!("{} {}", listed(realms), if realms.len() == 1 { one } else { many })
}

fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    const XML: &str = include_str!("../testdata/v1.xml");
    const JSON: &str = include_str!("../testdata/v2.json");

    fn args(line: &str) -> Args {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        let line = format!("-u /x {line}");
        Args::from_arg_matches(&command.try_get_matches_from(line.split_whitespace()).unwrap()).unwrap()
    }

    fn judged(line: &str, found: Found, id: Option<&str>) -> (State, String) {
        let sample = Sample { place: "/x".to_owned(), seconds: 0.5, id: id.map(str::to_owned), found };
        let report = judge(&sample, &args(line));
        (report.state, report.render("", ": ", 0))
    }

    fn of(line: &str, document: &str) -> (State, String) {
        judged(line, Found::Document(document.as_bytes().to_vec()), None)
    }

    #[track_caller]
    fn says(found: (State, String), state: State, text: &str) {
        let (found, shown) = found;
        assert!(found == state && shown.contains(text), "{found} {shown}");
    }

    #[test]
    fn all_realms_and_no_other() {
        for document in [XML, JSON] {
            says(
                of("-r example.cz,CS.Example.CZ", document),
                State::Ok,
                "example.cz, cs.example.cz and no other realm in the ",
            );
        }
        assert_eq!(
            of("-r example.cz,cs.example.cz", XML).1,
            "OK: example.cz, cs.example.cz and no other realm in the XML of version 1 of /x | realms=2;;;0 size=1653B;;;0 time=0.500000s;;;0.000000\n"
                .replace("1653", &XML.len().to_string())
        );
        says(
            of("-r example.cz", XML),
            State::Critical,
            "cs.example.cz is in it and not ours, expected example.cz in the XML",
        );
        says(of("-r example.cz,cs.example.cz,x.cz", XML), State::Critical, "x.cz is missing, expected");
        says(
            of("-r a.cz,b.cz", XML),
            State::Critical,
            "a.cz, b.cz are missing, cs.example.cz, example.cz are in it and not ours",
        );
        let none = XML.replace("<inst_realm>", "<x>").replace("</inst_realm>", "</x>");
        says(
            of("-r example.cz", &none),
            State::Critical,
            "there is no inst_realm in it, expected example.cz",
        );
        let commented = XML.replace(
            "<inst_realm>cs.example.cz</inst_realm>",
            "<!-- <inst_realm>cs.example.cz</inst_realm> -->",
        );
        says(of("-r example.cz", &commented), State::Ok, "example.cz and no other");
        let many = (0..20).map(|i| format!("<inst_realm>r{i}.cz</inst_realm>")).collect::<Vec<_>>().concat();
        says(
            of("-r r0.cz", &format!("<institution>{many}</institution>")),
            State::Critical,
            "and 14 more".trim_start_matches("and "),
        );
    }

    #[test]
    fn the_operators_page_is_for_the_operator() {
        for (document, line) in [(XML, "-r example.cz,cs.example.cz"), (JSON, "--coverage -r example.cz")] {
            let line = format!("{line} -d http://www.example.cz/en/eduroam/");
            says(
                of(&line, document),
                State::Critical,
                "info_URL https://www.example.cz/en/eduroam is the operator's page, not one of its own (2 times)",
            );
            says(of(&format!("{line} --operator-realm EXAMPLE.cz"), document), State::Ok, "");
            says(of(&line.replace("/en/", "/cs/"), document), State::Ok, "");
        }
    }

    #[test]
    fn coverage_is_there_and_valid() {
        assert_eq!(
            of("-C -r example.cz", JSON).1,
            format!(
                "OK: coverage of example.cz: 1 location, valid JSON of version 2 of /x | locations=1;;;0 faults=0;;;0 size={}B;;;0 time=0.500000s;;;0.000000\n",
                JSON.len()
            )
        );
        says(of("-C -r example.cz", XML), State::Ok, "1 location, valid XML of version 1");
        let broken = JSON.replace("\"SSID\"", "\"ssid\"");
        says(
            of("-C -r example.cz", &broken),
            State::Critical,
            "1 fault against the schema: location[0].SSID is missing, in the JSON of version 2 of /x",
        );
        let broken = broken.replace("\"CZ01\"", "\"CZ\"");
        let (state, text) = of("-C -r example.cz", &broken);
        assert_eq!(state, State::Critical);
        assert!(
            text.contains("2 faults against the schema: ROid is `CZ`, not a text of 4 characters and 1 more"),
            "{text}"
        );
        assert!(text.contains("\nlocation[0].SSID is missing\n"), "{text}");
        let nowhere = XML.replace("<location>", "<!-- ").replace("</location>", " -->");
        says(
            of("-C -r example.cz", &nowhere),
            State::Critical,
            "no coverage data: there is no location, in the XML",
        );
        says(of("-C -r example.cz --min-locations 0", &nowhere), State::Ok, "0 locations");
        says(of("-C -r example.cz --min-locations 3", XML), State::Critical, "1 location of at least 3");
        says(of("-C -r example.cz", &nowhere.replace("<type>3", "<type>1")), State::Ok, "0 locations");
    }

    #[test]
    fn a_flood_of_faults_is_bounded() {
        let json: serde_json::Value = serde_json::from_str(JSON).unwrap();
        let mut one = json["institutions"]["institution"][0].clone();
        one["location"] = serde_json::Value::Array(vec![serde_json::json!({}); 1000]);
        let (state, text) = of("-C -r example.cz", &one.to_string());
        assert_eq!(state, State::Critical);
        assert!(text.contains("5000 faults") && text.contains("\nand 4950 more\n"), "{text}");
        assert_eq!(text.lines().count(), 52, "{text}");
    }

    #[test]
    fn the_institution_is_found_by_its_identifier_or_its_realm() {
        let json: serde_json::Value = serde_json::from_str(JSON).unwrap();
        let one = json["institutions"]["institution"][0].clone();
        let mut other = one.clone();
        other["instid"] = "other".into();
        other["inst_realm"] = serde_json::json!(["other.cz"]);
        other.as_object_mut().unwrap().remove("ts");
        let both = serde_json::json!([one, other]).to_string();
        let bytes = || Found::Document(both.as_bytes().to_vec());
        says(judged("-C -r cs.example.cz", bytes(), None), State::Ok, "1 location");
        says(
            judged("-C -r other.cz", bytes(), None),
            State::Critical,
            "1 fault against the schema: ts is missing",
        );
        says(
            judged("-C -r x.cz", bytes(), None),
            State::Critical,
            "no coverage data: no institution has the realm x.cz",
        );
        says(judged("-C -r x.cz -i other", bytes(), Some("other")), State::Critical, "ts is missing");
        says(
            judged("-C -r x.cz", bytes(), Some("none")),
            State::Critical,
            "no coverage data: no institution has the identifier none",
        );
        says(judged("-r other.cz", bytes(), Some("other")), State::Ok, "other.cz and no other");
        // a document of version 1 has no identifiers to choose by
        let old = Found::Document(XML.as_bytes().to_vec());
        says(judged("-r example.cz,cs.example.cz", old, Some("ex01")), State::Ok, "and no other realm");
        says(judged("-r other.cz", bytes(), None), State::Critical, "are in it and not ours");
    }

    #[test]
    fn no_document_is_told_in_the_mode_s_words() {
        let status = |status| Found::Status { status, line: "HTTP/1.1 x".to_owned() };
        says(judged("-r a.cz", status(404), None), State::Warning, "/x answers `HTTP/1.1 x`");
        says(judged("-r a.cz -C", status(404), None), State::Critical, "no coverage data: /x answers");
        says(judged("-r a.cz", status(503), None), State::Critical, "answers");
        says(judged("-r a.cz", status(302), None), State::Critical, "redirects on and on");
        says(
            judged("-r a.cz -C", Found::NoFile, None),
            State::Critical,
            "no coverage data: there is no file /x",
        );
        says(
            judged("-r a.cz -C -m /m", Found::NotMapped, None),
            State::Critical,
            "has no institution for a.cz",
        );
        says(of("-r a.cz", "hello"), State::Critical, "it is neither XML nor JSON");
        says(
            of("-C -r a.cz", "hello"),
            State::Critical,
            "no coverage data: the document of /x cannot be read",
        );
        says(
            of(
                "-C -r a.cz",
                "<i><institution><instid>x</instid><inst_realm>a.cz</inst_realm></institution></i>",
            ),
            State::Unknown,
            "give its JSON form",
        );
    }
}
