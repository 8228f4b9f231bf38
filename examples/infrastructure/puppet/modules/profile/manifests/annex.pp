# The git-annex archive of releases over HTTPS (T45).
#
# @param domain
#   Its name.
class profile::annex (
  String[1] $domain = 'archive.example.org',
) {
  package { 'git-annex': ensure => installed }

  hlidka::service { 'annex':
    check_command  => ['site_annex', $domain, '/annex/'],
    check_interval => 15,
  }
}
