//! A configuration in a revision of a Git repository. Its files are taken out of the repository by libgit2,
//! into a temporary folder for the time in which they are read: no program is run, no hook, no filter, and
//! nothing is fetched.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use git2::{ErrorCode, ObjectType, Oid, Repository, Tree};
use tempfile::TempDir;

/// So many files of a revision are taken.
const MAX_FILES: usize = 200_000;

/// All of them together may be so big.
const MAX_BYTES: usize = 1024 * 1024 * 1024;

/// Folders may be so deep.
const MAX_DEPTH: usize = 64;

/// The target of a symbolic link may be so long.
const MAX_TARGET: usize = 4096;

/// What to do with a repository that is too large.
const TOO_LARGE: &str = "give folders instead: `git worktree add DIR REVISION` makes one";

/// A path in a revision.
#[derive(Debug)]
pub(super) struct Revision {
    /// As it was typed.
    pub name: String,
    repository: PathBuf,
    tree: Oid,
    path: PathBuf,
}

/// The files of a revision.
pub(super) struct Checkout {
    /// Is deleted with this.
    pub folder: TempDir,
    /// The configuration in it.
    pub config: PathBuf,
    /// Why some files are not there.
    pub left_out: Vec<String>,
}

impl Revision {
    /// Looks the revision up. A path that starts with `./` or `../` counts from where one is, others from the
    /// top of the repository, as everywhere in Git.
    pub fn find(folder: &Path, name: &str, path: &str) -> Result<Revision> {
        if name.is_empty() {
            bail!("`:{path}` names no revision: write one before the `:`, for instance `HEAD:{path}`");
        }
        let repository = Repository::discover(folder).map_err(|error| match error.code() {
            ErrorCode::NotFound => anyhow!(
                "`{name}:{path}` is no file, and {} is in no Git repository; --repository names one",
                folder.display()
            ),
            ErrorCode::Owner => anyhow!(
                "the Git repository of {} belongs to somebody else; `git config --global --add safe.directory DIR` says \
                 that it is trusted",
                folder.display()
            ),
            _ => anyhow!("cannot open the Git repository of {}: {}", folder.display(), error.message()),
        })?;
        let object = repository.revparse_single(name).map_err(|error| match error.code() {
            ErrorCode::NotFound => {
                anyhow!("there is no revision `{name}` in {}", repository.path().display())
            }
            _ => anyhow!("`{name}` is no revision: {}", error.message()),
        })?;
        let tree = object.peel_to_tree().map_err(|_| anyhow!("`{name}` is no revision that has files"))?;
        let path = within(&repository, folder, path)?;
        if !path.as_os_str().is_empty() && tree.get_path(&path).is_err() {
            bail!("there is no `{}` in the revision `{name}`", path.display());
        }
        Ok(Revision {
            name: name.to_owned(),
            repository: repository.path().to_owned(),
            tree: tree.id(),
            path,
        })
    }

    /// Takes its files.
    pub fn checkout(&self) -> Result<Checkout> {
        let repository = Repository::open(&self.repository)
            .map_err(|error| anyhow!("cannot open {}: {}", self.repository.display(), error.message()))?;
        let folder = tempfile::Builder::new()
            .prefix("hlidka-diff-")
            .tempdir()
            .context("cannot make a temporary folder; TMPDIR says where")?;
        let mut writer =
            Writer { repository: &repository, name: &self.name, files: 0, bytes: 0, left_out: Vec::new() };
        let tree = repository.find_tree(self.tree).map_err(|error| writer.broken(Path::new(""), &error))?;
        writer.tree(&tree, Path::new(""), folder.path(), 0)?;
        Ok(Checkout { config: folder.path().join(&self.path), left_out: writer.left_out, folder })
    }
}

/// A path in the tree, from its top.
fn within(repository: &Repository, folder: &Path, path: &str) -> Result<PathBuf> {
    let is_relative =
        matches!(Path::new(path).components().next(), Some(Component::CurDir | Component::ParentDir));
    let mut found = PathBuf::new();
    if is_relative {
        let top = repository.workdir().ok_or_else(|| {
            anyhow!(
                "{} has no working tree: write the path from the top of the repository",
                repository.path().display()
            )
        })?;
        let here = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
        let top = top.canonicalize().with_context(|| format!("cannot find {}", top.display()))?;
        here.strip_prefix(&top).unwrap_or(Path::new("")).clone_into(&mut found);
    }
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => found.push(name),
            Component::CurDir => {}
            Component::ParentDir if is_relative && found.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                bail!(
                    "`{path}` is not in the repository: write the path from its top, or with `./` from where you are"
                )
            }
        }
    }
    Ok(found)
}

