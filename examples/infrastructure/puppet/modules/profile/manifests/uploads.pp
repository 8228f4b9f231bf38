# An account that others upload to: SFTP and nothing else (T49).
class profile::uploads {
  user { 'upload': ensure => present, home => '/srv/upload' }

  hlidka::service { 'sftp':
    check_command  => ['site_sftp', 'upload', 'incoming'],
    check_interval => 15,
  }
  hlidka::service { 'upload has no shell':
    use           => 'daily-service',
    check_command => ['site_no_shell', 'upload'],
  }
}
