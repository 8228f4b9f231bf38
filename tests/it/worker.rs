//! Pools of `hlidka-worker` processes with real plugins, ours and Debian's, and with plugins that
//! misbehave in every way we know of.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jobs::{Done, Job, MAX_OUTPUT, Outcome, Pool, PoolError, Settings};
use nagios::{PluginOutput, State};
use rustix::process::{Pid, Signal};
use tempfile::TempDir;
use testkit::{program, wait_until};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;

const DEBIAN: &str = "/usr/lib/nagios/plugins";
/// No test runs jobs for longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A pool, and the results that come out of it.
struct Bench {
    pool: Pool,
    results: UnboundedReceiver<Done>,
    runtime: Runtime,
}

impl Bench {
    fn start(arguments: &[&str], workers: usize, window: usize) -> Bench {
        Bench::try_start(&program("hlidka-worker"), arguments, workers, window).unwrap()
    }

    fn try_start(
        program: &Path,
        arguments: &[&str],
        workers: usize,
        window: usize,
    ) -> Result<Bench, PoolError> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let settings = Settings { program: program.to_owned(), arguments, workers, window };
        let (pool, results) = runtime.block_on(Pool::start(settings))?;
        Ok(Bench { pool, results, runtime })
    }

    fn exec() -> Bench {
        Bench::start(&["--pool", "exec"], 2, 64)
    }

    fn in_process() -> Bench {
        Bench::of_ours("in-process")
    }

    fn apart() -> Bench {
        Bench::of_ours("apart")
    }

    fn of_ours(kind: &str) -> Bench {
        Bench::start(&["--pool", kind, "--plugins", our_plugins().to_str().unwrap()], 2, 64)
    }

    /// Waits for so many results.
    fn collect(&mut self, count: usize) -> Vec<Done> {
        let results = &mut self.results;
        self.runtime.block_on(async {
            let mut all = Vec::new();
            while all.len() < count {
                let done = tokio::time::timeout(PATIENCE, results.recv()).await;
                all.push(done.expect("results come").expect("the pool goes on"));
            }
            all
        })
    }

    fn run_job(&mut self, job: Job) -> Done {
        self.pool.submit(job);
        self.collect(1).remove(0)
    }

    fn run(&mut self, argv: &[&str], seconds: f64) -> Done {
        self.run_job(job(1, argv, seconds))
    }

    fn workers(&self) -> Vec<u32> {
        self.pool.workers().iter().filter_map(|worker| worker.pid).collect()
    }

    /// Asserts that all processes of finished jobs were waited for, then ends the pool.
    fn leaves_nothing_behind(self) {
        let workers = self.workers();
        wait_until("the workers have no children", || {
            workers.iter().all(|worker| children(*worker).is_empty())
        });
        self.runtime.block_on(self.pool.stop());
        for worker in workers {
            assert!(!Path::new(&format!("/proc/{worker}")).exists(), "{worker} is still there");
        }
    }
}

fn job(id: u64, argv: &[&str], seconds: f64) -> Job {
    Job {
        id,
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        environment: Vec::new(),
        timeout: Duration::from_secs_f64(seconds),
    }
}

fn our_plugins() -> std::path::PathBuf {
    program("check_dummy").parent().unwrap().to_owned()
}

/// Process ids of children, zombies included.
fn children(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default()
}

/// Running, and no zombie (of one that was orphaned, init may not have taken notice yet).
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    // it may be gone already
    let _ = rustix::process::kill_process(pid, Signal::KILL);
}

/// A port where connections are taken and dropped.
fn accepting() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    port
}

/// Scripts in a folder of their own.
struct Scripts(TempDir);

