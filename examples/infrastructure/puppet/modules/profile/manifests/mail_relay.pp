# A mail relay (T51), an onion service too, and whether mail really leaves it (T52).
#
# @param onion
#   Its onion address.
class profile::mail_relay (
  String[1] $onion = 'examplemailexamplemailexamplemailexamplemailexamplemailid.onion',
) {
  package { ['exim4-daemon-light', 'tor']: ensure => installed }
  -> service { 'exim4': ensure => running, enable => true }

  hlidka::service { 'smtp':
    check_command => ['site_smtp', 'postmaster@example.org', 'nobody@elsewhere.example'],
    servicegroups => ['critical', 'deployment'],
  }
  hlidka::service { 'smtp onion':
    use           => 'onion-service',
    check_command => ['site_onion_smtp', $onion],
  }
  hlidka::service { 'mail is relayed':
    check_command  => 'site_mail_loop',
    check_interval => 30,
    retry_interval => 10,
  }
}
