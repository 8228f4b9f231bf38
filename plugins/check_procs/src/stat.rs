//! `/proc/PID/stat`: one line that holds nearly all that `ps` shows of a process.

/// The `PF_KTHREAD` bit of a process's flags: a kernel thread.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// Most bytes of a name that `ps` and the kernel's `comm` show (`TASK_COMM_LEN` less the end mark).
pub(crate) const NAME: usize = 15;

/// The fields of proc(5) that are used, borrowed from the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat<'a> {
    pub pid: u32,
    /// Name between the parentheses. Kernel workers may have up to 64 bytes, others 15.
    pub comm: &'a [u8],
    /// One letter: R, S, D, Z, T, t, I, X.
    pub state: u8,
    pub parent: u32,
    pub group: i64,
    pub session: i64,
    /// Foreground process group of its terminal, -1 without a terminal.
    pub foreground: i64,
    flags: u64,
    /// Processor time in user and kernel mode, in clock ticks.
    pub ticks: u64,
    pub nice: i64,
    pub threads: u64,
    /// Start in clock ticks after boot.
    pub start: u64,
    /// Virtual size in bytes.
    pub virtual_size: u64,
    /// Resident set in pages.
    pub resident_pages: u64,
}

impl<'a> Stat<'a> {
    /// Reads the line. `None` if it is not one: the kernel writes it, so that never happens on Linux.
    ///
    /// The name may hold anything, blanks and parentheses too; it ends at the last `)`.
    pub fn parse(line: &'a [u8]) -> Option<Stat<'a>> {
        let open = line.iter().position(|byte| *byte == b'(')?;
        let close = line.iter().rposition(|byte| *byte == b')')?;
        let pid = std::str::from_utf8(line.get(..open)?).ok()?.trim().parse().ok()?;
        let comm = line.get(open + 1..close)?;
        let mut fields = std::str::from_utf8(line.get(close + 1..)?).ok()?.split_ascii_whitespace();
        let state = *fields.next()?.as_bytes().first()?;
        let parent = fields.next()?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        let session = fields.next()?.parse().ok()?;
        let _terminal = fields.next()?;
        let foreground = fields.next()?.parse().ok()?;
        let flags = fields.next()?.parse().ok()?;
        // skipped: four counters of page faults
        let user: u64 = fields.nth(4)?.parse().ok()?;
        let kernel: u64 = fields.next()?.parse().ok()?;
        // skipped: two times of children, the priority
        let nice = fields.nth(3)?.parse().ok()?;
        let threads = fields.next()?.parse().ok()?;
        let start = fields.nth(1)?.parse().ok()?;
        let virtual_size = fields.next()?.parse().ok()?;
        // a negative count has been seen for a moment while a process ends
        let resident_pages = fields.next()?.parse::<i64>().ok()?.max(0).unsigned_abs();
        Some(Stat {
            pid,
            comm,
            state,
            parent,
            group,
            session,
            foreground,
            flags,
            ticks: user.saturating_add(kernel),
            nice,
            threads,
            start,
            virtual_size,
            resident_pages,
        })
    }

    /// The name that is compared and shown.
    pub fn name(&self) -> &'a [u8] {
        short_name(self.comm)
    }

    pub fn is_kernel_thread(&self) -> bool {
        self.flags & KERNEL_THREAD != 0
    }

    /// The `STAT` column of ps: the state letter, then `<` or `N` by priority, `L` for locked
    /// memory, `s` for a session leader, `l` for several threads, `+` in the foreground.
    pub fn letters(&self, locks_memory: bool) -> String {
        let mut letters = String::with_capacity(6);
        letters.push(char::from(self.state));
        let marks = [
            (self.nice < 0, '<'),
            (self.nice > 0, 'N'),
            (locks_memory, 'L'),
            (self.session == i64::from(self.pid), 's'),
            (self.threads > 1, 'l'),
            (self.group == self.foreground, '+'),
        ];
        letters.extend(marks.iter().filter(|(holds, _)| *holds).map(|(_, mark)| mark));
        letters
    }
}

/// A name as the peer has it: 15 bytes as `ps` prints, then what follows the last `/`
/// (`kworker/R-rcu_gp` is `R-rcu_g`).
pub(crate) fn short_name(comm: &[u8]) -> &[u8] {
    let shown = comm.get(..NAME).unwrap_or(comm);
    match shown.iter().rposition(|byte| *byte == b'/') {
        Some(slash) if slash + 1 < shown.len() => shown.get(slash + 1..).unwrap_or(shown),
        _ => shown,
    }
}

