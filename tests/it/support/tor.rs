//! A private Tor network on loopback: three authorities, three relays, an onion service, a client.
//!
//! No packet leaves the machine, and names of the onion service exist in this network only. It takes
//! a quarter of a minute to agree on a consensus, so a test has one for all it wants to reach.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use testkit::{Server, free_port};

const TOR: &str = "/usr/bin/tor";
const AUTHORITIES: usize = 3;
const RELAYS: usize = 3;

/// A network has so long for each of its steps.
const READY: Duration = Duration::from_secs(60);

/// What all nodes are told: to vote and publish within seconds, and to end with the test.
const COMMON: &str = "TestingTorNetwork 1
NumCPUs 1
ShutdownWaitLength 0
EnforceDistinctSubnets 0
PathsNeededToBuildCircuits 0.67
TestingClientMaxIntervalWithoutRequest 2 seconds
";

const RELAY: &str = "SocksPort 0
Address 127.0.0.1
OutboundBindAddress 127.0.0.1
AssumeReachable 1
ContactInfo x@example.invalid
ExitRelay 1
ExitPolicyRejectPrivate 0
ExitPolicy accept 127.0.0.0/8:*
ExitPolicy accept *:1024-65535
ExitPolicy reject *:*
ServerDNSDetectHijacking 0
ServerDNSTestAddresses
ServerDNSAllowBrokenConfig 1
";

const AUTHORITY: &str = "AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
TestingV3AuthInitialVotingInterval 5
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
V3AuthVotingInterval 10
V3AuthVoteDelay 2
V3AuthDistDelay 2
TestingDirAuthVoteExit *
TestingDirAuthVoteGuard *
TestingDirAuthVoteHSDir *
TestingMinExitFlagThreshold 0
";

/// A running network.
pub struct Tor {
    /// Port of the client's SOCKS5 proxy on 127.0.0.1.
    pub socks: u16,
    /// The onion service's name, `….onion`.
    pub onion: String,
    _nodes: Vec<Server>,
    _dir: tempfile::TempDir,
}

/// One node before it runs.
struct Node {
    name: String,
    dir: PathBuf,
    or_port: u16,
    dir_port: u16,
}

impl Tor {
    /// Starts one; the onion service leads each of its ports to one of 127.0.0.1.
    pub fn start(services: &[(u16, u16)]) -> Tor {
        let network = || Tor::try_start(services);
        // a port that was free when it was chosen may be somebody else's when its node starts
        network().or_else(|_| network()).or_else(|_| network()).unwrap_or_else(|why| panic!("{why}"))
    }

    fn try_start(services: &[(u16, u16)]) -> Result<Tor, String> {
        let dir = tempfile::tempdir().unwrap();
        let authorities: Vec<Node> =
            (0..AUTHORITIES).map(|n| Node::new(dir.path(), &format!("auth{n}"))).collect();
        let relays: Vec<Node> = (0..RELAYS).map(|n| Node::new(dir.path(), &format!("relay{n}"))).collect();
        let lines = directory(&authorities);
        let mut nodes = Vec::new();
        for node in authorities.iter().chain(&relays) {
            let more = if node.name.starts_with("auth") { AUTHORITY } else { "" };
            let ports = format!("ORPort 127.0.0.1:{}\nDirPort 127.0.0.1:{}\n", node.or_port, node.dir_port);
            nodes.push(node.start(&format!("{RELAY}{more}{ports}{lines}")));
        }
        for node in authorities.iter().chain(&relays) {
            wait(&mut nodes, &format!("{} knows all relays", node.name), || {
                node.knows(AUTHORITIES + RELAYS)
            })?;
        }

        let (host, client) = (Node::new(dir.path(), "host"), Node::new(dir.path(), "client"));
        let folder = host.dir.join("service");
        let mut ports = String::new();
        for (port, target) in services {
            writeln!(ports, "HiddenServicePort {port} 127.0.0.1:{target}").unwrap();
        }
        nodes.push(host.start(&format!(
            "SocksPort 0\nControlPort 127.0.0.1:{}\nHiddenServiceDir {}\nHiddenServiceVersion 3\n{ports}{lines}",
            host.dir_port,
            folder.display()
        )));
        nodes.push(client.start(&format!(
            "SocksPort 127.0.0.1:{}\nControlPort 127.0.0.1:{}\n{lines}",
            client.or_port, client.dir_port
        )));
        for node in [&host, &client] {
            wait(&mut nodes, &format!("tor {} has joined the network", node.name), || {
                node.asked("GETINFO status/bootstrap-phase").is_some_and(|said| said.contains("PROGRESS=100"))
            })?;
        }
        let onion = fs::read_to_string(folder.join("hostname")).unwrap().trim().to_owned();
        let address = onion.strip_suffix(".onion").unwrap();
        wait(&mut nodes, "the onion service has published itself", || {
            host.asked(&format!("GETINFO hs/service/desc/id/{address}"))
                .is_some_and(|said| said.contains("hs-descriptor 3"))
        })?;
        Ok(Tor { socks: client.or_port, onion, _nodes: nodes, _dir: dir })
    }
}

