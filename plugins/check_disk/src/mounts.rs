//! The mount table, from `/proc/self/mountinfo`: that file has what `df` uses to tell bind mounts
//! from file systems (device number and root), and reading it never touches a file system.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use check::CheckError;

const TABLE: &str = "/proc/self/mountinfo";

/// Largest table read: some 30,000 mounts.
const MAX_TABLE: u64 = 4 * 1024 * 1024;

/// Types that hold no files of users and always count zero blocks; asking them could only start an
/// automount or fail for lack of rights.
const PSEUDO: [&str; 20] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "fuse.portal",
    "fusectl",
    "mqueue",
    "nfsd",
    "nsfs",
    "proc",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tracefs",
];

/// Types that are on other machines whatever their source looks like; the list is gnulib's, which
/// `df -l` goes by.
const REMOTE: [&str; 12] = [
    "acfs",
    "afs",
    "auristorfs",
    "ceph",
    "coda",
    "fhgfs",
    "fuse.sshfs",
    "gpfs",
    "ibrix",
    "ocfs2",
    "smb3",
    "vxfs",
];

/// One mounted file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// `major:minor`, the same for all mounts of one file system.
    device: String,
    /// What of the file system is mounted here: `/`, or a directory for a bind mount or a subvolume.
    root: OsString,
    /// Where.
    pub point: PathBuf,
    /// Type: `ext4`.
    pub kind: String,
    /// Block device, `server:/export`, or any word.
    pub source: OsString,
}

impl Mount {
    /// Does it hold nothing that can fill up?
    pub(crate) fn is_pseudo(&self) -> bool {
        PSEUDO.contains(&self.kind.as_str())
    }

    /// Is it on another machine?
    pub(crate) fn is_remote(&self) -> bool {
        let source = self.source.as_bytes();
        source.contains(&b':')
            || (source.starts_with(b"//") && matches!(self.kind.as_str(), "cifs" | "smbfs" | "smb3"))
            || REMOTE.contains(&self.kind.as_str())
    }

    /// The same space under another name, so that `df` would list one of the two: the same device,
    /// but not two exports of one server, and not two subvolumes, which `df` lists both.
    fn is_same_space(&self, other: &Mount) -> bool {
        self.device == other.device
            && (!self.is_remote() || self.source == other.source)
            && (self.kind != "btrfs" || self.root == other.root)
    }

    /// Which of two names for one space `df` shows: the one nearer the root directory, unless that
    /// shows only a part of what the other does.
    fn is_better_than(&self, other: &Mount) -> bool {
        let length = |text: &OsStr| text.as_bytes().len();
        let nearer = length(self.point.as_os_str()) < length(other.point.as_os_str());
        nearer && length(&self.root) <= length(&other.root)
    }
}

/// Reads the table of this process.
pub(crate) fn read() -> Result<Vec<Mount>, CheckError> {
    let mut table = Vec::with_capacity(8192);
    let read = File::open(TABLE).and_then(|file| file.take(MAX_TABLE + 1).read_to_end(&mut table));
    match read {
        Ok(length) if length as u64 > MAX_TABLE => {
            Err(CheckError::internal(format!("{TABLE} is longer than {MAX_TABLE} bytes; name paths by -p")))
        }
        Ok(_) => Ok(parse(&table)),
        Err(error) => Err(CheckError::internal(format!("cannot read {TABLE}: {error}; is /proc mounted?"))),
    }
}

/// Reads lines of the form of proc(5), `36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/sda1 rw`.
/// A mount that another one over the same directory hides is left out; so is a line that is cut short.
pub(crate) fn parse(table: &[u8]) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = Vec::new();
    for mount in table.split(|byte| *byte == b'\n').filter_map(parse_line) {
        match mounts.iter_mut().find(|other| other.point == mount.point) {
            Some(hidden) => *hidden = mount,
            None => mounts.push(mount),
        }
    }
    mounts
}

fn parse_line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let device = String::from_utf8_lossy(fields.nth(2)?).into_owned();
    let root = unescape(fields.next()?);
    let point = PathBuf::from(unescape(fields.next()?));
    let mut fields = fields.skip_while(|field| *field != b"-").skip(1);
    let kind = unescape(fields.next()?).to_string_lossy().into_owned();
    let source = unescape(fields.next()?);
    Some(Mount { device, root, point, kind, source })
}

/// The kernel writes blank, tab, line break, backslash and `#` as `\` and three octal digits.
fn unescape(field: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', left @ ..]) => {
                bytes.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                rest = left;
            }
            _ => bytes.push(byte),
        }
    }
    OsString::from_vec(bytes)
}

/// The mount that a user names: by its source as mount(8) prints it, or by its directory. One file
/// system may be mounted at several places: then the one that `df` would show.
pub(crate) fn named(mounts: &[Mount], name: &Path) -> Option<usize> {
    by_source(mounts, name).or_else(|| mounts.iter().position(|mount| mount.point == name))
}

