//! Asks many file systems, any of which may hang: a stale NFS mount holds the thread that asks it
//! until the server is back, and no timer interrupts that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long one answer is waited for before another thread goes on with the rest.
const PATIENCE: Duration = Duration::from_millis(50);

/// Stack of an asking thread; it makes a system call or two.
const STACK: usize = 128 * 1024;

/// Does `work` on every item and gives the answers in the same order, `None` for those that did not
/// come before `deadline`.
///
/// One thread asks them one after another. When an answer takes long, another thread takes the
/// remaining ones, and so on: a thread is spent on each that hangs, none on those that answer. An
/// item that has been asked may answer until the deadline. Threads that hang stay behind and end
/// with the process.
pub(crate) fn all<T, R>(
    items: Vec<T>,
    deadline: Instant,
    work: impl Fn(&T) -> R + Send + Sync + 'static,
) -> Vec<Option<R>>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
{
    let count = items.len();
    let mut answers: Vec<Option<R>> = Vec::with_capacity(count);
    answers.resize_with(count, || None);
    let (sender, receiver) = mpsc::channel();
    let share =
        deadline.saturating_duration_since(Instant::now()) / u32::try_from(count + 1).unwrap_or(u32::MAX);
    let patience = PATIENCE.min(share);
    let queue = Arc::new(Queue { items, next: AtomicUsize::new(0), work, sender: Mutex::new(sender) });
    let mut missing = count;
    let mut idle = true;
    while missing > 0 {
        if idle && queue.next.load(Ordering::Relaxed) < count {
            let queue = queue.clone();
            // without another thread, those that wait behind a hanging one are not asked, and so named
            let _ = thread::Builder::new().stack_size(STACK).spawn(move || queue.drain());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let all_asked = queue.next.load(Ordering::Relaxed) >= count;
        match receiver.recv_timeout(if all_asked { left } else { left.min(patience) }) {
            Ok((i, answer)) => {
                if let Some(place) = answers.get_mut(i) {
                    *place = Some(answer);
                }
                missing -= 1;
                idle = false;
            }
            Err(RecvTimeoutError::Timeout) if left > patience => idle = true,
            Err(_) => break,
        }
    }
    answers
}

struct Queue<T, R, F> {
    items: Vec<T>,
    next: AtomicUsize,
    work: F,
    sender: Mutex<mpsc::Sender<(usize, R)>>,
}

impl<T, R, F: Fn(&T) -> R> Queue<T, R, F> {
    fn drain(&self) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner).clone();
        loop {
            let i = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = self.items.get(i) else { return };
            if sender.send((i, (self.work)(item))).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn hang() -> u8 {
        loop {
            thread::park();
        }
    }

    fn soon(milliseconds: u64) -> Instant {
        Instant::now() + Duration::from_millis(milliseconds)
    }

    #[test]
    fn one_thread_is_enough_for_those_that_answer() {
        let answers = all((0..100).collect(), soon(60_000), |n: &usize| (n * 2, thread::current().id()));
        let answers: Vec<_> = answers.into_iter().flatten().collect();
        assert!(answers.iter().enumerate().all(|(i, (double, _))| *double == i * 2));
        let threads: HashSet<_> = answers.iter().map(|(_, thread)| *thread).collect();
        assert!(
            answers.len() == 100 && threads.len() < 10,
            "{} answers, {} threads",
            answers.len(),
            threads.len()
        );
    }

    /// Two that hang for good, at the start and in the middle, cost the others nothing.
    #[test]
    fn hanging_items_are_told_from_the_others() {
        let start = Instant::now();
        let answers =
            all((0..8).collect(), soon(1000), |n: &u8| if n.is_multiple_of(5) { hang() } else { *n });
        assert_eq!(answers, [None, Some(1), Some(2), Some(3), Some(4), None, Some(6), Some(7)]);
        assert!(start.elapsed() >= Duration::from_millis(900), "it must wait for a late answer");
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn nothing_to_ask_and_no_time_are_answered_at_once() {
        assert!(all(Vec::<u8>::new(), soon(60_000), |n| *n).is_empty());
        assert_eq!(all(vec![1, 2, 3], Instant::now(), |_| hang()), [None, None, None]);
    }
}
