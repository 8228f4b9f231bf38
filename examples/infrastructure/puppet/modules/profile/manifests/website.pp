# The web site (T50), and the same pages as an onion service (T19).
#
# @param domain
#   Its name.
# @param onion
#   Its onion address.
class profile::website (
  String[1] $domain = 'www.example.org',
  String[1] $onion = 'exampleexampleexampleexampleexampleexampleexampleexampleid.onion',
) {
  package { ['nginx-light', 'tor']: ensure => installed }
  -> file { '/etc/nginx/sites-enabled/www':
    content => "server {
  listen 443 ssl;
  listen 127.0.0.1:8080;
  server_name ${domain} ${onion};
  ssl_certificate /etc/ssl/${domain}.pem;
  ssl_certificate_key /etc/ssl/private/${domain}.key;
  root /srv/www;
}
",
  }
  ~> service { 'nginx': ensure => running, enable => true }

  hlidka::service { 'https':
    check_command      => ['site_https', $domain, '/', 'Welcome; willkommen'],
    check_interval     => 2,
    max_check_attempts => 2,
    servicegroups      => ['critical', 'deployment'],
    notes_url          => 'https://wiki.example.org/web',
  }
  hlidka::service { 'certificate':
    use           => 'daily-service',
    check_command => ['site_certificate', $domain],
  }
  hlidka::service { 'onion':
    use           => 'onion-service',
    check_command => ['site_onion_http', $onion, '/', 'Welcome; willkommen'],
  }
}
