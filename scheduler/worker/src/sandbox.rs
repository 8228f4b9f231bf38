//! What a process that parses strangers' answers cannot do, even if a check is taken over: write a
//! file, become or start another program, trace another process, change the system.
//!
//! Reading files and all network access stay: checks are made of them. Three layers, each as far as
//! the kernel has it: no_new_privs, Landlock, and a seccomp filter on system calls.

use std::collections::BTreeMap;
use std::io;

use landlock::{
    ABI, Access, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    Scope,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

/// System calls that no check needs and an intruder would like; they fail with EPERM.
const REFUSED: &[libc::c_long] = &[
    // other programs and other processes
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // what Landlock does not know of files
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    // mounts and namespaces
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_open_by_handle_at,
    // the kernel itself, and what has been its weak spots
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_personality,
];

/// The same number everywhere; libc does not have it for every machine.
const FCHMODAT2: libc::c_long = 452;

/// The same, of those that only x86_64 has. For fork and vfork see [`processes`].
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[libc::c_long] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[libc::c_long] = &[];

/// Puts this thread, and those that it starts, into the sandbox for good. Gives what is missing of
/// it, a line each; a kernel without any of it still runs checks.
pub(crate) fn apply() -> Vec<String> {
    let mut missing = Vec::new();
    if let Err(error) = rustix::thread::set_no_new_privs(true) {
        missing.push(format!("no_new_privs is not available: {error}"));
    }
    match read_only() {
        Ok(RulesetStatus::FullyEnforced) => {}
        Ok(RulesetStatus::PartiallyEnforced) => {
            missing
                .push("this kernel has only a part of Landlock (Linux 6.12 has all that is used)".to_owned());
        }
        Ok(RulesetStatus::NotEnforced) => {
            missing.push("this kernel has no Landlock: checks could write files".to_owned());
        }
        Err(error) => missing.push(format!("Landlock failed: {error}")),
    }
    if let Err(error) = filter_system_calls() {
        missing.push(format!("the system call filter failed: {error}"));
    }
    missing
}

/// Landlock: the whole file system for reading, nothing for writing or executing; no signals to
/// processes outside, no abstract sockets of others.
fn read_only() -> Result<RulesetStatus, Box<dyn std::error::Error>> {
    // D-Bus and other sockets with a path stay reachable: that right came later than V6
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V6))?
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()?
        .add_rule(PathBeneath::new(PathFd::new("/")?, AccessFs::ReadFile | AccessFs::ReadDir))?;
    Ok(ruleset.restrict_self()?.ruleset)
}

fn filter_system_calls() -> Result<(), Box<dyn std::error::Error>> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().chain(REFUSED_HERE).map(|number| (*number, Vec::new())).collect();
    refused.insert(libc::SYS_clone, processes()?);
    install(refused, libc::EPERM)?;
    // Its flags lie in memory, where a filter cannot look. As if the kernel were too old for it, the
    // C library then starts threads by clone.
    install(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)
}

/// A clone that makes a process, not a thread of this one.
fn processes() -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let thread = u64::from(libc::CLONE_THREAD.cast_unsigned());
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(thread), 0)?;
    Ok(vec![SeccompRule::new(vec![condition])?])
}

fn install(rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) -> Result<(), Box<dyn std::error::Error>> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let refuse = SeccompAction::Errno(errno.cast_unsigned());
    let filter: BpfProgram = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?.try_into()?;
    seccompiler::apply_filter(&filter).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(())
}
