//! U03: what `hlidka-worker` makes of the checks' option tables is what other servers, `man` and
//! shells take; and a real Icinga 2 and a real Nagios run our checks by it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testkit::{Script, Server, program, scripted, wait_until};

use crate::support::web::Web;
use crate::support::{account, give, unprivileged};

/// A check as each server's objects say it, and what must become of it.
struct Case {
    name: &'static str,
    /// Icinga's variables.
    vars: &'static str,
    /// Nagios' arguments.
    arguments: &'static str,
    state: &'static str,
    text: &'static str,
    perfdata: &'static str,
}

const CASES: [Case; 5] = [
    Case {
        name: "disk",
        vars: "vars.hlidka_disk_path = [ \"/\" ]; vars.hlidka_disk_critical = \"0\"",
        arguments: "-c 0 -p /",
        state: "0",
        text: "DISK OK - free space: / ",
        perfdata: "/=",
    },
    Case {
        name: "load",
        vars: "vars.hlidka_load_percpu = true; vars.hlidka_load_warning = \"900,800,700\"",
        arguments: "--percpu -w 900,800,700",
        state: "0",
        text: "LOAD OK - ",
        perfdata: "scaled_load15=",
    },
    Case {
        name: "ssh",
        vars: "vars.hlidka_ssh_port = SSH; vars.hlidka_ssh_remote_protocol = \"1.0\"; vars.hlidka_ssh_use_ipv4 = true",
        arguments: "-p SSH -P 1.0 -4",
        state: "2",
        text: "SSH CRITICAL - ",
        perfdata: "time=",
    },
    Case {
        name: "tcp",
        vars: "vars.hlidka_tcp_port = WEB; vars.hlidka_tcp_warning = 0",
        arguments: "WEB!-w 0",
        state: "1",
        text: "TCP WARNING - ",
        perfdata: "time=",
    },
    Case {
        name: "http",
        vars: "vars.hlidka_http_port = WEB; vars.hlidka_http_url = \"/x\"; vars.hlidka_http_expect = \"404,403\"; \
               vars.hlidka_http_header = [ \"X-One: 1\", \"X-Two: 2\" ]",
        arguments: "-p WEB -u /x -e 404,403 -k 'X-One: 1' -k 'X-Two: 2'",
        state: "0",
        text: "HTTP OK: Status line output matched",
        perfdata: "size=",
    },
];

/// The servers that the cases ask.
struct Asked {
    web: Web,
    ssh: u16,
}

impl Asked {
    fn start() -> Asked {
        Asked { web: Web::nginx(), ssh: scripted(Script::new("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")) }
    }

    /// The text with the ports of both.
    fn filled(&self, text: &str) -> String {
        text.replace("WEB", &self.web.port.to_string()).replace("SSH", &self.ssh.to_string())
    }
}

fn plugins() -> PathBuf {
    program("hlidka-worker").parent().unwrap().to_owned()
}

