//! Each check against the real thing, as a program and in-process (requirement U01).

mod check_apt;
mod check_cert;
mod check_cluster;
mod check_disk;
mod check_dns;
mod check_dummy;
mod check_file_age;
mod check_http;
mod check_http_listing;
mod check_load;
mod check_memory;
mod check_ntp;
mod check_ping;
mod check_procs;
mod check_puppet;
mod check_smtp;
mod check_swap;
mod check_systemd;
mod check_tcp;
mod check_uptime;
mod check_users;
mod check_xmpp;
mod common;
