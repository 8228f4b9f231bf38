# What a machine says about itself goes to the monitoring servers.
#
# Without a directory, objects are exported: PuppetDB keeps them, and `hlidka::collect` on a monitoring server asks
# for them. With one, all of them are written into CERTNAME.cfg in it, and PuppetDB is not needed.
#
# @param server
#   Monitoring servers that objects are for, by the names that these have in `hlidka::collect`.
# @param directory
#   Folder that is shared with, or brought to, the monitoring server.
# @param host_use
#   Templates of hosts that name none.
# @param service_use
#   Templates of services that name none.
# @param mode
#   Mode of the file in the directory.
class hlidka::export (
  Hlidka::Servers $server = 'default',
  Optional[Hlidka::Path] $directory = undef,
  Hlidka::Value $host_use = 'generic-host',
  Hlidka::Value $service_use = 'generic-service',
  Pattern[/\A0?[0-7]{3}\z/] $mode = '0640',
) {
  $certname = $trusted['certname']
  if $certname !~ Hlidka::Certname {
    fail("hlidka::export: `${certname}` cannot name a file of objects: a certname has letters, digits, `.`, `-` and `_`")
  }
  if $directory {
    $target = "${directory}/${certname}.cfg"
    file { $target:
      ensure  => file,
      mode    => $mode,
      content => hlidka::file([]),
    }
  } else {
    $target = undef
  }
}
