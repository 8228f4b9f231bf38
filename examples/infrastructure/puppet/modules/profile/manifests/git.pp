# Git repositories, over every protocol that they are offered by (T44).
#
# @param domain
#   Its name.
# @param repository
#   One that is there for the test.
class profile::git (
  String[1] $domain = 'git.example.org',
  String[1] $repository = 'test.git',
) {
  package { 'git': ensure => installed }
  -> file { '/etc/systemd/system/git-daemon.service':
    content => "[Service]\nExecStart=/usr/bin/git daemon --base-path=/srv/git /srv/git\n",
  }
  ~> service { 'git-daemon': ensure => running, enable => true }

  ['git', 'https'].each |$protocol| {
    hlidka::service { "git by ${protocol}":
      check_command  => ['site_git', "${protocol}://${domain}/${repository}"],
      check_interval => 15,
      servicegroups  => 'deployment',
    }
  }
  hlidka::service { 'git by ssh':
    check_command  => ['site_git_ssh', "ssh://git@${domain}/${repository}"],
    check_interval => 15,
    servicegroups  => 'deployment',
  }
}
