# Something that only the machine itself can look at: the command that does, and the service that asks for it.
#
# @param command
#   Command line of a check.
# @param ensure
#   With absent neither is there.
# @param use
#   Templates of the service.
# @param servicegroups
#   Groups of the service.
define profile::probe (
  String[1] $command,
  Enum['present', 'absent'] $ensure = 'present',
  String[1] $use = 'probe-service',
  Hlidka::Value $servicegroups = undef,
) {
  file { "/etc/hlidka/probe.d/${title}":
    ensure  => $ensure,
    mode    => '0755',
    content => "#!/bin/sh\nexec ${command}\n",
  }
  hlidka::service { $title:
    ensure        => $ensure,
    use           => $use,
    check_command => ['site_probe', $title],
    servicegroups => $servicegroups,
  }
}
