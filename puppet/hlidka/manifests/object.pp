# Brings a definition to where it belongs: into a trusted file of this machine, into the file that the machine writes
# about itself, or to PuppetDB. `hlidka::host` and `hlidka::service` declare it.
#
# @api private
#
# @param text
#   The definition.
# @param target
#   A trusted file of this machine.
# @param server
#   Monitoring servers that it is for, if not those of `hlidka::export`.
define hlidka::object (
  String[1] $text,
  Optional[Hlidka::Path] $target,
  Optional[Hlidka::Servers] $server,
) {
  $file = $target ? {
    undef   => $hlidka::export::target,
    default => $target,
  }
  if $file == undef {
    $servers = $server ? {
      undef   => $hlidka::export::server,
      default => $server,
    }
    @@hlidka_object { "${trusted['certname']} ${title}":
      text => $text,
      tag  => [$servers].flatten.map |$name| { "hlidka-${name}" },
    }
  } else {
    if $server != undef {
      fail("Hlidka::Object[${title}]: server: only PuppetDB tells servers apart; a file is for whoever reads it")
    }
    hlidka_object { $title:
      text   => $text,
      target => $file,
    }
  }
}
