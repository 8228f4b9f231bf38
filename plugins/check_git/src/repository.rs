//! What is asked of the server, and of what came from it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use check::CheckError;
use git2::{
    AutotagOption, Commit, Direction, FetchOptions, FetchPrune, ObjectType, Oid, Remote, RemoteCallbacks,
    Repository, RepositoryInitOptions,
};

use crate::kept::Kept;
use crate::refs::{Ref, Refs};
use crate::run::Run;
use crate::transport::URL;

/// Largest file whose content is looked at.
const MAX_FILE: usize = 16 * 1024 * 1024;

/// Most entries of a commit's tree that are looked for after a clone.
const MAX_ENTRIES: usize = 1_000_000;

/// Where the ref that is looked at is put.
const CHECKED: &str = "refs/hlidka/checked";

/// What was seen.
pub(crate) struct Sample {
    /// All of it.
    pub seconds: f64,
    /// Unix time.
    pub now: i64,
    pub refs: Refs,
    /// The one that was asked for.
    pub found: Option<Ref>,
    /// What was fetched, if anything was to be.
    pub fetched: Option<Fetched>,
    /// Bytes that came from the server.
    pub received: u64,
}

/// What was fetched.
pub(crate) struct Fetched {
    pub how: How,
    /// When the ref's commit was made, Unix time.
    pub committed: i64,
    pub file: Option<File>,
}

/// How it was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// One commit, to look at it.
    Looked,
    /// All of it, so many commits.
    Cloned { commits: usize },
    /// What is new since the last run, so many commits.
    Pulled { commits: usize },
}

/// The file that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum File {
    Missing,
    Directory,
    TooLarge(usize),
    Content(Vec<u8>),
}

/// A directory for a clone that nobody keeps.
pub(crate) fn temporary() -> Result<tempfile::TempDir, CheckError> {
    tempfile::Builder::new()
        .prefix("check_git-")
        .tempdir()
        .map_err(|error| CheckError::internal(format!("cannot make a temporary directory: {error}")))
}

pub(crate) fn measure(run: &Rc<Run>, temporary: Option<&Path>) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let kept = match &run.args.clone_dir {
        Some(directory) => Some(Kept::open(directory, &run.address.to_string())?),
        None => None,
    };
    let repository = match (&kept, temporary) {
        (Some(kept), _) => Some(kept.repository()?),
        (None, Some(directory)) => Some(init(directory)?),
        (None, None) => None,
    };
    let how = match &kept {
        Some(kept) if kept.is_new => How::Cloned { commits: 0 },
        Some(_) => How::Pulled { commits: 0 },
        None if run.args.clone => How::Cloned { commits: 0 },
        None => How::Looked,
    };
    let visited = match &repository {
        Some(repository) => visit(run, Some(repository), how),
        None => visit(run, None, how),
    };
    let mut sample = visited.map_err(|error| match error {
        Stopped::Git(error) => run.explain(&error),
        Stopped::Check(error) => error,
    })?;
    if let Some(kept) = kept {
        kept.done()?;
    }
    sample.seconds = start.elapsed().as_secs_f64();
    sample.received = run.received();
    Ok(sample)
}

/// An empty bare repository, with nothing from templates of this machine.
pub(crate) fn init(directory: &Path) -> Result<Repository, CheckError> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false);
    Repository::init_opts(directory, &options).map_err(|error| {
        CheckError::internal(format!(
            "cannot make a repository in {}: {}",
            directory.display(),
            error.message()
        ))
    })
}

enum Stopped {
    Git(git2::Error),
    Check(CheckError),
}

impl From<git2::Error> for Stopped {
    fn from(error: git2::Error) -> Stopped {
        Stopped::Git(error)
    }
}

fn visit(run: &Rc<Run>, repository: Option<&Repository>, how: How) -> Result<Sample, Stopped> {
    let mut remote = match repository {
        Some(repository) => repository.remote_anonymous(URL)?,
        None => Remote::create_detached(URL)?,
    };
    let mut connection = remote.connect_auth(Direction::Fetch, Some(callbacks(run)), None)?;
    let refs = listed(run, connection.list()?)?;
    let found = refs.find(run.args.reference.as_deref().unwrap_or("HEAD")).cloned();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let mut sample = Sample { seconds: 0.0, now, refs, found, fetched: None, received: 0 };
    if let (Some(repository), Some(found)) = (repository, &sample.found) {
        let before = tips(repository);
        fetch(run, connection.remote(), &found.name, how)?;
        drop(connection);
        sample.fetched = Some(fetched(run, repository, how, &before)?);
    }
    Ok(sample)
}