/// The mount of a block device or an export. Names without a slash, like `tmpfs`, say nothing.
pub(crate) fn by_source(mounts: &[Mount], source: &Path) -> Option<usize> {
    let is_one =
        |mount: &&Mount| mount.source == source.as_os_str() && source.as_os_str().as_bytes().contains(&b'/');
    let candidates = mounts.iter().enumerate().filter(|(_, mount)| is_one(mount));
    candidates.reduce(|best, next| if next.1.is_better_than(best.1) { next } else { best }).map(|(i, _)| i)
}

/// The mount that holds a path without symbolic links: the deepest directory above it.
pub(crate) fn nearest(mounts: &[Mount], path: &Path) -> Option<usize> {
    let above = mounts.iter().enumerate().filter(|(_, mount)| path.starts_with(&mount.point));
    above.max_by_key(|(_, mount)| mount.point.as_os_str().len()).map(|(i, _)| i)
}

/// Leaves one of all names for the same space, as `df` does; keeps the order.
pub(crate) fn distinct(mounts: &[Mount], chosen: &[usize]) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::with_capacity(chosen.len());
    for &i in chosen {
        let Some(mount) = mounts.get(i) else { continue };
        let twin = kept.iter_mut().find(|k| mounts.get(**k).is_some_and(|kept| kept.is_same_space(mount)));
        match twin {
            Some(twin) if mounts.get(*twin).is_some_and(|kept| mount.is_better_than(kept)) => *twin = i,
            Some(_) => {}
            None => kept.push(i),
        }
    }
    kept
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Composed of lines as Linux 6.1 prints such mounts: LVM, a bind mount, NFS, autofs, btrfs
    /// subvolumes, a path with a blank, and last a mount over a mount.
    pub(crate) const TABLE: &[u8] = include_bytes!("../testdata/mountinfo");

    fn index(mounts: &[Mount], point: &str) -> usize {
        mounts
            .iter()
            .position(|mount| mount.point == Path::new(point))
            .unwrap_or_else(|| panic!("no {point}"))
    }

    #[test]
    fn reads_a_table() {
        let mounts = parse(TABLE);
        let data = &mounts[index(&mounts, "/srv/with blank\\and'quote")];
        assert_eq!((data.kind.as_str(), data.source.to_str()), ("xfs", Some("/dev/mapper/vg-data")));
        assert_eq!(mounts[index(&mounts, "/mnt/over")].source, "second");
        assert!(mounts[index(&mounts, "/home")].is_remote());
        assert!(!mounts[index(&mounts, "/")].is_remote());
        assert!(mounts[index(&mounts, "/proc")].is_pseudo());
        assert!(!mounts[index(&mounts, "/run")].is_pseudo());
    }

    #[test]
    fn no_bytes_make_it_panic() {
        for length in 0..TABLE.len() {
            parse(&TABLE[..length]);
        }
        assert_eq!(parse(b"\\ \\ \\ \\4 \\777 - x\n- - - - - -\n\n"), []);
        assert_eq!(unescape(b"a\\040b\\1\\"), "a b\\1\\");
        assert_eq!(unescape(b"\\777"), "\\777");
    }

    #[test]
    fn names_are_directories_devices_and_exports() {
        let mounts = parse(TABLE);
        let point =
            |name: &str| named(&mounts, Path::new(name)).map(|i| mounts[i].point.to_str().unwrap_or(""));
        assert_eq!(point("/"), Some("/"));
        assert_eq!(point("/dev/mapper/vg-root"), Some("/"), "not its bind mount");
        assert_eq!(point("nfs1:/export/home"), Some("/home"));
        assert_eq!(point("tmpfs"), None);
        assert_eq!(point("/var/log"), None);
    }

    #[test]
    fn a_path_belongs_to_the_deepest_mount_by_whole_names() {
        let mounts = parse(TABLE);
        let point =
            |name: &str| nearest(&mounts, Path::new(name)).map(|i| mounts[i].point.to_str().unwrap_or(""));
        assert_eq!(point("/run/lock/x"), Some("/run/lock"));
        assert_eq!(point("/run/locked"), Some("/run"));
        assert_eq!(point("/runner"), Some("/"));
        assert_eq!(point("relative"), None);
    }

    #[test]
    fn one_space_is_listed_once_as_df_does() {
        let mounts = parse(TABLE);
        let all: Vec<usize> = (0..mounts.len()).collect();
        let left: Vec<&str> =
            distinct(&mounts, &all).iter().filter_map(|i| mounts[*i].point.to_str()).collect();
        assert!(left.contains(&"/") && !left.contains(&"/srv/chroot/usr"), "{left:?}");
        assert!(left.contains(&"/vol/a") && left.contains(&"/vol/b"), "subvolumes: {left:?}");
        assert!(left.contains(&"/home") && left.contains(&"/mnt/other"), "two exports: {left:?}");
        let bind = index(&mounts, "/srv/chroot/usr");
        assert_eq!(distinct(&mounts, &[bind]), [bind], "chosen alone, it stays");
    }
}
