# Which machine does what. How it is monitored stands where it is described: in the profiles.

node default {
  include profile::base
}

node 'web.example.org' {
  include profile::base
  include profile::website
  include profile::apt_repository
  include profile::nightly_builds
}

node 'archive.example.org' {
  include profile::base
  include profile::annex
  include profile::torrents
  include profile::bitcoin
}

node 'mail.example.org' {
  include profile::base
  include profile::mail_relay
  include profile::xmpp
}

node 'git.example.org' {
  include profile::base
  include profile::git
  include profile::uploads
}

node 'ci.example.org' {
  include profile::base
  include profile::jenkins
}

node 'monitor.example.org' {
  include profile::base
  include profile::monitor
}
