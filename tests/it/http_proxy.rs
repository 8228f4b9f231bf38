//! Checks through an HTTP proxy: whole URLs for plain HTTP, CONNECT for all else, and names that only
//! the proxy resolves.

use check::{Check, CheckDef, State};
use testkit::{CheckCmd, Script, free_port, scripted};

use crate::support::http_proxy::HttpProxy;
use crate::support::web::Web;

fn through<C: Check>(proxy: &str, arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<C>())
        .args(["--proxy", &format!("http://{proxy}"), "-t", "5"])
        .args(arguments)
}

#[test]
fn http_goes_as_whole_urls_and_https_by_connect() {
    let (web, proxy) = (Web::nginx(), HttpProxy::start());
    web.file("index.html", "welcome");
    let (open, port, tls) =
        (format!("127.0.0.1:{}", proxy.port), web.port.to_string(), web.tls_port.to_string());
    let http = |more: &[&str]| through::<check_http::Args>(&open, &[&["-H", "localhost"], more].concat());
    http(&["-p", &port, "-s", "welcome"]).run().expect(State::Ok);
    assert!(
        proxy.requests().contains(&format!("GET http://localhost:{port}/ HTTP/1.1")),
        "{}",
        proxy.requests()
    );
    let ca = web.authority.as_ref().unwrap().certificate();
    let secure =
        http(&["-p", &tls, "-S", "-E", "-s", "welcome", "--ca-cert"]).arg(ca).run().expect(State::Ok);
    assert!(secure.metric("time_ssl") > 0.0);
    assert!(proxy.requests().contains(&format!("CONNECT localhost:{tls} HTTP/1.1")), "{}", proxy.requests());
    http(&["-p", &tls, "-S"]).run().expect(State::Critical).says("not trusted");
    http(&["-p", &port, "-u", "/redir", "-f", "follow"]).run().expect(State::Warning).says("404");
    let nobody = format!("127.0.0.1:{}", free_port());
    for more in [&["-p", port.as_str()][..], &["-p", &tls, "-S"]] {
        let run = through::<check_http::Args>(&nobody, &[&["-H", "localhost"], more].concat()).run();
        run.expect(State::Critical).says(&format!("connect to the proxy {nobody}: Connection refused"));
    }
    // what the proxy cannot reach
    let dead = free_port().to_string();
    http(&["-p", &dead]).run().expect(State::Critical).says("503 Service Unavailable");
    http(&["-p", &dead, "-S"]).run().expect(State::Critical).says("the proxy makes no tunnel to it");
}

#[test]
fn a_proxys_password_comes_from_a_file_or_the_environment() {
    let (web, proxy) = (Web::nginx(), HttpProxy::start());
    web.file("index.html", "welcome");
    let (guarded, port, tls) =
        (format!("127.0.0.1:{}", proxy.guarded), web.port.to_string(), web.tls_port.to_string());
    let alice = format!("alice@{guarded}");
    let password = proxy.password.to_str().unwrap();
    for at in [&["-p", port.as_str()][..], &["-p", &tls, "-S", "--insecure"]] {
        let http = |proxy: &str, more: &[&str]| {
            through::<check_http::Args>(proxy, &[&["-H", "localhost"], at, more].concat())
        };
        http(&alice, &["--proxy-password-file", password]).run().expect(State::Ok);
        http(&alice, &[]).env("HLIDKA_PROXY_PASSWORD", "s3cret").run().expect(State::Ok);
        let wrong = http(&alice, &[]).env("HLIDKA_PROXY_PASSWORD", "wr0ng").run();
        assert!(wrong.state != State::Ok && !wrong.output.contains("wr0ng"), "{}", wrong.output);
        assert!(http(&guarded, &[]).run().state != State::Ok);
    }
    let tcp = |proxy: &str, more: &[&str]| {
        through::<check_tcp::Args>(proxy, &[&["-H", "localhost", "-p", &port], more].concat())
    };
    tcp(&alice, &["--proxy-password-file", password]).run().expect(State::Ok);
    tcp(&alice, &[])
        .env("HLIDKA_PROXY_PASSWORD", "wr0ng")
        .run()
        .expect(State::Critical)
        .says("refuses the user");
    tcp(&guarded, &[]).run().expect(State::Critical).says("the proxy wants a user and a password");
}

#[test]
fn everything_else_goes_by_connect() {
    let proxy = HttpProxy::start();
    let open = format!("127.0.0.1:{}", proxy.port);
    let greeter = scripted(Script::new("220 greeter ready\r\n")).to_string();
    let tcp = |port: &str, more: &[&str]| {
        through::<check_tcp::Args>(&open, &[&["-H", "localhost", "-p", port], more].concat())
    };
    tcp(&greeter, &["-e", "220 greeter"]).run().expect(State::Ok).says(&format!("through {open}"));
    let dead = free_port().to_string();
    tcp(&dead, &[])
        .run()
        .expect(State::Critical)
        .says("the proxy answers `HTTP/1.1 503 Service Unavailable`");
    let at = |script: Script, line: &str| {
        let fake = format!("127.0.0.1:{}", scripted(script));
        let run = through::<check_tcp::Args>(&fake, &["-H", "x.test", "-p", "1", "-t", "1"]).run();
        run.expect(State::Critical).says(line);
    };
    at(Script::new("220 mail\r\n\r\n"), "the proxy does not speak HTTP, it said `220 mail`");
    at(Script::new("HTTP/1.1 200 OK\r\n").hanging_up(), "the proxy answers `HTTP/1.1 200 OK`");
    at(Script::new("").hanging_up(), "through the proxy 127.0.0.1:");
    at(Script::new("x".repeat(100_000)), "the proxy does not speak HTTP, it said `xxxx");
    at(Script::new(""), "no answer within 1 seconds");
}

/// As monitoring-plugins ask a proxy: by its address and a whole URL.
#[test]
fn a_whole_url_is_asked_of_the_address() {
    let (web, proxy) = (Web::nginx(), HttpProxy::start());
    let (port, at) = (web.port.to_string(), proxy.port.to_string());
    let url = format!("http://localhost:{port}/echo?a=b");
    let http = |more: &[&str]| {
        CheckCmd::new(CheckDef::of::<check_http::Args>()).args(["-I", "127.0.0.1", "-p", &at]).args(more)
    };
    http(&["-u", &url, "-s", "GET localhost"]).run().expect(State::Ok);
    http(&["-u", &url, "-H", "localhost"]).run().expect(State::Ok);
    let line = format!("GET {url} HTTP/1.1");
    assert!(proxy.requests().contains(&line), "{line}: {}", proxy.requests());
    http(&["-u", &url, "-H", "other.test"]).run().expect(State::Unknown).says("two hosts");
    http(&["-u", &url, "--proxy", "http://127.0.0.1:1"])
        .run()
        .expect(State::Unknown)
        .says("leave --proxy out");
    http(&["-u", "https://localhost/"]).run().expect(State::Unknown).says("--proxy http://host:port");
    let bare = CheckCmd::new(CheckDef::of::<check_http::Args>()).args(["-H", "localhost", "-u", &url]);
    bare.run().expect(State::Unknown).says("a whole URL is for a proxy");
}
