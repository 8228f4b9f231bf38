# Nightly builds, over HTTPS (T47) and rsync (T48).
#
# @param domain
#   Its name.
class profile::nightly_builds (
  String[1] $domain = 'nightly.example.org',
) {
  package { 'rsync': ensure => installed }
  -> file { '/etc/rsyncd.conf': content => "[nightly]\npath = /srv/nightly\nread only = yes\n" }
  ~> service { 'rsync': ensure => running, enable => true }

  hlidka::service { 'nightly builds':
    check_command  => ['site_nightly', $domain, '/'],
    check_interval => 30,
    servicegroups  => 'critical',
  }
  hlidka::service { 'rsync':
    check_command  => ['site_rsync', 'nightly', 'stable', 'devel'],
    check_interval => 15,
    servicegroups  => 'critical',
  }
}