fn generated(server: &str) -> String {
    let mut command = Command::new(program("hlidka-worker"));
    let output = command.args(["--definitions", server, "--plugins"]).arg(plugins()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A folder that servers without rights can use, with folders in it.
pub(crate) fn home(folders: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let home = dir.path().join("home");
    for folder in folders {
        fs::create_dir_all(home.join(folder)).unwrap();
    }
    (dir, home)
}

/// Names of the account that such servers have.
fn names() -> (String, String) {
    let (user, group) = account();
    let name = |database: &str, id: u32| {
        let output = Command::new("/usr/bin/getent").args([database, &id.to_string()]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().split(':').next().unwrap().to_owned()
    };
    (name("passwd", user), name("group", group))
}

/// Icinga 2 with that configuration, which it finds in `home`.
pub(crate) fn icinga(home: &Path, more: &[&str]) -> Command {
    let (user, group) = names();
    let mut command = unprivileged("/usr/sbin/icinga2");
    command.arg("daemon").arg("-c").arg(home.join("icinga2.conf"));
    let folders = [
        ("ConfigDir", ""),
        ("ZonesDir", "zones.d"),
        ("DataDir", "data"),
        ("LogDir", "log"),
        ("CacheDir", "cache"),
        ("SpoolDir", "spool"),
        ("InitRunDir", "run"),
        ("PidPath", "run/icinga2.pid"),
    ];
    for (name, folder) in folders {
        command.arg("-D").arg(format!("{name}={}", home.join(folder).display()));
    }
    command.args(["-D", &format!("RunAsUser={user}"), "-D", &format!("RunAsGroup={group}")]).args(more);
    command.env("ICINGA2_USER", user).env("ICINGA2_GROUP", group);
    command
}

#[test]
fn icinga_2_takes_every_definition_and_runs_five_checks_by_them() {
    let asked = Asked::start();
    let folders = ["data/certs", "data/api", "log/crash", "cache", "spool/perfdata", "run"];
    let (_dir, home) = home(&folders);
    let mut text = format!(
        "const NodeName = \"monitor\"\nconst ZoneName = \"monitor\"\nconst PluginDir = \"/usr/lib/nagios/plugins\"\ninclude <itl>\ninclude <plugins>\n{}\n\
         object CheckerComponent \"checker\" {{ }}\n\
         object LivestatusListener \"ask\" {{ socket_type = \"unix\"; socket_path = \"{}\" }}\n\
         object Host \"web\" {{ check_command = \"dummy\"; address = \"127.0.0.1\" }}\n",
        generated("icinga2"),
        home.join("run/ask").display()
    );
    for Case { name, vars, .. } in CASES {
        let vars = asked.filled(vars);
        writeln!(
            text,
            "object Service \"{name}\" {{ host_name = \"web\"; check_command = \"hlidka_{name}\"; check_interval = 2s; \
             retry_interval = 1s; {vars} }}"
        )
        .unwrap();
    }
    fs::write(home.join("icinga2.conf"), text).unwrap();
    give(&home);
    let valid = icinga(&home, &["-C"]).output().unwrap();
    let said = String::from_utf8_lossy(&valid.stdout).into_owned();
    assert!(valid.status.success(), "{said}");
    let count = plugin_count();
    assert!(said.contains("CheckCommands.") && !said.contains("warning/"), "{said}");
    assert!(said.split_whitespace().zip(said.split_whitespace().skip(1)).any(|(number, word)| {
        word.starts_with("CheckCommand") && number.parse::<usize>().is_ok_and(|number| number > count)
    }));

    let log = File::create(home.join("stdout")).unwrap();
    let _icinga = Server::start_logged(&mut icinga(&home, &[]), log);
    let mut answer = String::new();
    wait_until("Icinga has a result of each of five checks", || {
        answer = ask(&home.join("run/ask")).unwrap_or_default();
        CASES.iter().all(|case| {
            let mut lines = answer.lines().map(|line| line.splitn(4, '\t').collect::<Vec<_>>());
            lines.any(|line| {
                line.len() == 4 && line[0] == case.name && !line[2].is_empty() && !line[3].is_empty()
            })
        })
    });
    for case in CASES {
        let start = format!("{}\t", case.name);
        let line = answer.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
        let mut fields = line.splitn(3, '\t');
        let [state, text, perfdata] = [(); 3].map(|()| fields.next().unwrap());
        is_as_wanted(&case, state, text, perfdata);
    }
    let access = fs::read_to_string(asked.web.dir().join("access.log")).unwrap_or_default();
    assert!(access.contains("/x"), "{access}");
}

#[track_caller]
fn is_as_wanted(case: &Case, state: &str, text: &str, perfdata: &str) {
    assert!(text.starts_with(case.text), "{}: {text}", case.name);
    assert_eq!(state, case.state, "{}: {text}", case.name);
    assert!(
        perfdata.starts_with(case.perfdata) || perfdata.contains(&format!(" {}", case.perfdata)),
        "{}: {perfdata}",
        case.name
    );
}

/// Name, state, text and perfdata of all services, by Livestatus.
pub(crate) fn ask(socket: &Path) -> std::io::Result<String> {
    ask_for(socket, "GET services\nColumns: description state plugin_output perf_data\n")
}

/// The same for anything: a line each, tabs between columns, commas in lists.
pub(crate) fn ask_for(socket: &Path, query: &str) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(format!("{query}Separators: 10 9 44 124\n\n").as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn plugin_count() -> usize {
    let output = Command::new(program("hlidka-worker")).arg("--list").output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().count()
}

#[test]
fn nagios_takes_every_definition_and_runs_five_checks_by_them() {
    let asked = Asked::start();
    let (_dir, home) = home(&["results"]);
    let (user, group) = names();
    let mut objects = generated("nagios")
        + "define command {\n command_name up\n command_line /bin/true\n}\n\
           define contact {\n contact_name ann\n host_notification_commands up\n service_notification_commands up\n \
           host_notification_period always\n service_notification_period always\n}\n\
           define timeperiod {\n timeperiod_name always\n alias always\n sunday 00:00-24:00\n monday 00:00-24:00\n \
           tuesday 00:00-24:00\n wednesday 00:00-24:00\n thursday 00:00-24:00\n friday 00:00-24:00\n saturday 00:00-24:00\n}\n\
           define host {\n host_name web\n alias web\n address 127.0.0.1\n max_check_attempts 1\n check_period always\n \
           check_command up\n contacts ann\n notification_period always\n notifications_enabled 0\n}\n";
    for Case { name, arguments, .. } in CASES {
        let arguments = asked.filled(arguments);
        // required arguments stand alone, the rest together
        writeln!(
            objects,
            "define service {{\n host_name web\n service_description {name}\n check_command hlidka_{name}!{arguments}\n \
             max_check_attempts 1\n check_interval 2\n check_period always\n contacts ann\n notification_period always\n notifications_enabled 0\n}}"
        )
        .unwrap();
    }
    fs::write(home.join("objects.cfg"), &objects).unwrap();
    let at = home.display();
    let main = format!(
        "cfg_file={at}/objects.cfg\nlog_file={at}/nagios.log\nobject_cache_file={at}/objects.cache\n\
         precached_object_file={at}/objects.pre\nstatus_file={at}/status.dat\nstatus_update_interval=1\n\
         state_retention_file={at}/retention.dat\nretain_state_information=0\ntemp_file={at}/tmp\ntemp_path={at}\n\
         check_result_path={at}/results\nlock_file={at}/lock\nquery_socket={at}/query\ncommand_file={at}/command\n\
         check_external_commands=0\nnagios_user={user}\nnagios_group={group}\nuse_syslog=0\ninterval_length=1\n\
         max_service_check_spread=1\nillegal_object_name_chars=`\nprocess_performance_data=0\n"
    );
    fs::write(home.join("nagios.cfg"), main).unwrap();
    give(&home);
    let main = home.join("nagios.cfg");
    let valid = unprivileged("/usr/sbin/nagios4").arg("-v").arg(&main).output().unwrap();
    assert!(valid.status.success(), "{}", String::from_utf8_lossy(&valid.stdout));
    let read = Command::new(program("hlidka")).arg("verify").arg(home.join("objects.cfg")).output().unwrap();
    assert!(read.status.success(), "hlidka reads them as well: {}", String::from_utf8_lossy(&read.stdout));

    let log = File::create(home.join("stdout")).unwrap();
    let _nagios = Server::start_logged(unprivileged("/usr/sbin/nagios4").arg(&main), log);
    let mut status = String::new();
    wait_until("Nagios has a result of each of five checks", || {
        status = fs::read_to_string(home.join("status.dat")).unwrap_or_default();
        CASES.iter().all(|case| {
            service(&status, case.name).is_some_and(|of| !value(of, "performance_data").is_empty())
        })
    });
    for case in CASES {
        let of = service(&status, case.name).unwrap();
        let [state, text, perfdata] =
            ["current_state", "plugin_output", "performance_data"].map(|key| value(of, key));
        is_as_wanted(&case, state, text, perfdata);
    }
}

/// The block of a service in Nagios' status file.
fn service<'s>(status: &'s str, name: &str) -> Option<&'s str> {
    let mut blocks = status.split("servicestatus {").skip(1);
    blocks.find(|block| value(block, "service_description") == name)
}

fn value<'s>(block: &'s str, key: &str) -> &'s str {
    let mut lines = block.lines().filter_map(|line| line.trim().split_once('='));
    lines.find(|(found, _)| *found == key).map_or("", |(_, value)| value)
}

