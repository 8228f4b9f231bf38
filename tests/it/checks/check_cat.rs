//! `check_cat` against a stand-in for CAT's API, which answers in the shapes of CAT's source, and against
//! servers that are down, slow, or something else (E19).

use check::{CheckDef, State};
use testkit::{CheckCmd, Script, free_port, scripted};

use crate::support::cat::Cat;

const CONFIG: &str = include_str!("../../../crates/cat/testdata/eap-config.xml");

/// With example.cz's profile 12 and other.cz's profile 13 at Example University, 55.
fn cat() -> Cat {
    let cat = Cat::start();
    cat.answer(
        "listIdentityProviders&federation=CZ",
        r#"{"status":1,"data":[{"idp":7,"id":7,"display":"Another College"},{"idp":"55","id":"55","display":"Example University"},
            {"idp":56,"id":56,"display":"Empty Institute"}],"tou":"Please consult"}"#,
    )
    .answer(
        "listAllIdentityProviders",
        r#"[{"entityID":7,"title":"Another College","country":"AT","geo":[],"icon":0,"idp":7,"id":7},
            {"entityID":55,"title":"Example University","country":"CZ","geo":[{"lat":"50","lon":"14"}],"icon":1,"idp":55,"id":55}]"#,
    )
    .answer(
        "listProfiles&idp=55",
        r#"{"status":1,"data":[{"profile":12,"id":12,"display":"Staff","idp_name":"Example University","logo":1},
            {"profile":"13","id":"13","display":"Guests","idp_name":"Example University","logo":1}],"tou":"x"}"#,
    )
    .answer("listProfiles&idp=56", r#"{"status":1,"data":[],"tou":"x"}"#)
    .answer("listProfiles&idp=99", r#"{"status":0,"data":[],"tou":"x"}"#)
    .answer(&eap_config("12"), CONFIG)
    .answer(&eap_config("13"), CONFIG.replace("ID=\"example.cz\"", "ID=\"other.cz\""))
    .answer("profileAttributes&profile=12", attributes("0"))
    .answer("downloadInstaller&profile=12&device=w10", b"MZ\x90\x00");
    cat
}

fn eap_config(profile: &str) -> String {
    format!("downloadInstaller&profile={profile}&device=eap-config")
}

fn attributes(status: &str) -> String {
    format!(
        r#"{{"status":1,"data":{{"local_email":"x@example.cz","local_phone":"","local_url":"","description":"","devices":[
            {{"id":"0","redirect":"0","status":-1}},
            {{"id":"w10","display":"MS Windows 10","status":{status},"redirect":0,"eap_customtext":0,"device_customtext":""}},
            {{"id":"linux","display":"Linux","status":2,"redirect":0,"eap_customtext":0,"device_customtext":""}}]}},"tou":"x"}}"#
    )
}

fn check(cat: &Cat) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_cat::Args>()).args(["--api", &cat.api(), "-t", "20"])
}

/// E19: registered, with a filled profile whose installers can be had.
#[test]
fn an_institution_with_a_filled_profile_is_good() {
    let cat = cat();
    let ours = || check(&cat).args(["-n", "example  UNIVERSITY"]);
    let run = ours().args(["-r", "example.cz", "-f", "cz", "-v"]).run().expect(State::Ok);
    let want = "CAT OK - Example University has profile 12 (Staff) for example.cz: TTLS-PAP, PEAP-MSCHAPv2, TLS, PWD, installers for 1 kinds of devices";
    assert_eq!(run.text.trim_end(), want);
    assert_eq!(run.metric("profiles"), 2.0);
    run.shows("\nprofile 13 (Guests) is of other.cz\n")
        .shows("API.php?action=downloadInstaller&lang=en&profile=13&device=eap-config");
    // the list of the whole world has no envelope
    ours().args(["-r", "Example.CZ"]).run().expect(State::Ok);
    ours()
        .args(["-r", "cs.example.cz", "--alias-of", "example.cz"])
        .run()
        .expect(State::Ok)
        .says("assuming that cs.example.cz is in it as example.cz: Example University has profile 12");
    check(&cat)
        .args(["-r", "example.cz", "--idp", "55", "-d", "w10"])
        .run()
        .expect(State::Ok)
        .says(", downloaded w10");
}

