//! `check_bitcoind` against a stand-in for bitcoind (none is packaged), with sources served by nginx,
//! through a real SOCKS5 proxy, and against listeners that misbehave (T42, T19).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use check::{CheckDef, State};
use serde_json::{Value, json};
use testkit::{CheckCmd, Script, Server, free_port, scripted, wait_for_port};

use crate::support::web::Web;

const HEIGHT: u64 = 870_000;

/// What the stand-in answers, as the releases of Bitcoin Core do.
#[derive(Clone)]
struct Answers {
    chain: Value,
    network: Value,
    /// Of `getblockheader`.
    header: Value,
    /// Answers every call by this error.
    error: Option<(i64, &'static str)>,
    /// Answers every request by this status and text, and no JSON.
    instead: Option<(&'static str, &'static str)>,
    /// Version of JSON-RPC in answers: 2 has no null members and errors with status 200.
    version: u8,
}

impl Answers {
    fn new() -> Answers {
        Answers {
            chain: json!({
                "chain": "main", "blocks": HEIGHT, "headers": HEIGHT, "bestblockhash": "00ab", "difficulty": 1.0e14,
                "time": seconds() - 300, "mediantime": seconds() - 3600, "verificationprogress": 0.9999,
                "initialblockdownload": false, "chainwork": "00ff", "size_on_disk": 7, "pruned": false, "warnings": []
            }),
            network: json!({
                "version": 280_000, "subversion": "/Satoshi:28.0.0/", "protocolversion": 70_016, "networkactive": true,
                "connections": 11, "connections_in": 1, "connections_out": 10, "warnings": []
            }),
            header: json!({"hash": "00ab", "height": HEIGHT, "time": seconds() - 600}),
            error: None,
            instead: None,
            version: 1,
        }
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// An RPC server as bitcoind is seen from outside: POST only, basic authentication, connections kept.
struct Node {
    port: u16,
    cookie: PathBuf,
    answers: Arc<Mutex<Answers>>,
    dir: tempfile::TempDir,
}

impl Node {
    fn start() -> Node {
        let dir = tempfile::tempdir().unwrap();
        let cookie = dir.path().join(".cookie");
        std::fs::write(&cookie, "__cookie__:c00c1e").unwrap();
        let answers = Arc::new(Mutex::new(Answers::new()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = answers.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = shared.clone();
                thread::spawn(move || while serve(&client, &shared).is_some() {});
            }
        });
        Node { port, cookie, answers, dir }
    }

    fn with(change: impl FnOnce(&mut Answers)) -> Node {
        let node = Node::start();
        change(&mut node.answers.lock().unwrap());
        node
    }

    /// The check, logged in by the cookie, without sources.
    fn check(&self) -> CheckCmd {
        bare().args(["-p", &self.port.to_string(), "--cookie-file"]).arg(&self.cookie)
    }
}

/// One request of a connection; none when that has ended.
fn serve(client: &TcpStream, answers: &Mutex<Answers>) -> Option<()> {
    let mut lines = BufReader::new(client);
    let (mut first, mut length, mut login) = (String::new(), 0, String::new());
    lines.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => value.clone_into(&mut login),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    let answers = answers.lock().unwrap().clone();
    // __cookie__:c00c1e, and monitor:s3cret
    let known = ["Basic X19jb29raWVfXzpjMDBjMWU=", "Basic bW9uaXRvcjpzM2NyZXQ="];
    let (status, kind, content) = if let Some((status, text)) = answers.instead {
        (status, "text/plain", text.to_owned())
    } else if !first.starts_with("POST / ") {
        ("405 Method Not Allowed", "text/html", "JSONRPC server handles only POST requests".to_owned())
    } else if !known.contains(&login.as_str()) {
        ("401 Unauthorized", "text/html", String::new())
    } else {
        let (status, answer) = reply(&answers, &serde_json::from_slice(&body).unwrap());
        (status, "application/json", format!("{answer}\n"))
    };
    let login = if status.starts_with("401") { "WWW-Authenticate: Basic realm=\"jsonrpc\"\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status}\r\n{login}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    let mut client = client;
    client.write_all((head + &content).as_bytes()).ok()
}

fn reply(answers: &Answers, call: &Value) -> (&'static str, Value) {
    let result = match (answers.error, call["method"].as_str().unwrap()) {
        (Some((code, message)), _) => Err((code, message)),
        (None, "getblockchaininfo") => Ok(&answers.chain),
        (None, "getnetworkinfo") => Ok(&answers.network),
        (None, "getblockheader") if call["params"] == json!(["00ab"]) => Ok(&answers.header),
        (None, "getblockheader") => Err((-5, "Block not found")),
        (None, _) => Err((-32601, "Method not found")),
    };
    let id = &call["id"];
    let error = |(code, message)| json!({"code": code, "message": message});
    match (result, answers.version) {
        (Ok(result), 2) => ("200 OK", json!({"jsonrpc": "2.0", "result": result, "id": id})),
        (Err(why), 2) => ("200 OK", json!({"jsonrpc": "2.0", "error": error(why), "id": id})),
        (Ok(result), _) => ("200 OK", json!({"result": result, "error": null, "id": id})),
        (Err(why), _) => {
            let status = if why.0 == -32601 { "404 Not Found" } else { "500 Internal Server Error" };
            (status, json!({"result": null, "error": error(why), "id": id}))
        }
    }
}

/// Reads a request and hangs up.
fn hanging_up() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut asked = Vec::new();
            let mut buffer = [0; 4096];
            while !asked.ends_with(b"}") {
                match client.read(&mut buffer) {
                    Ok(read) if read > 0 => asked.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
        }
    });
    port
}

fn bare() -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_bitcoind::Args>())
}