/// Asks until the answer is yes; gives up when a node has ended, or after a minute.
fn wait(nodes: &mut [Server], what: &str, mut is_so: impl FnMut() -> bool) -> Result<(), String> {
    let start = Instant::now();
    while !is_so() {
        if start.elapsed() > READY || nodes.iter_mut().any(Server::has_ended) {
            return Err(format!("waited {:?} until {what}", start.elapsed()));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The lines by which nodes know the authorities, whose keys are made first, all at once.
fn directory(authorities: &[Node]) -> String {
    thread::scope(|scope| {
        let made: Vec<_> = authorities.iter().map(|node| scope.spawn(|| node.make_authority())).collect();
        made.into_iter().map(|made| made.join().unwrap()).collect()
    })
}

impl Node {
    fn new(parent: &Path, name: &str) -> Node {
        let dir = parent.join(name);
        fs::DirBuilder::new().mode(0o700).create(&dir).unwrap();
        Node { name: name.to_owned(), dir, or_port: free_port(), dir_port: free_port() }
    }

    /// Makes its identity and signing keys; the answer is the line that names it.
    fn make_authority(&self) -> String {
        let keys = self.dir.join("keys");
        let nobody = "x orport=1 no-v2 v3ident=0000000000000000000000000000000000000000 127.0.0.1:1 \
                      0000000000000000000000000000000000000000";
        let mut command = Command::new(TOR);
        command.args(["--quiet", "--list-fingerprint", "-f", "/dev/null", "--defaults-torrc", "/dev/null"]);
        command.args([
            "--ignore-missing-torrc",
            "--Nickname",
            &self.name,
            "--ORPort",
            "auto",
            "--SocksPort",
            "0",
        ]);
        command
            .args(["--TestingTorNetwork", "1", "--DirAuthority", nobody, "--DataDirectory"])
            .arg(&self.dir);
        assert!(command.stdout(Stdio::null()).status().unwrap().success(), "tor makes keys");
        let mut command = Command::new("/usr/bin/tor-gencert");
        command.arg("--create-identity-key").args(["-m", "12", "--passphrase-fd", "0", "-a"]);
        command.arg(format!("127.0.0.1:{}", self.dir_port));
        for (option, file) in [
            ("-i", "authority_identity_key"),
            ("-s", "authority_signing_key"),
            ("-c", "authority_certificate"),
        ] {
            command.arg(option).arg(keys.join(file));
        }
        let mut gencert =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        gencert.stdin.take().unwrap().write_all(b"passphrase\n").unwrap();
        assert!(gencert.wait().unwrap().success(), "tor-gencert makes keys");
        let certificate = fs::read_to_string(keys.join("authority_certificate")).unwrap();
        let v3 = certificate.lines().find_map(|line| line.strip_prefix("fingerprint ")).unwrap();
        let fingerprint = fs::read_to_string(self.dir.join("fingerprint")).unwrap();
        let fingerprint = fingerprint.split_whitespace().nth(1).unwrap();
        let (name, or_port, dir_port) = (&self.name, self.or_port, self.dir_port);
        format!(
            "DirAuthority {name} orport={or_port} no-v2 v3ident={v3} 127.0.0.1:{dir_port} {fingerprint}\n"
        )
    }

    fn start(&self, more: &str) -> Server {
        let torrc = self.dir.join("torrc");
        let at = self.dir.display();
        let own = format!(
            "Nickname {}\nDataDirectory {at}\nLog notice file {at}/notice.log\n__OwningControllerProcess {}\n",
            self.name,
            std::process::id()
        );
        fs::write(&torrc, format!("{COMMON}{own}{more}")).unwrap();
        let mut command = Command::new(TOR);
        Server::start(command.args(["--quiet", "--defaults-torrc", "/dev/null", "-f"]).arg(torrc))
    }

    /// Does its consensus list so many relays, all fit for onion services?
    fn knows(&self, relays: usize) -> bool {
        let files = ["cached-microdesc-consensus", "cached-consensus"];
        files.iter().any(|file| {
            let consensus = fs::read_to_string(self.dir.join(file)).unwrap_or_default();
            let lines = |start: &str| consensus.lines().filter(|line| line.starts_with(start)).count();
            let able = consensus.lines().filter(|line| line.starts_with("s ") && line.contains(" HSDir"));
            lines("r ") == relays && able.count() == relays
        })
    }

    /// What it says on its control port, all of it.
    fn asked(&self, question: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.dir_port)).ok()?;
        write!(stream, "AUTHENTICATE\r\n{question}\r\nQUIT\r\n").ok()?;
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        Some(lines.collect::<Vec<_>>().join("\n"))
    }
}
