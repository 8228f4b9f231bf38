# What every machine has: T21, T30-T35, backups, and an account that answers the monitoring server.
#
# @param monitor_key
#   Public key of the monitoring server's probes.
# @param groups
#   Groups of hosts that the machine is in.
class profile::base (
  String[1] $monitor_key = 'AAAAC3NzaC1lZDI1NTE5AAAAIOw1fBL0Yo7PDyZzsyCbWqXyEbIOQ4d0kF4G0nTkQ9mF',
  Array[String[1]] $groups = ['debian'],
) {
  include hlidka::export

  user { 'probe':
    ensure     => present,
    system     => true,
    home       => '/var/lib/probe',
    managehome => true,
    shell      => '/bin/sh',
  }
  file {
    ['/etc/hlidka', '/usr/local/lib/hlidka']:
      ensure => directory,
      ;
    '/etc/hlidka/probe.d':
      ensure  => directory,
      recurse => true,
      purge   => true,
      ;
    '/usr/local/lib/hlidka/probe':
      mode   => '0755',
      source => 'puppet:///modules/profile/probe',
      ;
    # T10: whoever has the key runs these probes and nothing else
    '/var/lib/probe/.ssh':
      ensure => directory,
      mode   => '0755',
      ;
    '/var/lib/probe/.ssh/authorized_keys':
      content => "restrict,command=\"/usr/local/lib/hlidka/probe\" ssh-ed25519 ${monitor_key} monitor\n",
      ;
  }

  hlidka::host { $trusted['certname']:
    address    => $facts['networking']['ip'],
    hostgroups => $groups,
  }
  hlidka::service { 'ssh':
    check_command => 'site_ssh',
    servicegroups => 'deployment',
  }
  profile::probe {
    # T31
    'disk':
      command => 'check_disk -w 10% -c 5% -W 10% -K 5% -l -X tmpfs -X devtmpfs -e',
      ;
    # T32
    'memory':
      command => 'check_memory --available -w 15%: -c 5%:',
      ;
    # T33
    'puppet':
      command       => 'check_puppet -w 2h -c 1d',
      servicegroups => 'deployment',
      ;
    # T34
    'apt':
      command => 'check_apt -o --update-age-warning 36h --update-age-critical 3d --reboot warning',
      use     => 'daily-service',
      ;
    # T35
    'systemd':
      command       => 'check_systemd --dead-timers',
      servicegroups => 'deployment',
      ;
    # T21: what was restarted is seen, and so is whatever did not come back
    'uptime':
      command => 'check_uptime -w 10m: -c 1m:',
      ;
    'backup':
      command => 'check_file_age -w 26h -c 50h /var/backups/last-backup',
      use     => 'daily-service',
      ;
  }
}