/// nginx with sources: texts and JSON, some of them wrong.
fn sources() -> Web {
    let web = Web::nginx();
    web.file("tip", format!("{HEIGHT}\n"));
    web.file("next", (HEIGHT + 1).to_string());
    web.file("late", (HEIGHT - 40).to_string());
    web.file("status.js", json!({"backend": {"blocks": HEIGHT, "s": HEIGHT.to_string()}}).to_string());
    web.file("list.js", json!([{"height": HEIGHT + 1}, {"height": HEIGHT}]).to_string());
    web.file("page.html", "<html>Bitcoin</html>");
    web.file("huge", "8".repeat(2_000_000));
    web
}

fn source(web: &Web, name: &str, path: &str) -> [String; 2] {
    ["-s".to_owned(), format!("{name}=http://localhost:{}/{path}", web.port)]
}

fn three(web: &Web) -> Vec<String> {
    [("a", "tip"), ("b", "status.js#backend.blocks"), ("c", "list.js#$[0].height")]
        .iter()
        .flat_map(|(name, path)| source(web, name, path))
        .collect()
}

/// T42: the height against the median of several independent sources, in texts and JSON.
#[test]
fn a_node_is_compared_with_several_sources() {
    let web = sources();
    let node = Node::start();
    let run = node.check().args(three(&web)).run().expect(State::Ok);
    let want = "BITCOIND OK - height 870000, level with the median 870000 of 3 sources, newest block 5 minutes old, 11 peers";
    assert_eq!(run.text.trim_end(), want);
    assert_eq!(
        (run.metric("height"), run.metric("lag"), run.metric("sources"), run.metric("peers")),
        (870_000.0, 0.0, 3.0, 11.0)
    );
    assert!((300.0..400.0).contains(&run.metric("tip_age")), "{}", run.output);
    let more = node.check().args(three(&web)).arg("-v").run().expect(State::Ok);
    more.shows("node: /Satoshi:28.0.0/, 11 peers, 10 of them outbound").shows("\nc: 870001\n");

    let behind = |blocks: u64| {
        node.answers.lock().unwrap().chain["blocks"] = json!(HEIGHT - blocks);
        node.check().args(three(&web)).run()
    };
    behind(3).expect(State::Ok).says("3 blocks behind the median 870000");
    behind(5)
        .expect(State::Warning)
        .says("WARNING - 5 blocks behind the median 870000 of 3 sources, height 869995");
    behind(8).expect(State::Critical);
    // its own user, by file and by environment
    let password = node.dir.path().join("password");
    std::fs::write(&password, "s3cret\n").unwrap();
    let user = || bare().args(["-p", &node.port.to_string(), "-u", "monitor"]).args(three(&web));
    user().arg("--password-file").arg(&password).run().expect(State::Critical).says("8 blocks behind");
    user().env("HLIDKA_BITCOIND_PASSWORD", "s3cret").run().expect(State::Critical).says("8 blocks behind");
}

