//! Names: what a slow resolver, or an address of several that does not answer, does to checks.

use std::net::{SocketAddr, TcpListener, UdpSocket};

use check::{Check, CheckDef, State};
use testkit::{CheckCmd, CheckRun, Script, scripted};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::mounts::{in_network_namespace, replace};

#[track_caller]
fn run<C: Check>(arguments: &[&str]) -> CheckRun {
    CheckCmd::new(CheckDef::of::<C>()).args(arguments).program_only().run()
}

#[test]
fn a_resolver_that_says_nothing_is_named_with_what_was_asked() {
    in_network_namespace(module_path!(), "a_resolver_that_says_nothing_is_named_with_what_was_asked", || {
        let _silent = UdpSocket::bind("127.0.0.53:53").unwrap();
        replace("/etc/resolv.conf", "nameserver 127.0.0.53\n");
        let name = "time.example.test";
        run::<check_ntp::Args>(&["-H", name, "-t", "1"])
            .expect(State::Critical)
            .says("cannot resolve time.example.test: no answer from the resolver within 1 seconds");
        run::<check_ntp::Args>(&["-H", name, "-t", "1:unknown"]).expect(State::Unknown).says(name);
        run::<check_dns::Args>(&["-H", "x.test", "-s", name, "-t", "1"])
            .expect(State::Critical)
            .says("cannot resolve time.example.test: no answer from the resolver within 1 seconds");
        run::<check_tcp::Args>(&["-H", name, "-p", "80", "-t", "1"]).expect(State::Critical).says(name);
        run::<check_http::Args>(&["-H", name, "-t", "1"]).expect(State::Critical).says(name);
    });
}

#[test]
fn an_address_that_drops_packets_leaves_time_for_the_others() {
    in_network_namespace(module_path!(), "an_address_that_drops_packets_leaves_time_for_the_others", || {
        let web = Script::new("").answers(&[("\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]);
        let port = scripted(web);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // a queue for one client, which is there already: the next gets no answer
        let _full = runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            let address = SocketAddr::from(([127, 0, 0, 2], port));
            socket.bind(address).unwrap();
            let listener = socket.listen(0).unwrap();
            let first = TcpStream::connect(address).await.unwrap();
            (listener, first)
        });
        replace(
            "/etc/hosts",
            "127.0.0.2 two.example.test\n127.0.0.1 two.example.test\n127.0.0.2 none.example.test\n",
        );
        let at = port.to_string();
        let two = |more: &[&'static str]| {
            [&["-H", "two.example.test", "-p", at.as_str(), "-t", "4"], more].concat()
        };
        run::<check_tcp::Args>(&two(&[])).expect(State::Ok);
        run::<check_http::Args>(&two(&[])).expect(State::Ok);
        let none = ["-H", "none.example.test", "-p", at.as_str(), "-t", "1"];
        run::<check_tcp::Args>(&none).expect(State::Critical).says("within 1 seconds");
        assert!(TcpListener::bind(("127.0.0.1", port)).is_err(), "the other one is there");
    });
}
