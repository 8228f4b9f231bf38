//! `crates/radius`'s client against what no real server does: the mock of `testkit`, which shares no code with it.

use std::time::{Duration, Instant};

use check::Secret;
use radius::{Client, Code, Draft, Error, Kind, Options, Proof, Reply};
use testkit::Authority;
use testkit::radius::{Fault, Malformed, On, RadiusMock, RunningRadius};

const USER: &str = "test@example-home.cz";

/// A good server, to be made worse.
fn mock() -> RadiusMock {
    let dir = tempfile::tempdir().unwrap();
    let identity = Authority::new(dir.path()).server(&["radius.example-home.cz"]);
    // the certificate is read before the folder goes
    RadiusMock::new(&identity, "example-home.cz")
}

fn client(server: &RunningRadius) -> Client {
    let options = Options { max_sockets: 1, ..Options::default() };
    Client::udp(server.address(), Secret::from_argument("mon-secret"), options)
}

fn login(password: &str) -> Draft {
    let mut draft = Draft::access_request();
    draft.add(Kind::USER_NAME, USER).unwrap();
    draft.set_user_password(Secret::from_argument(password)).unwrap();
    draft
}

/// An EAP conversation's first request.
fn identity() -> Draft {
    let length = u8::try_from(USER.len() + 5).unwrap();
    let mut draft = Draft::access_request();
    draft.add_eap_message(&[&[2, 7, 0, length, 1], USER.as_bytes()].concat()).unwrap();
    draft
}

async fn ask(client: &Client, draft: &Draft, seconds: u64) -> Result<Reply, Error> {
    client.ask(draft, Instant::now() + Duration::from_secs(seconds)).await
}

#[tokio::test]
async fn two_implementations_agree_on_what_is_right() {
    let good = mock().start();
    let client = self::client(&good);
    let reply = ask(&client, &login("heslo123"), 5).await.unwrap();
    assert_eq!((reply.code(), reply.proof, reply.retransmissions), (Code::ACCESS_ACCEPT, Proof::First, 0));
    assert_eq!(ask(&client, &login("wrong"), 5).await.unwrap().code(), Code::ACCESS_REJECT);
    // over one block of 16 octets, and as many as fit
    for length in [15, 16, 17, 128] {
        let password = "p".repeat(length);
        let server = mock().account(USER, &password).start();
        let reply = ask(&self::client(&server), &login(&password), 5).await.unwrap();
        assert_eq!(reply.code(), Code::ACCESS_ACCEPT, "{length} octets");
    }
    assert_eq!(ask(&client, &Draft::status_server(), 5).await.unwrap().code(), Code::ACCESS_ACCEPT);
    let reply = ask(&client, &identity(), 5).await.unwrap();
    assert_eq!((reply.code(), reply.proof), (Code::ACCESS_CHALLENGE, Proof::First));
    let eap = reply.packet.eap_message().unwrap();
    assert_eq!((eap[0], eap[4], eap[5]), (1, 25, 0x20), "PEAP begins");
    let seen = good.seen();
    assert_eq!((seen.requests, seen.retransmissions, seen.refused), (4, 0, 0));

    let generous = mock().fault(Fault::AcceptsAtOnce).start();
    let keys = ask(&self::client(&generous), &identity(), 5).await.unwrap().keys;
    assert_eq!((keys.recv, keys.send), (Some(vec![0x5a; 32]), Some(vec![0x5a; 32])));
    let lacking = mock().fault(Fault::AcceptsAtOnce).fault(Fault::NoKeys).start();
    let keys = ask(&self::client(&lacking), &identity(), 5).await.unwrap().keys;
    assert_eq!((keys.recv, keys.send), (None, None));
}

#[tokio::test]
async fn what_is_lost_is_sent_again_octet_by_octet() {
    let lossy = mock().fault(Fault::LosesCopies(1)).start();
    let client = self::client(&lossy);
    let (first, mut second) = (login("heslo123"), login("wrong"));
    second.add(Kind::CALLING_STATION_ID, "70-6F-6C-69-73-69").unwrap();
    let (accepted, rejected) = tokio::join!(ask(&client, &first, 20), ask(&client, &second, 20));
    let (accepted, rejected) = (accepted.unwrap(), rejected.unwrap());
    assert_eq!((accepted.code(), accepted.retransmissions), (Code::ACCESS_ACCEPT, 1));
    assert_eq!((rejected.code(), rejected.retransmissions), (Code::ACCESS_REJECT, 1));
    // RFC 5080, 2.2.1: two seconds, a tenth more or less
    let waited = accepted.elapsed.saturating_sub(accepted.rtt);
    assert!((1.7..5.0).contains(&waited.as_secs_f64()), "{waited:?}");
    let seen = lossy.seen();
    assert_eq!((seen.requests, seen.retransmissions, seen.changed_retransmissions), (4, 2, 0));
}

/// Each request has the verdict that is its own, though those of others come before it and again
/// after it; identifiers are used anew many times.
#[tokio::test]
async fn copies_and_late_replies_are_passed_over() {
    for faults in [
        &[Fault::Duplicates][..],
        &[Fault::LateCopies],
        &[Fault::Duplicates, Fault::LateCopies, Fault::Delay(Duration::from_millis(1))],
    ] {
        let server = faults.iter().fold(mock(), |mock, fault| mock.fault(*fault)).start();
        let client = self::client(&server);
        for i in 0..600 {
            let (password, verdict) =
                if i % 2 == 0 { ("heslo123", Code::ACCESS_ACCEPT) } else { ("wrong", Code::ACCESS_REJECT) };
            assert_eq!(
                ask(&client, &login(password), 30).await.unwrap().code(),
                verdict,
                "{i}th of {faults:?}"
            );
        }
        let mut asking = tokio::task::JoinSet::new();
        for i in 0..250 {
            let client = client.clone();
            asking.spawn(async move {
                let password = if i % 2 == 0 { "heslo123" } else { "wrong" };
                (i, ask(&client, &login(password), 30).await.unwrap().code())
            });
        }
        while let Some(done) = asking.join_next().await {
            let (i, verdict) = done.unwrap();
            assert_eq!(verdict == Code::ACCESS_ACCEPT, i % 2 == 0);
        }
        assert_eq!(server.seen().changed_retransmissions, 0);
    }
}