impl Scripts {
    fn new() -> Scripts {
        Scripts(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn add(&self, name: &str, text: &str, mode: u32) -> String {
        let (path, source) = (self.path(name), self.path("source"));
        fs::write(&source, text).unwrap();
        // Written by a process of its own: a child that another test starts right now would have our
        // open file for a moment, and the script could not be run ("text file busy").
        let mode = format!("--mode={mode:o}");
        let installed = Command::new("/usr/bin/install").args([&mode, &source, &path]).status().unwrap();
        assert!(installed.success());
        path
    }

    fn sh(&self, name: &str, text: &str) -> String {
        self.add(name, &format!("#!/bin/sh\n{text}\n"), 0o755)
    }

    /// A process id that a script has written to a file.
    fn pid(&self, name: &str) -> u32 {
        let path = self.path(name);
        let read = || fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
        wait_until("a script has written a process id", || read().is_some());
        read().unwrap()
    }
}

fn text(done: &Done) -> (State, String) {
    let (state, PluginOutput { text, .. }) = done.verdict();
    (state, text)
}

fn seconds(done: &Done) -> f64 {
    Duration::from_micros((done.finished - done.started).try_into().unwrap()).as_secs_f64()
}

#[test]
fn plugins_of_debian_and_ours_run_in_one_pool() {
    let mut bench = Bench::exec();
    let ours = program("check_dummy");
    let commands: [&[&str]; 6] = [
        &[&format!("{DEBIAN}/check_dummy"), "2", "of monitoring-plugins"],
        &[&format!("{DEBIAN}/check_load"), "-w", "9999", "-c", "9999"],
        &[&format!("{DEBIAN}/check_disk"), "-w", "0", "-c", "0", "-p", "/"],
        &[&format!("{DEBIAN}/check_procs"), "-w", "1:", "-c", "1:"],
        &[&format!("{DEBIAN}/check_users"), "--nonsense"],
        &[ours.to_str().unwrap(), "1", "of hlidka"],
    ];
    for (id, argv) in (100..).zip(commands) {
        bench.pool.submit(job(id, argv, 20.0));
    }
    let done: HashMap<u64, Done> = bench.collect(6).into_iter().map(|done| (done.id, done)).collect();
    assert_eq!(text(&done[&100]), (State::Critical, "CRITICAL: of monitoring-plugins".into()));
    for id in [101, 102, 103] {
        let (state, output) = done[&id].verdict();
        assert_eq!(state, State::Ok, "{output:?}");
        assert!(!output.metrics().is_empty(), "{output:?}");
        assert!(done[&id].started > 1_700_000_000_000_000 && done[&id].finished > done[&id].started);
    }
    assert_eq!(text(&done[&104]).0, State::Unknown);
    assert_eq!(text(&done[&105]), (State::Warning, "WARNING: of hlidka".into()));
    bench.leaves_nothing_behind();
}

#[test]
fn our_checks_run_inside_the_worker() {
    let port = accepting();
    let tcp = our_plugins().join("check_tcp");
    let dummy = our_plugins().join("check_dummy");
    let mut bench = Bench::in_process();
    for id in 0..200 {
        bench.pool.submit(job(id, &[tcp.to_str().unwrap(), "-H", "127.0.0.1", "-p", &port], 10.0));
    }
    for done in bench.collect(200) {
        let (state, output) = done.verdict();
        assert_eq!(state, State::Ok, "{output:?}");
        assert!(output.perfdata.starts_with("time="), "{output:?}");
    }
    let done = bench.run(&[dummy.to_str().unwrap(), "2", "x"], 10.0);
    let as_program = Command::new(&dummy).args(["2", "x"]).output().unwrap();
    assert_eq!((done.outcome, done.stdout), (Outcome::Exited(2), as_program.stdout));

    let elsewhere = bench.run(&[&format!("{DEBIAN}/check_dummy"), "0"], 10.0);
    assert!(text(&elsewhere).1.contains("is no check that runs inside the worker"));
    let mine = job(1, &[dummy.to_str().unwrap(), "0"], 1.0);
    assert!(bench.pool.runs_in_process(&mine));
    let with_variable = Job { environment: vec![("A".into(), "b".into())], ..mine };
    assert!(!bench.pool.runs_in_process(&with_variable));
    assert!(!Bench::exec().pool.runs_in_process(&job(1, &["/bin/true"], 1.0)));
    bench.leaves_nothing_behind();
}

#[test]
fn checks_with_a_c_library_run_apart_from_the_others() {
    let eap = our_plugins().join("check_eap");
    let words = ["-H", "127.0.0.1", "-P", "1", "-u", "a@example.org", "-e", "PEAP", "-t", "1"];
    let login = job(1, &[&[eap.to_str().unwrap()], &words[..]].concat(), 10.0);
    let dummy = our_plugins().join("check_dummy");
    let other = job(2, &[dummy.to_str().unwrap(), "0"], 10.0);
    let (pure, mut apart) = (Bench::in_process(), Bench::apart());
    assert!(!pure.pool.runs_in_process(&login) && pure.pool.runs_in_process(&other));
    assert!(apart.pool.runs_in_process(&login) && !apart.pool.runs_in_process(&other));
    let as_program = Command::new(&eap).args(words).output().unwrap();
    let done = apart.run_job(login);
    assert_eq!(done.outcome, Outcome::Exited(as_program.status.code().unwrap()));
    assert_eq!(String::from_utf8(done.stdout).unwrap(), String::from_utf8(as_program.stdout).unwrap());
    apart.leaves_nothing_behind();
}

#[test]
fn an_in_process_check_keeps_the_deadline_of_its_job() {
    // a listener that never answers
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let tcp = our_plugins().join("check_tcp");
    let mut bench = Bench::in_process();
    let start = Instant::now();
    let done =
        bench.run(&[tcp.to_str().unwrap(), "-H", "127.0.0.1", "-p", &port, "-d", "30", "-e", "x"], 0.5);
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(text(&done).0, State::Critical, "check_tcp's own state for a timeout");
    assert!(text(&done).1.contains("timed out after 0.5 seconds"), "{:?}", done.verdict());
}

#[test]
fn a_plugin_that_hangs_is_ended_with_all_its_children() {
    let scripts = Scripts::new();
    let child = scripts.path("child");
    let hangs = scripts.sh("check_hangs", &format!("echo before\nsleep 300 &\necho $! > {child}\nwait"));
    let mut bench = Bench::exec();
    let done = bench.run(&[&hangs], 1.0);
    assert_eq!(done.outcome, Outcome::TimedOut);
    assert!((0.99..6.0).contains(&seconds(&done)), "{}", seconds(&done));
    let (state, output) = done.verdict();
    assert_eq!(state, State::Unknown);
    assert!(output.text.starts_with("(Check timed out after "), "{output:?}");
    assert_eq!(output.long_text, "before");
    // signalled before the result came; when the kernel gets round to it is its own business
    wait_until("the group is dead", || !is_alive(scripts.pid("child")));
    bench.leaves_nothing_behind();
}

#[test]
fn a_plugin_that_ignores_sigterm_is_killed_and_one_that_heeds_it_may_clean_up() {
    let scripts = Scripts::new();
    let stubborn = scripts.sh(
        "check_stubborn",
        &format!("trap '' TERM\necho $$ > {}\nwhile :; do sleep 300; done", scripts.path("pid")),
    );
    let lock = scripts.path("lock");
    let tidy = scripts.sh(
        "check_tidy",
        &format!("trap 'rm {lock}; exit 0' TERM\ntouch {lock}\nwhile :; do sleep 0.05; done"),
    );
    let mut bench = Bench::exec();
    bench.pool.submit(job(1, &[&stubborn], 1.0));
    bench.pool.submit(job(2, &[&tidy], 1.0));
    for done in bench.collect(2) {
        assert_eq!(done.outcome, Outcome::TimedOut, "{}", done.id);
    }
    assert!(!is_alive(scripts.pid("pid")));
    assert!(!Path::new(&lock).exists(), "it had time to clean up");
    bench.leaves_nothing_behind();
}

#[test]
fn a_child_that_holds_the_pipe_does_not_hold_up_the_result() {
    let scripts = Scripts::new();
    let script =
        scripts.sh("check_daemon", &format!("sleep 300 &\necho $! > {}\necho OK", scripts.path("child")));
    let mut bench = Bench::exec();
    let start = Instant::now();
    let done = bench.run(&[&script], 30.0);
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(text(&done), (State::Ok, "OK".into()));
    let child = scripts.pid("child");
    assert!(is_alive(child), "nobody said that it was to end");
    // what such a child says at once still belongs to the plugin
    let late = scripts.sh("check_late", "(sleep 0.03; echo late) &\nprintf 'OK '");
    // on a busy machine it may come too late
    wait_until("a late word is taken", || text(&bench.run(&[&late], 30.0)).1 == "OK late");
    kill(child);
    bench.leaves_nothing_behind();
}

#[test]
fn output_is_capped_and_may_be_anything() {
    let scripts = Scripts::new();
    let mut bench = Bench::exec();
    let much = scripts.sh("check_much", "echo much\nhead -c 10000000 /dev/zero | tr '\\0' x\nexit 1");
    let done = bench.run(&[&much], 30.0);
    assert_eq!((done.stdout.len(), &done.outcome), (MAX_OUTPUT, &Outcome::Exited(1)));
    assert_eq!(text(&done), (State::Warning, "much".into()));

    let endless = scripts.sh("check_endless", "yes");
    let done = bench.run(&[&endless], 1.0);
    assert_eq!((done.stdout.len(), done.outcome), (MAX_OUTPUT, Outcome::TimedOut));

    let garbage = scripts.sh("check_garbage", r"printf 'a\0\377\033[2Jb\n\r\200|=;;'; echo no >&2; exit 2");
    let done = bench.run(&[&garbage], 10.0);
    assert_eq!(done.stdout, b"a\0\xff\x1b[2Jb\n\r\x80|=;;", "byte for byte, without standard error");
    assert_eq!(text(&done), (State::Critical, "a \u{fffd} [2Jb".into()));

    let closed = scripts.sh("check_closed", "echo early; exec >&-; sleep 0.2; exit 1");
    assert_eq!(text(&bench.run(&[&closed], 10.0)), (State::Warning, "early".into()));
    assert_eq!(text(&bench.run(&["/bin/true"], 10.0)).1, "(No output returned from plugin)");
    bench.leaves_nothing_behind();
}

#[test]
fn every_way_not_to_run_has_a_reason() {
    let scripts = Scripts::new();
    let mut bench = Bench::exec();
    let crash = scripts.sh("check_crash", "echo half; kill -SEGV $$");
    assert_eq!(
        text(&bench.run(&[&crash], 10.0)),
        (State::Unknown, "(Plugin was killed by SIGSEGV) half".into())
    );
    let missing = scripts.path("missing");
    let plain = scripts.add("plain", "#!/bin/sh\n", 0o644);
    let bare = scripts.add("bare", "echo hello\n", 0o755);
    let cases: [(&[&str], &str); 5] = [
        (&[&missing], "No such file or directory"),
        (&[&plain], "Permission denied (os error 13); is it an executable file"),
        (&[&bare], "a script must start with a #! line"),
        (&["check_of_nobody"], "is in no directory of PATH"),
        (&[], "the command is empty"),
    ];
    for (argv, reason) in cases {
        let (state, said) = text(&bench.run(argv, 10.0));
        assert_eq!(state, State::Unknown);
        assert!(said.starts_with("(Check was not started: ") && said.contains(reason), "{said}");
    }
    let long = "x".repeat(2_000_000);
    let (_, said) = text(&bench.run(&["/bin/true", &long], 10.0));
    assert!(said.contains("the command line is too long"), "{said}");
    let longer_than_the_kernel_takes = "x".repeat(200_000);
    let (_, said) = text(&bench.run(&["/bin/true", &longer_than_the_kernel_takes], 10.0));
    assert!(said.contains("Argument list too long"), "{said}");
    assert_eq!(
        text(&bench.run(&["/bin/sh", "-c", "exit 77"], 9.0)).1,
        "(Return code of 77 is out of bounds)"
    );
    bench.leaves_nothing_behind();
}

/// No shell in between, and the daemon's process is not the parent: it is never copied.
#[test]
fn arguments_and_environment_arrive_untouched_in_a_child_of_a_worker() {
    let mut bench = Bench::exec();
    let mut with_variables = job(1, &["/usr/bin/printenv", "GREETING"], 10.0);
    with_variables.environment.push(("GREETING".into(), "$(id) 'x'".into()));
    assert_eq!(bench.run_job(with_variables).stdout, b"$(id) 'x'\n");
    assert_eq!(
        bench.run(&["/bin/echo", "a  b", "`id`", ";", "é"], 10.0).stdout,
        "a  b `id` ; é\n".as_bytes()
    );
    let parent = bench.run(&["/bin/sh", "-c", "echo $PPID"], 10.0);
    let parent: u32 = String::from_utf8(parent.stdout).unwrap().trim().parse().unwrap();
    assert!(bench.workers().contains(&parent));
    bench.leaves_nothing_behind();
}

#[test]
fn a_full_pool_makes_jobs_wait_and_loses_none() {
    let scripts = Scripts::new();
    let go = scripts.path("go");
    let waits = scripts.sh("check_waits", &format!("while [ ! -e {go} ]; do sleep 0.02; done"));
    let mut bench = Bench::start(&["--pool", "exec"], 2, 3);
    for id in 0..100 {
        bench.pool.submit(job(id, &[&waits], 60.0));
    }
    assert_eq!(bench.pool.waiting(), 94);
    assert!(bench.pool.workers().iter().all(|worker| worker.jobs == 3));
    fs::write(go, "").unwrap();
    let mut ids: Vec<u64> = bench.collect(100).iter().map(|done| done.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..100).collect::<Vec<_>>());
    bench.leaves_nothing_behind();
}

/// Kills workers, each time another, while a thousand jobs run.
fn survives_murder(mut bench: Bench, argv: &[&str]) {
    const JOBS: u16 = 1000;
    let seen = std::thread::scope(|scope| {
        for id in 0..JOBS {
            bench.pool.submit(job(id.into(), argv, 30.0));
        }
        let Bench { pool, results, runtime } = &mut bench;
        let pool = &*pool;
        scope.spawn(move || {
            // moments that differ from run to run
            let mut random = Instant::now().elapsed().as_nanos() ^ u128::from(std::process::id());
            for _ in 0..10 {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let pause = (random >> 33) % 60;
                std::thread::sleep(Duration::from_millis(u64::try_from(pause).unwrap()));
                let pids: Vec<u32> = pool.workers().iter().filter_map(|worker| worker.pid).collect();
                if let Some(pid) = pids.get((random >> 20) as usize % pids.len().max(1)) {
                    kill(*pid);
                }
            }
        });
        runtime.block_on(async {
            let mut seen: HashMap<u64, Outcome> = HashMap::new();
            while seen.len() < usize::from(JOBS) {
                let done = tokio::time::timeout(PATIENCE, results.recv()).await.unwrap().unwrap();
                assert!(seen.insert(done.id, done.outcome).is_none(), "{} came twice", done.id);
            }
            seen
        })
    });
    let lost = seen.values().filter(|outcome| **outcome == Outcome::Lost).count();
    let good = seen.values().filter(|outcome| **outcome == Outcome::Exited(0)).count();
    assert_eq!(good + lost, usize::from(JOBS));
    // one in each worker can be unlucky twice
    assert!(lost <= 10, "{lost} were lost");
    wait_until("all workers are back", || bench.workers().len() == 2);
    let killed = bench.pool.workers().iter().map(|worker| worker.restarts).sum::<u64>();
    assert!(killed > 0, "nobody was killed");
    let ends: Vec<_> = bench.pool.workers().into_iter().filter_map(|worker| worker.last_end).collect();
    assert!(ends.iter().all(|end| end.ends_with("killed by SIGKILL")), "{ends:?}");
    // nothing comes a second time, and the pool goes on
    assert_eq!(bench.run_job(job(JOBS.into(), argv, 30.0)).id, u64::from(JOBS));
    assert!(bench.results.is_empty());
    bench.leaves_nothing_behind();
}

#[test]
fn killed_workers_lose_no_exec() {
    survives_murder(Bench::exec(), &[&format!("{DEBIAN}/check_dummy"), "0"]);
}

#[test]
fn killed_workers_lose_no_check() {
    let port = accepting();
    let tcp = our_plugins().join("check_tcp");
    survives_murder(
        Bench::in_process(),
        &[tcp.to_str().unwrap(), "-H", "127.0.0.1", "-p", &port, "-d", "0.02"],
    );
}

#[test]
fn a_job_that_kills_its_worker_is_given_up_and_takes_nobody_with_it() {
    let scripts = Scripts::new();
    let killer = scripts.sh("check_killer", "kill -KILL $PPID");
    let innocent = scripts.sh("check_innocent", "sleep 0.2; echo fine");
    let mut bench = Bench::exec();
    bench.pool.submit(job(0, &[&killer], 30.0));
    for id in 1..20 {
        bench.pool.submit(job(id, &[&innocent], 30.0));
    }
    for done in bench.collect(20) {
        let wanted = if done.id == 0 { Outcome::Lost } else { Outcome::Exited(0) };
        assert_eq!(done.outcome, wanted, "{}", done.id);
    }
    bench.leaves_nothing_behind();
}

/// The daemon is gone: its end of the socket is closed.
#[test]
fn a_worker_ends_with_its_daemon_and_ends_what_it_runs() {
    let scripts = Scripts::new();
    let script =
        format!("sleep 300 &\necho $! > {}\necho $$ > {}\nwait", scripts.path("a"), scripts.path("b"));
    let hangs = scripts.sh("check_hangs", &script);
    for way in ["closed socket", "SIGTERM", "SIGKILL"] {
        let _ = (fs::remove_file(scripts.path("a")), fs::remove_file(scripts.path("b")));
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let mut worker = Command::new(program("hlidka-worker"))
            .args(["--pool", "exec"])
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut frame = Vec::new();
        jobs::frame::encode_job(&job(1, &[&hangs], 300.0), &mut frame).unwrap();
        ours.write_all(&frame).unwrap();
        let (child, leader) = (scripts.pid("a"), scripts.pid("b"));
        assert!(is_alive(leader) && is_alive(child));
        match way {
            "closed socket" => drop(ours),
            "SIGTERM" => {
                let pid = Pid::from_raw(i32::try_from(worker.id()).unwrap()).unwrap();
                rustix::process::kill_process(pid, Signal::TERM).unwrap();
            }
            _ => worker.kill().unwrap(),
        }
        let status = worker.wait().unwrap();
        assert_eq!(status.success(), way != "SIGKILL", "{way}: {status}");
        wait_until(&format!("{way} ends the plugin"), || !is_alive(leader));
        if way == "SIGKILL" {
            // all that a dead worker can still do is take the plugin itself with it
            kill(child);
        } else {
            wait_until(&format!("{way} ends the plugin's child"), || !is_alive(child));
        }
    }
}

#[test]
fn stopping_the_pool_ends_what_runs() {
    let scripts = Scripts::new();
    let hangs = scripts.sh("check_hangs", &format!("echo $$ > {}\nsleep 300", scripts.path("pid")));
    let bench = Bench::exec();
    bench.pool.submit(job(1, &[&hangs], 300.0));
    let pid = scripts.pid("pid");
    let workers = bench.workers();
    bench.runtime.block_on(bench.pool.stop());
    wait_until("the plugin has ended", || !is_alive(pid));
    assert!(workers.iter().all(|worker| !is_alive(*worker)));
}

#[test]
fn a_program_that_is_no_worker_is_told_apart() {
    let error = |program: &str| {
        Bench::try_start(Path::new(program), &["--pool", "exec"], 1, 1).map(|_| ()).unwrap_err().to_string()
    };
    assert!(error("/nonexistent/worker").starts_with("cannot start the worker /nonexistent/worker: No such"));
    assert_eq!(error("/bin/true"), "the worker /bin/true did not say hello: it hung up; exit code 0");
}

/// T06: what answers from monitored machines may do to the process that reads them.
#[test]
fn an_in_process_check_can_neither_write_nor_exec() {
    let tried = Command::new(program("hlidka-worker")).arg("--test-sandbox").output().unwrap();
    let said = String::from_utf8(tried.stdout).unwrap();
    assert!(tried.status.success(), "{said}");
    for line in ["create a file: refused", "start a program: refused", "connect by TCP: possible"] {
        assert!(said.contains(line), "{said}");
    }
    assert!(!said.contains("missing") && !said.contains("WRONG"), "{said}");

    let locks = |bench: &Bench| {
        let status = fs::read_to_string(format!("/proc/{}/status", bench.workers()[0])).unwrap();
        ["NoNewPrivs:\t", "Seccomp:\t"].map(|field| {
            let value = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
            value.parse::<u32>().unwrap()
        })
    };
    assert_eq!(locks(&Bench::in_process()), [1, 2], "the pool itself is in it");
    assert_eq!(locks(&Bench::apart()), [1, 2], "and those apart");
    assert_eq!(locks(&Bench::exec()), [0, 0], "setuid plugins must work");
}

#[test]
fn one_program_holds_all_checks() {
    let worker = program("hlidka-worker");
    let scripts = Scripts::new();
    let link = scripts.path("check_dummy");
    std::os::unix::fs::symlink(&worker, &link).unwrap();
    let wanted = Command::new(program("check_dummy")).args(["2", "x y"]).output().unwrap();
    assert_eq!(Command::new(&link).args(["2", "x y"]).output().unwrap(), wanted);
    assert_eq!(Command::new(&worker).args(["check_dummy", "2", "x y"]).output().unwrap(), wanted);
    let help = Command::new(&link).arg("--help").output().unwrap();
    assert_eq!(help, Command::new(program("check_dummy")).arg("--help").output().unwrap());
    let list = Command::new(&worker).arg("--list").output().unwrap();
    assert!(String::from_utf8(list.stdout).unwrap().lines().any(|line| line.starts_with("check_tcp ")));
    let alone = Command::new(&worker).args(["--pool", "exec"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(alone.status.code(), Some(1));
    assert!(String::from_utf8(alone.stderr).unwrap().contains("standard input is no socket"));
}
