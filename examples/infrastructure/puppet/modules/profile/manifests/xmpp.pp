# An XMPP server (T53).
#
# @param domain
#   Its domain.
class profile::xmpp (
  String[1] $domain = 'example.org',
) {
  package { 'prosody': ensure => installed }
  -> service { 'prosody': ensure => running, enable => true }

  hlidka::service { 'xmpp':
    check_command => ['site_xmpp', $domain],
  }
}