#[test]
fn sources_that_fail_or_disagree_are_named() {
    let web = sources();
    let node = Node::start();
    let with = |more: &[(&str, &str)], line: &[&str]| {
        let more = more.iter().flat_map(|(name, path)| source(&web, name, path));
        node.check().args(three(&web)).args(more).args(line).run()
    };
    with(&[("old", "late")], &[]).expect(State::Ok).says("of 3 sources").says("; old disagrees: 869960");
    with(&[("old", "late")], &["--strict"]).expect(State::Warning).says("a source is not to be relied on");
    let run = with(&[("gone", "none"), ("page", "page.html"), ("shut", "down")], &["--min-sources", "3"]);
    run.expect(State::Ok)
        .says("; gone: HTTP/1.1 404 Not Found")
        .says("; page: `<html>Bitcoin</html>` is no height")
        .says("; shut: HTTP/1.1 503");
    with(&[("path", "status.js#nothing")], &[]).expect(State::Ok).says("path: no $.nothing in the answer");
    with(&[("page", "page.html#height")], &[]).expect(State::Ok).says("page: the answer is no JSON");
    with(&[("huge", "huge")], &["--max-body", "1M"]).expect(State::Ok).says("sends more than 1 MiB");
    with(&[("huge", "huge")], &[]).expect(State::Ok).says("huge: `8888").says("is no height");
    with(&[("loop", "loop")], &[]).expect(State::Ok).says("; loop: HTTP/1.1 302");
    // a redirect to where the height is not
    with(&[("moved", "redir")], &[]).expect(State::Ok).says("; moved: ");
    let closed = format!("closed=http://127.0.0.1:{}/", free_port());
    with(&[], &["-s", &closed])
        .expect(State::Ok)
        .says("; closed: connect to 127.0.0.1")
        .says("Connection refused");
    // too few: the lag is not known, and that is said, not guessed
    let few = node.check().args(["-s", &closed]).args(source(&web, "a", "tip")).run().expect(State::Unknown);
    few.says("1 of 2 sources agree, at least 2 must, so the lag is not known");
    let split = node.check().args(source(&web, "a", "tip")).args(source(&web, "b", "late")).run();
    split.expect(State::Unknown).says("a disagrees: 870000; b disagrees: 869960");
    let usage = node.check().args(source(&web, "a", "tip")).args(["--min-sources", "2"]).run();
    usage.expect(State::Unknown).says("--min-sources 2 cannot be met by 1");
}

/// One source that never answers costs time, not the comparison.
#[test]
fn a_slow_source_is_named_and_the_others_count() {
    let web = sources();
    let node = Node::start();
    let silent = format!("slow=http://127.0.0.1:{}/tip", scripted(Script::new("")));
    let start = Instant::now();
    let run = node.check().args(three(&web)).args(["-s", &silent, "-t", "2"]).run().expect(State::Ok);
    run.says("of 3 sources").says("; slow: no answer in time");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    let ssh = format!("ssh=http://127.0.0.1:{}/", scripted(Script::new("SSH-2.0-x\r\n")));
    node.check()
        .args(three(&web))
        .args(["-s", &ssh])
        .run()
        .expect(State::Ok)
        .says("ssh: 127.0.0.1")
        .says("HTTP");
}

