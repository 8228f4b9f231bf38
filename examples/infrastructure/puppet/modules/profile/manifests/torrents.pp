# Seeds the last release (T43).
class profile::torrents {
  package { 'transmission-daemon': ensure => installed }
  -> service { 'transmission-daemon': ensure => running, enable => true }

  hlidka::service { 'last release is seeded':
    use           => 'daily-service',
    check_command => ['site_seeded', 'https://www.example.org/torrents/', 'live-amd64-*.img.torrent'],
  }
}
