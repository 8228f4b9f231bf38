# A monitoring server: collects what machines say about themselves into one file for each, and reloads hlidka.
#
# Without nodes it asks PuppetDB. With them it does not: the machines' files come from elsewhere, and only those of
# machines that are named stay.
#
# @param server
#   Name of this server; objects that are for others are left out.
# @param directory
#   A folder of `objects: exported:` in hlidka.yaml. Whatever else is in it is removed.
# @param nodes
#   Certnames of the machines whose files somebody else brings.
# @param owner
#   Owner of the files.
# @param group
#   Group of the files: the daemon's, which must read them.
# @param mode
#   Mode of the files; folders get the x that belongs to it.
# @param reload
#   Command that is run after a change; '' for none.
class hlidka::collect (
  Pattern[/\A[a-z0-9][a-z0-9_.-]*\z/] $server = 'default',
  Hlidka::Path $directory = '/var/lib/hlidka/exported',
  Optional[Array[Hlidka::Certname]] $nodes = undef,
  Variant[String[1], Integer] $owner = 'root',
  Variant[String[1], Integer] $group = 'hlidka',
  Pattern[/\A0?[0-7]{3}\z/] $mode = '0640',
  String $reload = '/usr/local/bin/hlidka reload',
) {
  $brought = $nodes ? {
    undef   => [],
    default => $nodes.map |$certname| { "${certname}.cfg" },
  }
  $told = $reload ? {
    ''      => undef,
    default => Exec['hlidka reload'],
  }
  file { $directory:
    ensure  => directory,
    owner   => $owner,
    group   => $group,
    mode    => $mode,
    recurse => true,
    purge   => true,
    force   => true,
    ignore  => $brought,
    notify  => $told,
  }

  if $nodes == undef {
    $objects = puppetdb_query("resources[certname, parameters] {
      type = 'Hlidka_object' and exported = true and tag = 'hlidka-${server}'
    }")
    $objects.group_by |$object| { $object['certname'] }.each |$certname, $own| {
      file { "${directory}/${certname}.cfg":
        ensure  => file,
        owner   => $owner,
        group   => $group,
        mode    => $mode,
        content => hlidka::file($own.map |$object| { $object['parameters']['text'] }),
        notify  => $told,
      }
    }
  }

  if $reload != '' {
    exec { 'hlidka reload':
      command     => $reload,
      refreshonly => true,
    }
  }
}
