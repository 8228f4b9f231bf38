# Jenkins: it is up, and nobody gets in without saying who he is (T46).
#
# @param domain
#   Its name.
class profile::jenkins (
  String[1] $domain = 'jenkins.example.org',
) {
  package { 'jenkins': ensure => installed }
  -> service { 'jenkins': ensure => running, enable => true }

  hlidka::service { 'jenkins':
    check_command => ['site_locked_https', $domain, '8443'],
    servicegroups => ['critical', 'deployment'],
  }
}