#[test]
fn the_node_is_judged_too() {
    let web = sources();
    let with = |change: &dyn Fn(&mut Answers), line: &[&str]| {
        Node::with(|answers| change(answers)).check().args(three(&web)).args(line).run()
    };
    // T42: tip age, peers and warnings
    with(&|a| a.chain["time"] = json!(seconds() - 10_000), &[])
        .expect(State::Warning)
        .says("newest block 2.8 hours old");
    with(&|a| a.chain["time"] = json!(seconds() - 90_000), &[]).expect(State::Critical);
    with(
        &|a| a.chain["time"] = json!(seconds() - 90_000),
        &["--tip-age-warning", "2d", "--tip-age-critical", "3d"],
    )
    .expect(State::Ok);
    with(&|a| a.network["connections"] = json!(2), &[]).expect(State::Warning).says("2 peers");
    with(&|a| a.network["connections"] = json!(0), &[]).expect(State::Critical).says("0 peers");
    with(&|a| a.network["networkactive"] = json!(false), &[]).expect(State::Critical).says("switched off");
    with(&|a| a.chain["warnings"] = json!("unknown new rules"), &[])
        .expect(State::Warning)
        .says("the node warns: unknown new rules");
    with(&|a| a.network["warnings"] = json!(["x", "pre-release"]), &["--ignore-warnings", "pre-release"])
        .expect(State::Warning)
        .says("the node warns: x, height");
    with(&|a| a.chain["chain"] = json!("test"), &[])
        .expect(State::Critical)
        .says("on chain test, expected main");
    with(&|a| a.chain["initialblockdownload"] = json!(true), &[])
        .expect(State::Warning)
        .says("initial block download, 99.9 % done");
    // a node before 23.0 tells the tip's time by its header only
    let old = |a: &mut Answers| {
        a.chain.as_object_mut().unwrap().remove("time");
        a.chain["warnings"] = json!("");
    };
    with(&old, &[]).expect(State::Ok).says("newest block 10 minutes old");
    with(&|a| a.version = 2, &[]).expect(State::Ok);

    // starting, refusing, overloaded
    with(&|a| a.error = Some((-28, "Loading block index…")), &[])
        .expect(State::Warning)
        .says("the node is starting: Loading block index…");
    let new = |a: &mut Answers| {
        a.version = 2;
        a.error = Some((-28, "Verifying blocks…"));
    };
    with(&new, &[]).expect(State::Warning).says("the node is starting: Verifying blocks…");
    with(&|a| a.error = Some((-32601, "Method not found")), &[])
        .expect(State::Critical)
        .says("getblockchaininfo: Method not found (code -32601)");
    with(&|a| a.instead = Some(("503 Service Unavailable", "Work queue depth exceeded")), &[])
        .expect(State::Critical)
        .says("503");
    with(&|a| a.instead = Some(("403 Forbidden", "")), &[]).expect(State::Unknown).says("rpcallowip");
    with(&|a| a.instead = Some(("200 OK", "<html>router</html>")), &[])
        .expect(State::Critical)
        .says("is that a bitcoind? Its answer is no JSON");
    with(&|a| a.chain = json!({"blocks": "many"}), &[])
        .expect(State::Critical)
        .says("getblockchaininfo tells no `blocks`");
}

#[test]
fn credentials_stay_where_they_belong() {
    let web = sources();
    let node = Node::start();
    std::fs::write(&node.cookie, "__cookie__:of-yesterday\n").unwrap();
    let run = node.check().args(three(&web)).arg("-vvv").run().expect(State::Unknown);
    let run = run.says("it refuses the login (401 Unauthorized)");
    assert!(!run.output.contains("yesterday"), "{}", run.output);
    std::fs::remove_file(&node.cookie).unwrap();
    node.check().args(three(&web)).run().expect(State::Critical).says("bitcoind is not running");
    std::fs::write(&node.cookie, "nonsense").unwrap();
    node.check().args(three(&web)).run().expect(State::Unknown).says("holds no cookie");
    let ask = |line: &[&str]| bare().args(line).args(three(&web)).run();
    ask(&[]).expect(State::Unknown).says("how to log in?");
    ask(&["-u", "monitor"]).expect(State::Unknown).says("--user monitor needs a password");
    std::fs::write(&node.cookie, "a:b").unwrap();
    bare()
        .args(["-H", "node.example", "--cookie-file"])
        .arg(&node.cookie)
        .args(three(&web))
        .run()
        .expect(State::Unknown)
        .says("the password would be sent to node.example unencrypted");
    bare().arg("--cookie-file").arg(&node.cookie).run().expect(State::Unknown).says("required");
    // keys in the URLs of sources are not told
    let key = format!("http://127.0.0.1:{}/s3cret/x?token=s3cret", free_port());
    std::fs::write(&node.cookie, "__cookie__:c00c1e").unwrap();
    let run = node.check().args(["-s", &key, "-vvv"]).run().expect(State::Unknown);
    assert!(!run.output.contains("s3cret"), "{}", run.output);
}

