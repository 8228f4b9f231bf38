# The monitoring server: it collects what all machines say, watches itself (T23), and speaks about a host that no Puppet
# runs on.
#
# @param folder
#   Where hlidka's configuration is.
class profile::monitor (
  Hlidka::Path $folder,
) {
  include hlidka::collect

  service { 'hlidka': ensure => running, enable => true }

  # T19: a friend's mirror, which is reached through Tor only. What is about others has a target, and may name a proxy.
  $mirror = "${folder}/objects/mirror.cfg"
  file { $mirror:
    content => "# Written by Puppet: what is changed here is lost.\n",
    tag     => 'objects',
  }
  hlidka::host { 'mirror':
    use     => 'onion-host',
    address => 'examplemirrorexamplemirrorexamplemirrorexamplemirrorexample.onion',
    notes   => 'run by friends; they read mirror@example.org',
    target  => $mirror,
  }
  hlidka::service { 'mirror pages':
    host_name           => 'mirror',
    service_description => 'pages',
    use                 => 'onion-service',
    check_command       => ['site_onion_http', '$HOSTADDRESS$', '/', 'Mirror'],
    failure_budget      => '10/7d',
    target              => $mirror,
  }

  profile::probe { 'hlidka':
    command => 'check_systemd -u hlidka',
  }
}
