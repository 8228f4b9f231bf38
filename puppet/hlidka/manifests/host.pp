# This machine, as it is monitored.
#
# Parameters are directives of a host unless they are described here; '' and undef leave a directive to the templates.
#
# @example
#   hlidka::host { $trusted['certname']:
#     address    => $facts['networking']['ip'],
#     hostgroups => ['debian', 'web'],
#   }
#
# @param ensure
#   With absent nothing is declared.
# @param host_name
#   Its name, if that is not the title. It can be another machine's only if there is a target.
# @param use
#   Templates; if undef, those of `hlidka::export`.
# @param nagios_alias
#   The directive alias, a word that Puppet keeps for itself.
# @param check_command
#   NAME!ARGUMENT!…, or an array of the name and the arguments.
# @param normal_check_interval
#   The older name of check_interval.
# @param retry_check_interval
#   The older name of retry_interval.
# @param options
#   All other directives.
# @param vars
#   Custom variables: a key `rack` is written `_RACK`.
# @param target
#   A trusted file on this machine: for the monitoring server's own words about others. A File resource declares it.
# @param failure_budget
#   For trusted files only; others find it in a template.
# @param proxy
#   For trusted files only; others find it in a template.
# @param server
#   Monitoring servers that it is for, if not those of `hlidka::export`.
define hlidka::host (
  Enum['present', 'absent'] $ensure = 'present',
  Hlidka::Value $host_name = $title,
  Hlidka::Value $use = undef,
  Hlidka::Value $address = undef,
  Hlidka::Value $nagios_alias = undef,
  Hlidka::Value $display_name = undef,
  Hlidka::Value $parents = undef,
  Hlidka::Value $hostgroups = undef,
  Hlidka::Value $check_command = undef,
  Hlidka::Value $check_period = undef,
  Hlidka::Value $check_interval = undef,
  Hlidka::Value $retry_interval = undef,
  Hlidka::Value $normal_check_interval = undef,
  Hlidka::Value $retry_check_interval = undef,
  Hlidka::Value $max_check_attempts = undef,
  Hlidka::Value $notification_interval = undef,
  Hlidka::Value $notification_period = undef,
  Hlidka::Value $notification_options = undef,
  Hlidka::Value $first_notification_delay = undef,
  Hlidka::Value $contacts = undef,
  Hlidka::Value $contact_groups = undef,
  Hlidka::Value $notes = undef,
  Hlidka::Value $notes_url = undef,
  Hlidka::Options $options = {},
  Hlidka::Variables $vars = {},
  Hlidka::Value $failure_budget = undef,
  Hlidka::Value $proxy = undef,
  Optional[Hlidka::Path] $target = undef,
  Optional[Hlidka::Servers] $server = undef,
) {
  include hlidka::export

  if $ensure == 'present' {
    $self = "Hlidka::Host[${title}]"
    $directives = {
      'host_name'                => $host_name,
      'use'                      => $use.lest || { $hlidka::export::host_use },
      'alias'                    => $nagios_alias,
      'display_name'             => $display_name,
      'address'                  => $address,
      'parents'                  => $parents,
      'hostgroups'               => $hostgroups,
      'check_command'            => hlidka::command("${self}: check_command", $check_command),
      'check_period'             => $check_period,
      'check_interval'           => hlidka::renamed($self, 'normal_check_interval', $normal_check_interval, $check_interval),
      'retry_interval'           => hlidka::renamed($self, 'retry_check_interval', $retry_check_interval, $retry_interval),
      'max_check_attempts'       => $max_check_attempts,
      'notification_interval'    => $notification_interval,
      'notification_period'      => $notification_period,
      'notification_options'     => $notification_options,
      'first_notification_delay' => $first_notification_delay,
      'contacts'                 => $contacts,
      'contact_groups'           => $contact_groups,
      'notes'                    => $notes,
      'notes_url'                => $notes_url,
      'failure_budget'           => $failure_budget,
      'proxy'                    => $proxy,
    }
    $speaker = $target ? {
      undef   => $hlidka::export::certname,
      default => undef,
    }
    hlidka::object { "host ${title}":
      text   => hlidka::definition('host', $self, $speaker, $directives, $options, $vars),
      target => $target,
      server => $server,
    }
  }
}