#[test]
fn whatever_answers_for_the_node_is_named() {
    let web = sources();
    web.file("index.html", "<html>");
    let dir = tempfile::tempdir().unwrap();
    let cookie = dir.path().join("cookie");
    std::fs::write(&cookie, "a:b").unwrap();
    let at = |port: u16| {
        let check = bare().args(["-p", &port.to_string(), "-t", "1", "--cookie-file"]).arg(&cookie);
        check.args(three(&web)).run()
    };
    at(free_port()).expect(State::Critical).says("Connection refused");
    at(scripted(Script::new("")))
        .expect(State::Critical)
        .says("no answer from 127.0.0.1")
        .says("within 1 seconds");
    at(scripted(Script::new("220 mx ESMTP\r\n"))).expect(State::Critical).says("does not answer in HTTP");
    at(hanging_up()).expect(State::Critical).says("closed the connection before its answer");
    at(web.port).expect(State::Critical).says("it answers `HTTP/1.1 405");
    let endless = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{";
    at(scripted(Script::new("").answers(&[("POST", endless)])))
        .expect(State::Critical)
        .says("sends more than 10 MiB");
}

#[test]
fn a_file_will_do_instead_of_rpc() {
    let web = sources();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("debug.log");
    let ask = |more: &str| {
        bare().arg("--height-file").arg(format!("{}{more}", file.display())).args(three(&web)).run()
    };
    ask("").expect(State::Unknown).says("No such file");
    // as `blocknotify=echo` would write it, as a script would, and as bitcoind does
    std::fs::write(&file, format!("{HEIGHT}\n")).unwrap();
    let run = ask("")
        .expect(State::Ok)
        .says("height 870000, level with the median 870000 of 3 sources, newest block");
    // as definitions pass it, a host that is not asked
    let with_host = bare().args(["-H", "192.0.2.1", "--height-file"]).arg(&file).args(three(&web)).run();
    with_host.expect(State::Ok).says("height 870000, level");
    assert!(run.metric("tip_age") < 120.0 && !run.perfdata.contains_key("peers"), "{}", run.output);
    std::fs::write(&file, json!({"node": {"height": HEIGHT - 9}}).to_string()).unwrap();
    ask("#node.height").expect(State::Critical).says("9 blocks behind");
    ask("").expect(State::Critical).says("is no height");
    let line = |height: u64| {
        format!(
            "2026-11-22T07:30:01Z UpdateTip: new best=00cd height={height} version=0x20000000 log2_work=95.1 tx=1 date='2026-11-22T07:29:00Z' progress=1.000000 cache=1.0MiB(1txo)\n"
        )
    };
    std::fs::write(&file, line(HEIGHT - 1) + &line(HEIGHT) + "2026-11-22T07:31:00Z Saw new header\n")
        .unwrap();
    // its date is that of the test's writing
    let run = ask("").says("height 870000, level with").says("newest block");
    assert!(run.perfdata["lag"].starts_with("0;"), "{}", run.output);
    let both = bare().args(["--height-file", "x", "--cookie-file", "y"]).args(three(&web)).run();
    both.expect(State::Unknown).says("cannot be used with");
}

/// T19: sources through the proxy or not at all; the node too, unless told otherwise.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let web = sources();
    let node = Node::start();
    let proxy = free_port();
    let _proxy =
        Server::start(Command::new("microsocks").args(["-i", "127.0.0.1", "-p", &proxy.to_string()]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let through = |proxy: u16, line: &[&str]| {
        let check = node.check().args(["--proxy", &format!("socks5h://127.0.0.1:{proxy}")]);
        check.args(three(&web)).args(line).run()
    };
    through(proxy, &[]).expect(State::Ok).says("of 3 sources");
    through(proxy, &["--node-direct"]).expect(State::Ok);
    let closed = free_port();
    through(closed, &[])
        .expect(State::Critical)
        .says("connect to the proxy")
        .says("(--node-direct asks the node without the proxy)");
    through(closed, &["--node-direct"])
        .expect(State::Unknown)
        .says("0 of 3 sources agree")
        .says("; a: connect to the proxy 127.0.0.1");
}