/// The binding panics if a name is no UTF-8.
fn listed(run: &Run, heads: &[git2::RemoteHead<'_>]) -> Result<Refs, Stopped> {
    let read = || Refs::of(heads.iter().map(|head| (head.name().to_owned(), head.oid())));
    catch_unwind(AssertUnwindSafe(read)).map_err(|_| {
        let place = run.address.place();
        Stopped::Check(CheckError::target(format!("{place}: the name of a ref is no UTF-8")))
    })
}

/// Ends what libgit2 is busy with when time is over.
fn callbacks(run: &Rc<Run>) -> RemoteCallbacks<'static> {
    let mut callbacks = RemoteCallbacks::new();
    let run = run.clone();
    callbacks.transfer_progress(move |_| !run.is_over());
    callbacks
}

fn fetch(run: &Rc<Run>, remote: &mut Remote<'_>, name: &str, how: How) -> Result<(), git2::Error> {
    let mut options = FetchOptions::new();
    options.remote_callbacks(callbacks(run)).download_tags(AutotagOption::None).update_fetchhead(false);
    let checked = format!("+{name}:{CHECKED}");
    match how {
        How::Looked => {
            options.depth(1);
            remote.fetch(&[checked], Some(&mut options), None)
        }
        How::Cloned { .. } | How::Pulled { .. } => {
            options.prune(FetchPrune::On);
            let all = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", &checked];
            remote.fetch(&all, Some(&mut options), None)
        }
    }
}

/// What the branches point to.
fn tips(repository: &Repository) -> Vec<Oid> {
    let all = repository.references_glob("refs/heads/*");
    all.map(|all| all.flatten().filter_map(|one| one.target()).collect()).unwrap_or_default()
}

fn fetched(run: &Run, repository: &Repository, how: How, before: &[Oid]) -> Result<Fetched, Stopped> {
    let checked = repository.find_reference(CHECKED)?;
    let commit = checked.peel_to_commit()?;
    let how = match how {
        How::Looked => How::Looked,
        How::Cloned { .. } => How::Cloned { commits: complete(run, repository, &commit, &[])? },
        How::Pulled { .. } => How::Pulled { commits: complete(run, repository, &commit, before)? },
    };
    let file = match &run.args.file {
        Some(path) => Some(file(repository, &commit, path)?),
        None => None,
    };
    Ok(Fetched { how, committed: commit.time().seconds(), file })
}

/// Is all here that a working tree needs, and the history behind it? Counts the commits that are new.
fn complete(
    run: &Run,
    repository: &Repository,
    commit: &Commit<'_>,
    before: &[Oid],
) -> Result<usize, Stopped> {
    let mut walk = repository.revwalk()?;
    walk.push_glob("refs/heads/*")?;
    walk.push(commit.id())?;
    for old in before {
        // what was pruned is gone
        let _ = walk.hide(*old);
    }
    let mut commits = 0;
    for one in walk {
        one?;
        commits += 1;
        if run.is_over() {
            return Err(Stopped::Check(run.too_slow("end of its history")));
        }
    }
    let objects = repository.odb()?;
    let mut trees = vec![commit.tree_id()];
    let mut entries = 0;
    while let Some(tree) = trees.pop() {
        for entry in &repository.find_tree(tree)? {
            entries += 1;
            match entry.kind() {
                Some(ObjectType::Tree) => trees.push(entry.id()),
                Some(ObjectType::Blob) if !objects.exists(entry.id()) => {
                    let (place, id) = (run.address.place(), entry.id());
                    return Err(Stopped::Check(CheckError::target(format!(
                        "{place}: did not send the object {id}"
                    ))));
                }
                // a submodule's commit is in another repository
                _ => {}
            }
        }
        if entries > MAX_ENTRIES {
            let place = run.address.place();
            return Err(Stopped::Check(CheckError::target(format!(
                "{place}: more than {MAX_ENTRIES} files"
            ))));
        }
        if run.is_over() {
            return Err(Stopped::Check(run.too_slow("end of its tree")));
        }
    }
    Ok(commits)
}

fn file(repository: &Repository, commit: &Commit<'_>, path: &str) -> Result<File, git2::Error> {
    let entry = match commit.tree()?.get_path(Path::new(path)) {
        Ok(entry) => entry,
        Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(File::Missing),
        Err(error) => return Err(error),
    };
    if entry.kind() != Some(ObjectType::Blob) {
        return Ok(File::Directory);
    }
    // its size first: what is packed into little may unpack into much
    let (size, _) = repository.odb()?.read_header(entry.id())?;
    if size > MAX_FILE {
        return Ok(File::TooLarge(size));
    }
    Ok(File::Content(repository.find_blob(entry.id())?.content().to_vec()))
}