/// E19: a problem of the profile is WARNING, with the links to look at.
#[test]
fn a_profile_with_a_problem_is_a_warning() {
    let cat = cat();
    let ours = |realm: &str| check(&cat).args(["-n", "Example University", "-r", realm]);
    ours("x.cz")
        .run()
        .expect(State::Warning)
        .says("none of its 2 profiles is of x.cz: profile 12 (Staff) is of example.cz, profile 13 (Guests) is of other.cz; Example University is registered (id 55)")
        .shows(&format!("\n{}?action=downloadInstaller&lang=en&profile=12&device=eap-config\n", cat.api()));
    check(&cat)
        .args(["-n", "Empty Institute", "-f", "CZ", "-r", "x.cz"])
        .run()
        .expect(State::Warning)
        .says("no profile, so none of x.cz");
    ours("example.cz")
        .args(["-d", "linux"])
        .run()
        .expect(State::Warning)
        .says("no installer for linux: CAT answers with nothing");
    cat.answer(&eap_config("13"), CONFIG);
    ours("example.cz").run().expect(State::Warning).says("2 profiles are of example.cz, expected one");
    cat.answer_by(&eap_config("12"), 404, "none").answer(&eap_config("13"), "No such profile");
    let run = ours("example.cz").run().expect(State::Warning).says(
        "no profile of example.cz could be read: profile 12 (Staff) cannot be had: CAT answers `HTTP/1.1 404",
    );
    run.says("profile 13 (Guests) cannot be had: it is not well-formed");
    cat.answer(&eap_config("12"), CONFIG.replace("<CA ", "<No ").replace("</CA>", "</No>"));
    ours("example.cz")
        .run()
        .expect(State::Warning)
        .says("no authority (CA) to trust for TTLS-PAP, PEAP-MSCHAPv2, TLS");
    cat.answer(&eap_config("12"), CONFIG).answer("profileAttributes&profile=12", attributes("3"));
    ours("example.cz").run().expect(State::Warning).says("none of 2 kinds of devices has an installer");
    // a profile that would fill the disk, or the stack, is one that cannot be read
    let laughs = CONFIG.replacen(
        "<EAPIdentityProviderList",
        "<!DOCTYPE l [<!ENTITY a \"ha\">]><EAPIdentityProviderList",
        1,
    );
    cat.answer(&eap_config("12"), laughs);
    ours("example.cz").run().expect(State::Warning).says("document type declaration");
    cat.answer(&eap_config("12"), "<a>".repeat(100_000));
    ours("example.cz").run().expect(State::Warning).says("more than 64 elements inside each other");
}

/// E19: not registered is CRITICAL; what CAT itself does wrong is UNKNOWN.
#[test]
fn nobody_is_critical_and_no_api_is_unknown() {
    let cat = cat();
    let named = |name: &str, line: &[&str]| {
        check(&cat).args(["-r", "example.cz", "-n", name]).args(line.iter().copied()).run()
    };
    named("Example", &["-f", "CZ"])
        .expect(State::Critical)
        .says("`Example` is not registered: none of the 3 institutions of federation CZ has that name");
    named("Example", &[]).expect(State::Critical).says("none of the 2 institutions of the whole world");
    named("Example University", &["-f", "XX"])
        .expect(State::Unknown)
        .says("the answer is empty: does CAT know what was asked for?");
    check(&cat)
        .args(["-r", "example.cz", "--idp", "99"])
        .run()
        .expect(State::Unknown)
        .says("the list of profiles of 99: the answer has the status 0, not 1");
    for (status, answer, why) in [
        (200, "<html>maintenance</html>", "the list of institutions: the answer is no JSON"),
        (200, "{}", "the answer has no status"),
        (503, "down", "answers `HTTP/1.1 503"),
        (404, "", "answers `HTTP/1.1 404"),
    ] {
        cat.answer_by("listAllIdentityProviders", status, answer);
        named("Example University", &[]).expect(State::Unknown).says("the API of CAT").says(why);
    }
    cat.answer("listAllIdentityProviders", "[".repeat(100_000));
    named("Example University", &[]).expect(State::Unknown).says("recursion limit");
    cat.answer("listAllIdentityProviders", " ".repeat(2 << 20));
    named("Example University", &["--max-body", "1M"]).expect(State::Unknown).says("sends more than 1 MiB");

    let at = |port: u16| {
        let api = format!("http://127.0.0.1:{port}/user/API.php");
        let check = CheckCmd::new(CheckDef::of::<check_cat::Args>())
            .args(["--api", &api, "-t", "1", "-n", "x", "-r", "a.cz"]);
        check.run().expect(State::Unknown)
    };
    at(free_port()).says("the API of CAT: connect to 127.0.0.1").says("Connection refused");
    at(scripted(Script::new(""))).says("within 1 seconds");
    at(scripted(Script::new("SSH-2.0-x\r\n"))).says("HTTP");
    let usage = |line: &[&str]| {
        CheckCmd::new(CheckDef::of::<check_cat::Args>())
            .args(line.iter().copied())
            .run()
            .expect(State::Unknown)
    };
    usage(&["-r", "a.cz"]).says("required");
    usage(&["-r", "a.cz", "--idp", "../x"]).says("is no number of an institution");
    usage(&["-r", "a.cz", "--idp", "1", "--api", "http://u:s3cret@x/"]).says("without a user");
    let more = usage(&["-r", "a.cz", "--idp", "1", "-d", "a&b"]);
    more.says("is no device of CAT");
}