/// A reply that comes after its request was sent again, and once more when the next one is asked.
#[tokio::test]
async fn a_slow_server_answers_each_request_once() {
    let slow = mock().fault(Fault::Delay(Duration::from_millis(2800))).start();
    let client = self::client(&slow);
    let reply = ask(&client, &login("heslo123"), 20).await.unwrap();
    assert_eq!((reply.code(), reply.retransmissions), (Code::ACCESS_ACCEPT, 1));
    assert_eq!(ask(&client, &login("wrong"), 20).await.unwrap().code(), Code::ACCESS_REJECT);
    let error = ask(&client, &login("heslo123"), 1).await.unwrap_err();
    assert!(matches!(error, Error::Silent { transmissions: 1, .. }), "{error}");
}

#[tokio::test]
async fn what_is_not_proven_is_not_believed() {
    let told = async |fault: Fault, draft: &Draft| {
        let server = mock().fault(fault).start();
        ask(&client(&server), draft, 1).await
    };
    let good = login("heslo123");
    for draft in [&good, &identity()] {
        let error = told(Fault::NoMessageAuthenticator(On::Every), draft).await.unwrap_err();
        assert!(matches!(error, Error::Unauthenticated { .. }), "{error}");
        for fault in
            [Fault::WrongMessageAuthenticator(On::Every), Fault::WrongResponseAuthenticator(On::Every)]
        {
            let error = told(fault, draft).await.unwrap_err();
            assert!(matches!(error, Error::WrongSecret { .. }), "{fault:?}: {error}");
        }
        let error = told(Fault::OtherIdentifier(On::Every), draft).await.unwrap_err();
        assert!(matches!(error, Error::Silent { .. }), "{error}");
    }
    // a rejection lets nobody in: it counts, and says what it lacks
    let reply = told(Fault::NoMessageAuthenticator(On::Reject), &login("wrong")).await.unwrap();
    assert_eq!((reply.code(), reply.proof), (Code::ACCESS_REJECT, Proof::Missing));
    // but not a forged one
    let error = told(Fault::WrongMessageAuthenticator(On::Reject), &login("wrong")).await.unwrap_err();
    assert!(matches!(error, Error::WrongSecret { .. }), "{error}");
    // a server that does not know our secret says nothing
    let other = mock().secret("another").start();
    let error = ask(&client(&other), &good, 1).await.unwrap_err();
    assert!(matches!(error, Error::Silent { .. }), "{error}");
    assert_eq!(other.seen().refused, 1);
}

#[tokio::test]
async fn what_is_no_packet_is_no_reply() {
    for how in [
        Malformed::AttributeOfOneOctet,
        Malformed::AttributePastTheEnd,
        Malformed::StrayOctet,
        Malformed::LengthBelowHeader,
        Malformed::LengthPastTheEnd,
        Malformed::Truncated,
    ] {
        let server = mock().fault(Fault::Malformed(On::Every, how)).start();
        for draft in [login("heslo123"), identity()] {
            let error = ask(&client(&server), &draft, 1).await.unwrap_err();
            assert!(matches!(error, Error::Garbage { .. }), "{how:?}: {error}");
        }
    }
    // what a vendor puts into its own attribute is its own affair
    let how = Malformed::VendorAttributePastTheEnd;
    let server = mock().fault(Fault::Malformed(On::Every, how)).fault(Fault::AcceptsAtOnce).start();
    let reply = ask(&client(&server), &identity(), 5).await.unwrap();
    assert_eq!((reply.code(), reply.keys.recv), (Code::ACCESS_ACCEPT, Some(vec![0x5a; 32])));
}

#[tokio::test]
async fn large_packets_that_are_lost_are_silence() {
    let padded = {
        let mut draft = login("heslo123");
        for _ in 0..6 {
            draft.add_vendor(25178, &[(11, &[b'a'; 247])]).unwrap();
        }
        draft
    };
    let narrow = mock().fault(Fault::LosesRequestsAbove(1500)).start();
    let client = self::client(&narrow);
    assert_eq!(ask(&client, &login("heslo123"), 5).await.unwrap().code(), Code::ACCESS_ACCEPT);
    let error = ask(&client, &padded, 1).await.unwrap_err();
    assert!(matches!(error, Error::Silent { .. }), "{error}");
    assert!(narrow.seen().longest.0 > 1500);
    assert_eq!(ask(&self::client(&mock().start()), &padded, 5).await.unwrap().code(), Code::ACCESS_ACCEPT);
    let wide = mock().fault(Fault::AcceptsAtOnce).padding(1700);
    let reply = ask(&self::client(&wide.clone().start()), &identity(), 5).await.unwrap();
    assert!(reply.packet.as_bytes().len() > 1700);
    let narrow = wide.fault(Fault::LosesRepliesAbove(1500)).start();
    let error = ask(&self::client(&narrow), &identity(), 1).await.unwrap_err();
    assert!(matches!(error, Error::Silent { .. }), "{error}");
}