/// What turns ticks and pages into seconds and KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// Seconds since boot, sleep included.
    pub uptime: f64,
    /// Clock ticks a second.
    pub ticks_per_second: u64,
    /// Bytes of a page.
    pub page_size: u64,
}

impl Clock {
    /// Seconds since the process was started, not below 0.
    pub fn age(&self, stat: &Stat) -> f64 {
        (self.uptime - stat.start as f64 / self.ticks_per_second.max(1) as f64).max(0.0)
    }

    /// Processor time over age in percent, cut to a tenth as ps does; above 100 with several threads.
    pub fn percent(&self, stat: &Stat) -> f64 {
        let age = self.age(stat);
        if age <= 0.0 {
            return 0.0;
        }
        let seconds = stat.ticks as f64 / self.ticks_per_second.max(1) as f64;
        (seconds / age * 1000.0).floor() / 10.0
    }

    /// Resident set in KiB.
    pub fn resident(&self, stat: &Stat) -> u64 {
        stat.resident_pages.saturating_mul(self.page_size / 1024)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Lines of a real machine (Linux 6.18, x86_64).
    pub(crate) const RECORDED: &str = include_str!("../testdata/stat.txt");

    pub(crate) const CLOCK: Clock = Clock { uptime: 2000.0, ticks_per_second: 100, page_size: 4096 };

    pub(crate) fn recorded(name: &str) -> Stat<'static> {
        let stats = RECORDED.lines().map(|line| Stat::parse(line.as_bytes()).expect("a line of stat"));
        stats.into_iter().find(|stat| stat.name() == name.as_bytes()).expect("it is recorded")
    }

    #[test]
    fn reads_what_the_kernel_writes() {
        let init = recorded("process_api");
        assert_eq!((init.pid, init.parent, init.is_kernel_thread()), (1, 0, false));
        assert_eq!(init.virtual_size % 4096, 0);
        let kthreadd = recorded("kthreadd");
        assert_eq!((kthreadd.pid, kthreadd.is_kernel_thread(), kthreadd.virtual_size), (2, true, 0));
        assert_eq!(RECORDED.lines().count(), 9);
    }

    #[test]
    fn names_are_those_of_ps_without_a_path() {
        assert_eq!(recorded("R-rcu_g").comm, b"kworker/R-rcu_gp");
        let line = b"7 (a) b (c) S 1 7 7 0 -1 4194560 0 0 0 0 5 6 0 0 20 0 1 0 3 4096 2 0";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.comm, stat.state, stat.ticks, stat.start), (&b"a) b (c"[..], b'S', 11, 3));
        let slash = b"7 (x/) S 1 7 7 0 -1 4194560 0 0 0 0 5 6 0 0 20 0 1 0 3 4096 2 0";
        assert_eq!(Stat::parse(slash).unwrap().name(), b"x/");
    }

    #[test]
    fn letters_are_those_of_ps() {
        assert_eq!(recorded("process_api").letters(true), "SLl");
        assert_eq!(recorded("R-rcu_g").letters(false), "I<");
        assert_eq!(recorded("ksmd").letters(false), "SN");
        assert_eq!(recorded("bash").letters(false), "Ss");
        assert_eq!(recorded("sleep").letters(false), "S+");
        assert_eq!(recorded("a) b").letters(false), "Z");
    }

    #[test]
    fn processor_time_is_cut_to_a_tenth() {
        let mut stat = recorded("bash");
        (stat.start, stat.ticks) = (100_000, 12_399);
        assert_eq!((CLOCK.age(&stat), CLOCK.percent(&stat)), (1000.0, 12.3));
        stat.start = u64::MAX;
        assert_eq!((CLOCK.age(&stat), CLOCK.percent(&stat)), (0.0, 0.0));
        stat.resident_pages = u64::MAX;
        assert_eq!(CLOCK.resident(&stat), u64::MAX);
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..200usize) {
            if let Some(stat) = Stat::parse(&line) { stat.name(); }
            let real = RECORDED.lines().next().unwrap().as_bytes();
            if let Some(stat) = Stat::parse(&real[..cut.min(real.len())]) { stat.letters(true); }
        }
    }
}
