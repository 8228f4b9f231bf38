//! `check_institution` against documents that nginx serves, good ones, wrong ones and hostile ones (E06, E07).

use std::path::Path;
use std::time::{Duration, Instant};

use check::{CheckDef, State};
use serde_json::{Value, json};
use testkit::{CheckCmd, Script, free_port, scripted};

use crate::support::web::Web;

const XML: &str = include_str!("../../../plugins/check_institution/testdata/v1.xml");
const JSON: &str = include_str!("../../../plugins/check_institution/testdata/v2.json");

fn bare() -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_institution::Args>())
}

fn at(web: &Web, path: &str) -> CheckCmd {
    bare().args(["-u", &format!("http://127.0.0.1:{}/{path}", web.port)])
}

fn own(path: &Path) -> CheckCmd {
    bare().arg("-u").arg(path)
}

/// E06: the realm and all aliases, and no other.
#[test]
fn an_institution_publishes_its_realms_and_no_other() {
    let web = Web::nginx();
    web.file("institution.xml", XML);
    web.file("institution.json", JSON);
    let ours = |path: &str| at(&web, path).args(["-r", "Example.cz,CS.example.CZ"]);
    let run = ours("institution.xml").run().expect(State::Ok);
    let want = format!(
        "INSTITUTION OK - example.cz, cs.example.cz and no other realm in the XML of version 1 of 127.0.0.1:{}",
        web.port
    );
    assert_eq!(run.text.trim_end(), want);
    assert_eq!((run.metric("realms"), run.metric("size")), (2.0, XML.len() as f64));
    ours("institution.json").run().expect(State::Ok).says("in the JSON of version 2");

    let only = |realms: &str| at(&web, "institution.xml").args(["-r", realms]).run().expect(State::Critical);
    only("example.cz").says("cs.example.cz is in it and not ours, expected example.cz in the XML");
    only("example.cz,cs.example.cz,fr.example.cz")
        .says("fr.example.cz is missing, expected example.cz, cs.example.cz, fr.");
    let more = at(&web, "institution.xml").args(["-r", "x.cz", "-v"]).run().expect(State::Critical);
    more.says("x.cz is missing, cs.example.cz, example.cz are in it")
        .shows("\ninstitution: example.cz, cs.example.cz\n");

    // what a shell script that looks for a line gets wrong: space, two on a line, comments, prefixes, capitals
    let odd = "<e:institutions xmlns:e='urn:x'><e:institution><e:inst_realm>\n EXAMPLE.cz </e:inst_realm>\
               <e:inst_realm>cs.exam<!-- or so -->ple.cz</e:inst_realm><!-- <inst_realm>x.cz</inst_realm> --></e:institution></e:institutions>";
    web.file("odd.xml", odd);
    ours("odd.xml").run().expect(State::Ok);
    let old = XML.replace("UTF-8", "windows-1250").replace('é', "e");
    let old: Vec<u8> =
        old.chars().map(|c| if c == 'á' { 0xe1 } else { u8::try_from(c).unwrap_or(b'?') }).collect();
    web.file("old.xml", &old);
    ours("old.xml").run().expect(State::Ok);
    let utf16: Vec<u8> = format!("\u{feff}{XML}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    web.file("wide.xml", utf16);
    ours("wide.xml").run().expect(State::Ok);
    web.file("none.xml", XML.replace("inst_realm", "realm"));
    ours("none.xml").run().expect(State::Critical).says("there is no inst_realm in it, expected example.cz");
}

/// E06, E07: the national operator's page is no page of the institution, but of the operator.
#[test]
fn the_operators_default_page_is_found() {
    let web = Web::nginx();
    web.file("institution.xml", XML);
    web.file("institution.json", JSON);
    for (path, mode) in [("institution.xml", None), ("institution.json", Some("--coverage"))] {
        let check = |line: &[&str]| {
            at(&web, path)
                .args(["-r", "example.cz,cs.example.cz"])
                .args(mode)
                .args(line.iter().copied())
                .run()
        };
        check(&["-d", "http://www.example.cz/en/eduroam"]).expect(State::Critical).says(
            "info_URL https://www.example.cz/en/eduroam is the operator's page, not one of its own (2 times)",
        );
        check(&["-d", "http://www.example.cz/en/eduroam", "--operator-realm", "example.cz"])
            .expect(State::Ok);
        check(&["-d", "http://eduroam.example/"]).expect(State::Ok);
    }
}

/// E06: an answer that is no document has the state that check_http gives it.
#[test]
fn a_document_that_cannot_be_had_is_told() {
    let web = Web::nginx();
    web.file("files/index.html", XML);
    let ask = |path: &str| at(&web, path).args(["-r", "example.cz,cs.example.cz"]).run();
    ask("redir").expect(State::Ok);
    ask("loop").expect(State::Critical).says("redirects on and on: HTTP/1.1 302");
    ask("ftp").expect(State::Critical).says("redirects to nothing that could be asked over HTTP");
    ask("missing").expect(State::Warning).says("answers `HTTP/1.1 404 Not Found`");
    ask("private/").expect(State::Warning).says("401");
    ask("down").expect(State::Critical).says("answers `HTTP/1.1 503");
    ask("drop").expect(State::Critical).says("closed the connection");
    let closed = format!("http://127.0.0.1:{}/institution.xml?key=s3cret", free_port());
    let run = bare().args(["-u", &closed, "-r", "example.cz", "-vvv"]).run().expect(State::Critical);
    assert!(run.text.contains("Connection refused") && !run.output.contains("s3cret"), "{}", run.output);
    let silent = format!("http://127.0.0.1:{}/", scripted(Script::new("")));
    bare()
        .args(["-u", &silent, "-r", "a.cz", "-t", "1"])
        .run()
        .expect(State::Critical)
        .says("within 1 seconds");
    // a server of one's own authority
    let tls = format!("https://localhost:{}/files/", web.tls_port);
    let tls = || bare().args(["-u", &tls, "-r", "example.cz,cs.example.cz"]);
    tls().run().expect(State::Critical).says("not trusted");
    tls().arg("--ca-cert").arg(web.authority.as_ref().unwrap().certificate()).run().expect(State::Ok);
    let usage = |line: &[&str]| bare().args(line.iter().copied()).run().expect(State::Unknown);
    usage(&["-u", "/x"]).says("required");
    usage(&["-u", "/x", "-r", "user@example.cz"]).says("is no realm");
    usage(&["-u", "ftp://x/", "-r", "a.cz"]).says("neither a file nor http://");
    usage(&["-u", "/x/{id}.json", "-r", "a.cz"]).says("needs --institution or --mapping");
}

/// E07: published, valid, and every fault of it told.
#[test]
fn coverage_is_held_to_the_rules_of_its_schema() {
    let web = Web::nginx();
    let dir = tempfile::tempdir().unwrap();
    web.file("ok.json", JSON);
    web.file("ok.xml", XML);
    let coverage = |path: &str| at(&web, path).args(["--coverage", "-r", "example.cz"]).run();
    let run = coverage("ok.json")
        .expect(State::Ok)
        .says("coverage of example.cz: 1 location, valid JSON of version 2");
    assert_eq!((run.metric("locations"), run.metric("faults")), (1.0, 0.0));
    coverage("ok.xml").expect(State::Ok).says("1 location, valid XML of version 1");

    let mut broken: Value = serde_json::from_str(JSON).unwrap();
    let one = &mut broken["institutions"]["institution"][0];
    one["ROid"] = json!("CZ");
    one["contact"][0].as_object_mut().unwrap().remove("phone");
    one["location"][0]["coordinates"] = json!("14.39");
    web.file("broken.json", broken.to_string());
    let run = coverage("broken.json").expect(State::Critical);
    let run = run.says("3 faults against the schema: ROid is `CZ`, not a text of 4 characters and 2 more, in the JSON of version 2");
    run.shows("\ncontact[0].phone is missing\n")
        .shows("\nlocation[0].coordinates is `14.39`, not a place such as");
    web.file("broken.xml", XML.replace("<SSID>eduroam</SSID>", "").replace("<type>3", "<type>IdP"));
    let run = coverage("broken.xml").expect(State::Critical).says("2 faults against the schema");
    run.shows("\nlocation[0].SSID is missing\n").shows("\ntype is `IdP`, not a number from 1 to 3\n");
    web.file("nowhere.json", JSON.replace("\"location\"", "\"locations\""));
    coverage("nowhere.json").expect(State::Critical).says("no coverage data: there is no location");
    coverage("missing.json").expect(State::Critical).says("no coverage data: 127.0.0.1").says("404");

    // realm -> institution -> its file, as a federation keeps them
    let mapping = dir.path().join("realm_to_inst.js");
    std::fs::write(&mapping, "var map = {\n \"example.cz\" : \"ex01\",\n \"gone.cz\" : \"gone\",\n \"bad.cz\" : \"../../etc/passwd\",\n}\n").unwrap();
    let whole: Value = serde_json::from_str(JSON).unwrap();
    std::fs::write(dir.path().join("ex01.json"), whole["institutions"]["institution"][0].to_string())
        .unwrap();
    let mapped =
        |realm: &str| own(&dir.path().join("{id}.json")).arg("-Cm").arg(&mapping).args(["-r", realm]).run();
    mapped("example.cz").expect(State::Ok).says("1 location, valid JSON of version 2");
    mapped("alias.cz,EXAMPLE.cz").expect(State::Ok);
    mapped("other.cz")
        .expect(State::Critical)
        .says("no coverage data: the mapping of")
        .says("has no institution for other.cz");
    mapped("gone.cz").expect(State::Critical).says("no coverage data: there is no file").says("/gone.json");
    mapped("bad.cz").expect(State::Critical).says("cannot be a part of a name");
    // the federation's export: the realm or the identifier tells which institution
    let mut both = whole.clone();
    let mut other = both["institutions"]["institution"][0].clone();
    other["instid"] = json!("other");
    other["inst_realm"] = json!(["other.cz"]);
    other["ts"] = json!("yesterday");
    both["institutions"]["institution"].as_array_mut().unwrap().push(other);
    web.file("all.json", both.to_string());
    coverage("all.json").expect(State::Ok);
    at(&web, "all.json")
        .args(["-C", "-r", "other.cz"])
        .run()
        .expect(State::Critical)
        .says("ts is `yesterday`");
    at(&web, "all.json").args(["-r", "other.cz", "-i", "other"]).run().expect(State::Ok);
    at(&web, "all.json")
        .args(["-C", "-r", "x.cz"])
        .run()
        .expect(State::Critical)
        .says("no institution has the realm x.cz");
    let unreadable = own(dir.path()).args(["-r", "a.cz"]).run();
    unreadable.expect(State::Unknown).says("is no file");
}

/// Nothing that a stranger publishes costs more than a stated amount, and each is told in words.
#[test]
fn hostile_documents_are_refused_at_once() {
    let web = Web::nginx();
    let laughs = (1..20)
        .map(|i| format!("<!ENTITY l{i} \"{}\">", format!("&l{};", i - 1).repeat(10)))
        .collect::<Vec<_>>()
        .concat();
    web.file("laughs.xml", format!("<!DOCTYPE i [<!ENTITY l0 \"ha\">{laughs}]><institution><inst_realm>&l19;</inst_realm></institution>"));
    web.file("deep.xml", "<a>".repeat(1_000_000));
    web.file("deep.json", "[".repeat(1_000_000));
    web.file(
        "wide.xml",
        format!("<institution{}/>", (0..300_000).map(|i| format!(" a{i}=\"\"")).collect::<Vec<_>>().concat()),
    );
    web.file(
        "many.xml",
        format!("<institution>{}</institution>", "<inst_realm>a.cz</inst_realm>".repeat(340_000)),
    );
    web.file("huge.xml", " ".repeat(11 << 20));
    web.file("latin.xml", b"<institution><inst_realm>p\xf8\xedklad.cz</inst_realm></institution>");
    web.file("page.html", "<html><head><title>Moved</title></head><body/></html>");
    web.file("empty.xml", "");
    let start = Instant::now();
    for (path, why) in [
        ("laughs.xml", "it has a document type declaration"),
        ("deep.xml", "it has more than 64 elements inside each other"),
        ("deep.json", "recursion limit"),
        ("wide.xml", "it has more than 64 attributes on one element"),
        ("many.xml", "it has more than 500000 nodes"),
        ("huge.xml", "sends more than 10 MiB (--max-body reads more)"),
        ("latin.xml", "its bytes are not UTF-8, and it declares no other encoding"),
        ("page.html", "of no institution: its root is `html`"),
        ("empty.xml", "it is empty"),
    ] {
        at(&web, path).args(["-r", "a.cz", "-t", "60"]).run().expect(State::Critical).says(why);
        at(&web, path).args(["-C", "-r", "a.cz", "-t", "60"]).run().expect(State::Critical).says(why);
    }
    assert!(start.elapsed() < Duration::from_secs(300), "{:?}", start.elapsed());
    let endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<a>\n\r\n";
    let endless = format!("http://127.0.0.1:{}/", scripted(Script::new("").answers(&[("GET", endless)])));
    bare()
        .args(["-u", &endless, "-r", "a.cz", "-t", "1"])
        .run()
        .expect(State::Critical)
        .says("is slow: 4 bytes of content");
}
