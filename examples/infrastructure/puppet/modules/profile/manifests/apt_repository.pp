# The APT repository (T40), and its time-stamped snapshots (T41).
class profile::apt_repository {
  package { 'reprepro': ensure => installed }
  -> file { '/srv/apt/conf/distributions':
    content => "Codename: stable\nComponents: main\nArchitectures: amd64 source\nSignWith: yes\n",
  }

  hlidka::service { 'apt repository':
    check_command  => ['site_apt_repository', 'http://deb.example.org/debian', 'stable'],
    check_interval => 15,
    servicegroups  => 'critical',
    notes_url      => 'https://wiki.example.org/apt',
  }
  hlidka::service { 'apt snapshots':
    check_command  => ['site_apt_snapshot', 'http://snapshots.example.org/debian/{latest}/', 'stable', '/debian/project/trace/debian'],
    check_interval => 30,
    servicegroups  => 'critical',
    notes_url      => 'https://wiki.example.org/apt',
  }
}
