# A service of this machine: how it is monitored.
#
# Parameters are directives of a service unless they are described here; '' and undef leave a directive to the templates.
#
# @example
#   hlidka::service { 'https':
#     check_command => ['check_https', 'www.example.org', '/status'],
#   }
#
# @param ensure
#   With absent nothing is declared.
# @param service_description
#   Its name, if that is not the title.
# @param host_name
#   Whose it is. It can be another machine's only if there is a target.
# @param use
#   Templates; if undef, those of `hlidka::export`.
# @param check_command
#   NAME!ARGUMENT!…, or an array of the name and the arguments.
# @param normal_check_interval
#   The older name of check_interval.
# @param retry_check_interval
#   The older name of retry_interval.
# @param options
#   All other directives.
# @param vars
#   Custom variables: a key `port` is written `_PORT`.
# @param target
#   A trusted file on this machine: for the monitoring server's own words about others. A File resource declares it.
# @param failure_budget
#   For trusted files only; others find it in a template.
# @param proxy
#   For trusted files only; others find it in a template.
# @param server
#   Monitoring servers that it is for, if not those of `hlidka::export`.
define hlidka::service (
  Enum['present', 'absent'] $ensure = 'present',
  Hlidka::Value $service_description = $title,
  Hlidka::Value $host_name = $trusted['certname'],
  Hlidka::Value $use = undef,
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
  Hlidka::Value $servicegroups = undef,
  Hlidka::Value $display_name = undef,
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
    $self = "Hlidka::Service[${title}]"
    $directives = {
      'host_name'                => $host_name,
      'service_description'      => $service_description,
      'use'                      => $use.lest || { $hlidka::export::service_use },
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
      'servicegroups'            => $servicegroups,
      'display_name'             => $display_name,
      'notes'                    => $notes,
      'notes_url'                => $notes_url,
      'failure_budget'           => $failure_budget,
      'proxy'                    => $proxy,
    }
    $speaker = $target ? {
      undef   => $hlidka::export::certname,
      default => undef,
    }
    hlidka::object { "service ${title}":
      text   => hlidka::definition('service', $self, $speaker, $directives, $options, $vars),
      target => $target,
      server => $server,
    }
  }
}
