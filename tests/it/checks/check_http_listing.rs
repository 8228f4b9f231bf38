//! `check_http_listing` against the listings of nginx, Apache and lighttpd (T45, T47).

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use check::{CheckDef, State};
use testkit::{CheckCmd, Server, free_port, wait_for_port};

use crate::support::web::Web;

fn listing(port: u16, path: &str) -> CheckCmd {
    let port = port.to_string();
    CheckCmd::new(CheckDef::of::<check_http_listing::Args>()).args([
        "-H",
        "localhost",
        "-4",
        "-p",
        &port,
        "-u",
        path,
    ])
}

fn aged(path: &Path, hours: u64) {
    let time = SystemTime::now() - Duration::from_secs(hours * 3600);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

/// An archive of directories with tarballs, and nightly builds of two branches, below each of these.
fn fill(web: &Web, places: &[&str]) {
    for place in places {
        web.file(&format!("{place}/annex/one/data-1.tar.gz"), vec![0; 5000]);
        web.file(&format!("{place}/annex/näme & co/data 2.tar.xz"), vec![0; 5000]);
        web.file(&format!("{place}/annex/README"), "x");
        for (branch, hours) in [("stable", 30), ("devel", 3)] {
            let image = web.file(&format!("{place}/nightly/{branch}/x86/live-{branch}-0123456789-0123456789-0123456789-0123456789.iso"), vec![0; 3000]);
            aged(&image, hours);
            let old = web.file(&format!("{place}/nightly/{branch}/x86/old.iso"), vec![0; 3000]);
            aged(&old, 1000);
        }
        std::fs::create_dir(web.root.join(place).join("empty")).unwrap();
    }
}

/// The same questions to every kind of listing that tells dates and sizes.
fn ask_everything(port: u16, place: &str, more: &[&str]) {
    let at =
        |below: &str, line: &[&str]| listing(port, &format!("{place}{below}")).args(more).args(line).run();
    // T45: directories that contain tarballs
    let archive = at("/annex", &["-r", "*/", "-r", "*/*.tar.*", "-m", "4k"]).expect(State::Ok);
    assert_eq!((archive.metric("*/"), archive.metric("*/*.tar.*")), (2.0, 2.0), "{}", archive.output);
    at("/annex", &["-r", "näme & co/data 2.tar.xz"]).expect(State::Ok);
    at("/annex", &["-r", "*/*.tar.*", "-m", "1M"]).expect(State::Critical).says("(2 smaller than 1 MiB)");
    at("/annex", &["-r", "*/*.tar.*", "-n", "3"]).expect(State::Critical).says("2 */*.tar.*, expected 3");
    at("/annex", &["-r", "README/"]).expect(State::Critical).says("no README/");
    // T47: both branches have images, and how old the newest is
    let both = ["-r", "stable/**/*.iso", "-r", "devel/**/*.iso"];
    let with_age = |age: &[&str]| at("/nightly", &[&both[..], age].concat());
    let fresh = with_age(&["-w", "36h", "-c", "2d"]).expect(State::Ok);
    let age = fresh.metric("stable/**/*.iso age");
    assert!((108_000.0..108_600.0).contains(&age), "{age}: {}", fresh.output);
    with_age(&["-w", "24h", "-c", "2d"])
        .expect(State::Warning)
        .says("newest stable/**/*.iso is 30.0 hours old");
    with_age(&["-w", "1h", "-c", "24h"]).expect(State::Critical);
    at("/nightly", &["-r", "testing/*.iso"]).expect(State::Critical).says("no testing/*.iso");
    at("/nightly", &["-r", "**/*.iso", "--depth", "1"]).expect(State::Critical).says("no **/*.iso");
    at("/nightly", &["-r", "**/*.iso", "--max-listings", "2"])
        .expect(State::Unknown)
        .says("more than 2 directories");
    at("/empty", &[]).expect(State::Critical).says("no *");
    at("/none", &[]).expect(State::Critical).says("404 Not Found");
}

#[test]
fn nginx_in_html_and_json() {
    let web = Web::nginx();
    fill(&web, &["files"]);
    ask_everything(web.port, "/files", &[]);
    ask_everything(web.port, "/json", &[]);
    let port = web.tls_port.to_string();
    let ca = web.authority.as_ref().unwrap().certificate();
    let secure = || {
        CheckCmd::new(CheckDef::of::<check_http_listing::Args>()).args(["-H", "localhost", "-p", &port, "-S"])
    };
    secure().args(["-u", "/files/annex", "-r", "*/*.tar.*", "--ca-cert"]).arg(ca).run().expect(State::Ok);
    secure().args(["-u", "/files"]).run().expect(State::Critical).says("not trusted");
    web.file("private/a.iso", "x");
    listing(web.port, "/private/").run().expect(State::Critical).says("401 Unauthorized");
    listing(web.port, "/private/").args(["-a", "alice:s3cret", "-r", "*.iso"]).run().expect(State::Ok);
    // a directory that refuses is told, whatever else is there
    web.file("files/annex/index/index.html", "no listing here");
    let partly = listing(web.port, "/files/annex").args(["-r", "*/*.tar.*"]).run().expect(State::Warning);
    partly.says("cannot read index/: no directory listing");
    listing(web.port, "/echo").run().expect(State::Critical).says("404 Not Found");
}

#[test]
fn apache_in_three_forms() {
    let web = Web::apache();
    fill(&web, &["files", "pre", "plain"]);
    let utc = ["--timezone", "UTC"];
    ask_everything(web.port, "/files", &utc);
    ask_everything(web.port, "/pre", &utc);
    let plain = |line: &[&str]| listing(web.port, "/plain/annex").args(line).run();
    plain(&["-r", "*/*.tar.*"]).expect(State::Ok).says("2 */*.tar.*");
    plain(&["-r", "*/*.tar.*", "-m", "1"]).expect(State::Critical).says("the listing tells no sizes");
    plain(&["-r", "*/*.tar.*", "-w", "1d"]).expect(State::Critical).says("the listing tells no dates");
    std::fs::create_dir(web.root.join("closed")).unwrap();
    listing(web.port, "/closed/").run().expect(State::Critical).says("403 Forbidden");
    listing(web.port, "/pre/nightly")
        .args(["-r", "*/", "--timezone", "Nowhere/Land"])
        .run()
        .expect(State::Unknown);
}

#[test]
fn lighttpd() {
    let web = Web::lighttpd();
    fill(&web, &["files"]);
    ask_everything(web.port, "/files", &[]);
}

/// T19: the listings come through the proxy or not at all.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let web = Web::nginx();
    fill(&web, &["files"]);
    let proxy = free_port();
    let _proxy =
        Server::start(Command::new("microsocks").args(["-i", "127.0.0.1", "-p", &proxy.to_string()]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let through = |proxy: u16| {
        CheckCmd::new(CheckDef::of::<check_http_listing::Args>()).args([
            "-H",
            "localhost",
            "-p",
            &web.port.to_string(),
            "-u",
            "/files/annex",
            "-r",
            "*/*.tar.*",
            "--proxy",
            &format!("socks5h://127.0.0.1:{proxy}"),
        ])
    };
    through(proxy).run().expect(State::Ok);
    through(free_port()).run().expect(State::Critical).says("connect to the proxy");
}