#[test]
fn the_basket_is_one_for_the_director() {
    let basket: Value = serde_json::from_str(&generated("director")).unwrap();
    assert_eq!(basket["Command"].as_object().unwrap().len(), plugin_count());
    let tcp = &basket["Command"]["hlidka_tcp"];
    assert_eq!(tcp["command"], plugins().join("check_tcp").to_str().unwrap());
    assert_eq!(tcp["arguments"]["--port"]["value"], "$hlidka_tcp_port$");
    assert_eq!(tcp["arguments"]["--all"]["set_if"], "$hlidka_tcp_all$");
    assert_eq!(tcp["vars"]["hlidka_tcp_hostname"], "$address$");
}

#[test]
fn man_and_shells_take_what_is_written_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    for option in ["--man", "--completions"] {
        let output = Command::new(program("hlidka-worker")).arg(option).arg(at).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let count = plugin_count();
    let pages: Vec<PathBuf> = fs::read_dir(at)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "1"))
        .collect();
    assert_eq!(pages.len(), count);
    let output = Command::new("/usr/bin/mandoc").args(["-Tlint", "-Werror"]).args(&pages).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let page =
        Command::new("/usr/bin/mandoc").args(["-Tascii", "-c"]).arg(at.join("check_tcp.1")).output().unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    for part in ["EXAMPLES", "EXIT STATUS", "HLIDKA_PROXY_PASSWORD", "check_tcp -H"] {
        assert!(page.contains(part) || bold(part, &page), "{part} is not in\n{page}");
    }

    let completed = |script: &str| {
        let output = Command::new("/bin/bash").args(["-c", script]).current_dir(at).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let script = "source bash-completion/completions/check_tcp.bash; COMP_WORDS=(check_tcp --prox); COMP_CWORD=1; \
                  _check_tcp check_tcp --prox check_tcp; echo ${COMPREPLY[@]}";
    assert_eq!(completed(script), "--proxy --proxy-password-file\n");
    let scripts = completed(
        "cd bash-completion/completions; for script in *; do bash -n $script || exit 1; done; ls | wc -l",
    );
    assert_eq!(scripts.trim(), count.to_string());
    assert_eq!(fs::read_dir(at.join("zsh/site-functions")).unwrap().count(), count);
    assert_eq!(fs::read_dir(at.join("fish/vendor_completions.d")).unwrap().count(), count);
}

/// Is the text there as a terminal without colours prints bold letters, each twice?
fn bold(text: &str, page: &str) -> bool {
    let letters: Vec<String> =
        text.chars().map(|c| if c == ' ' { c.to_string() } else { format!("{c}\u{8}{c}") }).collect();
    page.contains(&letters.concat())
}