/// Writes a tree into a folder.
struct Writer<'r> {
    repository: &'r Repository,
    name: &'r str,
    files: usize,
    bytes: usize,
    left_out: Vec<String>,
}

impl Writer<'_> {
    fn tree(&mut self, tree: &Tree<'_>, path: &Path, folder: &Path, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            bail!("{}:{} is more than {MAX_DEPTH} folders deep", self.name, path.display());
        }
        for entry in tree {
            self.files += 1;
            if self.files > MAX_FILES {
                bail!("the revision `{}` has more than {MAX_FILES} files; {TOO_LARGE}", self.name);
            }
            let name = std::str::from_utf8(entry.name_bytes()).ok().filter(|name| is_name(name));
            let Some(name) = name else {
                let shown = String::from_utf8_lossy(entry.name_bytes()).escape_default().to_string();
                self.leave_out(&path.join(shown), "has a name that no file can have here");
                continue;
            };
            let (path, target) = (path.join(name), folder.join(name));
            let write = |result: std::io::Result<()>| {
                result.with_context(|| format!("cannot write {}", target.display()))
            };
            match (entry.kind(), entry.filemode()) {
                (Some(ObjectType::Tree), _) => {
                    write(fs::create_dir(&target))?;
                    let tree =
                        self.repository.find_tree(entry.id()).map_err(|error| self.broken(&path, &error))?;
                    self.tree(&tree, &path, &target, depth + 1)?;
                }
                (Some(ObjectType::Blob), 0o120_000) => {
                    let to = self.blob(entry.id(), &path)?;
                    let to = String::from_utf8(to).unwrap_or_default();
                    if to.len() > MAX_TARGET || !stays_within(&to, depth) {
                        self.leave_out(&path, "is a symbolic link that leads out of the revision");
                        continue;
                    }
                    write(symlink(to, &target))?;
                }
                (Some(ObjectType::Blob), _) => {
                    let bytes = self.blob(entry.id(), &path)?;
                    // never through a link that the same tree has made
                    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&target);
                    write(file.and_then(|mut file| file.write_all(&bytes)))?;
                }
                _ => self.leave_out(&path, "is a submodule, which is another repository"),
            }
        }
        Ok(())
    }

    /// The bytes of a file, if they are not too many; they are counted before they are read.
    fn blob(&mut self, id: Oid, path: &Path) -> Result<Vec<u8>> {
        let odb = self.repository.odb().map_err(|error| self.broken(path, &error))?;
        let (size, _) = odb.read_header(id).map_err(|error| self.broken(path, &error))?;
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > MAX_BYTES {
            let limit = MAX_BYTES / 1024 / 1024;
            bail!("the files of the revision `{}` are larger than {limit} MiB; {TOO_LARGE}", self.name);
        }
        let blob = self.repository.find_blob(id).map_err(|error| self.broken(path, &error))?;
        Ok(blob.content().to_owned())
    }

    fn leave_out(&mut self, path: &Path, why: &str) {
        self.left_out.push(format!("{}:{} is left out: it {why}", self.name, path.display()));
    }

    fn broken(&self, path: &Path, error: &git2::Error) -> anyhow::Error {
        anyhow!("cannot read {}:{} from the repository: {}", self.name, path.display(), error.message())
    }
}

/// May a file or folder in the repository be called so?
fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | ".." | ".git") && !name.contains(['/', '\0'])
}

/// Does a link in a folder of this depth lead to something below the top, whatever other links there are?
/// After a name no `..` may follow: what the name leads to may be a link itself.
fn stays_within(target: &str, depth: usize) -> bool {
    let path = Path::new(target);
    let up = path.components().take_while(|part| matches!(part, Component::ParentDir)).count();
    let rest = path.components().skip(up);
    !target.is_empty() && up <= depth && rest.into_iter().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_may_not_lead_out() {
        for (target, depth, want) in [
            ("x.cfg", 0, true),
            ("sub/x.cfg", 0, true),
            ("../x.cfg", 1, true),
            ("../../x.cfg", 1, false),
            ("../x.cfg", 0, false),
            ("/etc/passwd", 3, false),
            ("sub/../x.cfg", 3, false),
            ("", 3, false),
        ] {
            assert_eq!(stays_within(target, depth), want, "{target} at {depth}");
        }
    }
}
