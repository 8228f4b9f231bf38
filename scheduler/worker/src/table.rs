//! The table of all checks.

use check::CheckDef;

/// Every check of ours, by name. A new one is one line here (and one in Cargo.toml).
pub static CHECKS: &[CheckDef] = &[
    CheckDef::of::<check_apt::Args>(),
    CheckDef::of::<check_apt_repo::Args>(),
    CheckDef::of::<check_bitcoind::Args>(),
    CheckDef::of::<check_bittorrent::Args>(),
    CheckDef::of::<check_cat::Args>(),
    CheckDef::of::<check_cert::Args>(),
    CheckDef::of::<check_cluster::Args>(),
    CheckDef::of::<check_disk::Args>(),
    CheckDef::of::<check_dns::Args>(),
    CheckDef::of::<check_dummy::Args>(),
    CheckDef::of::<check_eap::Args>(),
    CheckDef::of::<check_eap_certificate::Args>(),
    CheckDef::of::<check_eap_resumption::Args>(),
    CheckDef::of::<check_file_age::Args>(),
    CheckDef::of::<check_fticks::Args>(),
    CheckDef::of::<check_git::Args>(),
    CheckDef::of::<check_http::Args>(),
    CheckDef::of::<check_http_listing::Args>(),
    CheckDef::of::<check_institution::Args>(),
    CheckDef::of::<check_load::Args>(),
    CheckDef::of::<check_mail_loop::Args>(),
    CheckDef::of::<check_memory::Args>(),
    CheckDef::of::<check_ntp::Args>(),
    CheckDef::of::<check_ping::Args>(),
    CheckDef::of::<check_procs::Args>(),
    CheckDef::of::<check_puppet::Args>(),
    CheckDef::of::<check_radius::Args>(),
    CheckDef::of::<check_radius_log::Args>(),
    CheckDef::of::<check_radsec::Args>(),
    CheckDef::of::<check_rsync::Args>(),
    CheckDef::of::<check_sftp::Args>(),
    CheckDef::of::<check_smtp::Args>(),
    CheckDef::of::<check_ssh::Args>(),
    CheckDef::of::<check_swap::Args>(),
    CheckDef::of::<check_systemd::Args>(),
    CheckDef::of::<check_tcp::Args>(),
    CheckDef::of::<check_uptime::Args>(),
    CheckDef::of::<check_users::Args>(),
    CheckDef::of::<check_xmpp::Args>(),
];

/// The check of that name.
pub fn find(name: &str) -> Option<&'static CheckDef> {
    CHECKS.iter().find(|check| check.definition.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// A check that is not in the table runs nowhere in-process, and nobody would notice.
    #[test]
    fn holds_every_check_once_in_order() {
        let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
        let folders = std::fs::read_dir(plugins).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<String> = folders
            .filter(|entry| entry.path().join("Cargo.toml").is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        let table: Vec<&str> = CHECKS.iter().map(|check| check.definition.name).collect();
        assert_eq!(table, names);
    }
}
