//! What a transport needs to know of the run that it works for, and what it tells it.
//!
//! libgit2 makes transports by itself, on the thread that asks for one: the run of that thread is
//! theirs. Two runs in one process are on two threads.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use check::{CheckError, Ctx};
use fetch::Url;
use ssh::Apart;

use crate::Args;
use crate::address::Address;

/// One run of the check.
pub(crate) struct Run {
    pub args: Args,
    pub address: Address,
    pub apart: Apart,
    received: Cell<u64>,
    /// Where the repository is after redirects of HTTP.
    base: RefCell<Option<Url>>,
    failure: RefCell<Option<CheckError>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Run>>> = const { RefCell::new(None) };
}

/// As long as it lives, this thread's transports work for its run.
pub(crate) struct Entered(pub Rc<Run>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| *current = None);
    }
}

impl Run {
    /// Makes this thread's transports work for a new run.
    pub(crate) fn enter(args: Args, address: Address, apart: Apart) -> Entered {
        let run = Rc::new(Run {
            args,
            address,
            apart,
            received: Cell::new(0),
            base: RefCell::new(None),
            failure: RefCell::new(None),
        });
        CURRENT.with_borrow_mut(|current| *current = Some(run.clone()));
        Entered(run)
    }

    /// The run of this thread.
    pub(crate) fn current() -> Result<Rc<Run>, git2::Error> {
        CURRENT.with_borrow(Clone::clone).ok_or_else(|| git2::Error::from_str("no check runs on this thread"))
    }

    pub(crate) fn ctx(&self) -> &Ctx {
        self.apart.ctx()
    }

    /// Takes note of where the refs came from: the rest is asked for there.
    pub(crate) fn redirected(&self, base: Url) {
        *self.base.borrow_mut() = Some(base);
    }

    /// Where the refs came from.
    pub(crate) fn base(&self) -> Option<Url> {
        self.base.borrow().clone()
    }

    /// Bytes that came from the server.
    pub(crate) fn received(&self) -> u64 {
        self.received.get()
    }

    /// How many more bytes may come.
    pub(crate) fn budget(&self) -> u64 {
        self.args.max_body.saturating_sub(self.received.get())
    }

    /// Counts what came; too much is an error.
    pub(crate) fn count(&self, bytes: usize) -> io::Result<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.received.set(self.received.get().saturating_add(bytes));
        if self.received.get() <= self.args.max_body {
            return Ok(());
        }
        let limit = fetch::shown(self.args.max_body);
        Err(self.fail(CheckError::target(format!(
            "{} sends more than {limit} (--max-body reads more)",
            self.address.place()
        ))))
    }

    /// Keeps why the transport failed, for [`Run::explain`]; libgit2 gets a word of its own, since it
    /// takes no text with a zero in it.
    pub(crate) fn fail(&self, error: CheckError) -> io::Error {
        self.failure.borrow_mut().get_or_insert(error);
        io::Error::other("the transport failed")
    }

    /// The same where libgit2's own error is wanted.
    pub(crate) fn fails(&self, error: CheckError) -> git2::Error {
        git2::Error::from_str(&self.fail(error).to_string())
    }

    /// Why a call of libgit2 failed: what a transport said, or else the library's words.
    pub(crate) fn explain(&self, error: &git2::Error) -> CheckError {
        if let Some(failure) = self.failure.borrow_mut().take() {
            return failure;
        }
        let place = self.address.place();
        if self.is_over() {
            return self.too_slow("end");
        }
        CheckError::target(format!("{place}: {}", ssh::clean(error.message())))
    }

    /// Is there no time left?
    pub(crate) fn is_over(&self) -> bool {
        ssh::left(self.ctx()).is_none()
    }

    pub(crate) fn too_slow(&self, wanted: &str) -> CheckError {
        let seconds = self.ctx().timeout.as_secs_f64();
        CheckError::timeout(format!("{}: no {wanted} within {seconds} seconds", self.address.place()))
    }
}
