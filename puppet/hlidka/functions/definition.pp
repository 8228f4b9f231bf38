# The text of one definition.
#
# @param kind
#   host or service.
# @param resource
#   The resource that it is of, for error messages and for people who read the file.
# @param certname
#   The machine that says it about itself, or undef for administrators: what hlidka takes from them only is refused.
# @param directives
#   What the resource's parameters say, by directive.
# @param options
#   Directives that no parameter gives.
# @param vars
#   Custom variables.
function hlidka::definition(
  Enum['host', 'service'] $kind,
  String $resource,
  Optional[String] $certname,
  Hash[String, Hlidka::Value] $directives,
  Hlidka::Options $options,
  Hlidka::Variables $vars,
) >> String {
  $texts = [
    'address', 'alias', 'display_name', 'host_name', 'service_description', 'check_command', 'event_handler',
    'notes', 'notes_url', 'action_url', 'icon_image', 'icon_image_alt', 'proxy', 'failure_budget',
  ]
  $administrators = [
    'name', 'register', 'event_handler', 'is_volatile', 'hostgroup_name', 'proxy', 'failure_budget',
  ]
  # other words for the same, which would get past what is asked of these
  $of_services = $kind ? {
    'service' => { 'hostgroups' => 'hostgroup_name' },
    default   => {},
  }
  $synonyms = $of_services + {
    'host'                  => 'host_name',
    'hosts'                 => 'host_name',
    'host_groups'           => 'hostgroups',
    'hostgroup'             => 'hostgroup_name',
    'description'           => 'service_description',
    'service_groups'        => 'servicegroups',
    'normal_check_interval' => 'check_interval',
    'retry_check_interval'  => 'retry_interval',
  }
  $options.keys.each |$key| {
    if $key in $synonyms {
      fail("${resource}: options: ${key} is another word for ${synonyms[$key]}; take that")
    }
    unless $directives[$key] in [undef, ''] {
      fail("${resource}: options: ${key} is given by a parameter too; take one of them")
    }
  }
  $variables = $vars.reduce({}) |$all, $pair| {
    $name = "_${upcase($pair[0])}"
    if $name in $all {
      fail("${resource}: vars: ${name} is there twice; upper and lower case are the same")
    }
    $all + { $name => $pair[1] }
  }
  $said = ($directives + $options).map |$key, $value| {
    [$key, hlidka::value("${resource}: ${key}", $value, $key in $texts)]
  }
  $lines = $said + $variables.map |$name, $value| { [$name, hlidka::value("${resource}: vars: ${name}", $value)] }
  $given = $lines.filter |$line| { $line[1] =~ NotUndef }
  if $certname {
    $own = $directives['host_name']
    if $own != $certname {
      fail("${resource}: host_name: `${own}` is not `${certname}`, and a machine speaks about itself; what is about others \
has a target on the monitoring server")
    }
    $given.each |$line| {
      if $line[0] in $administrators or $line[0] in ['_PROXY', '_FAILURE_BUDGET'] {
        fail("${resource}: ${line[0]} is for administrators only; give it in a template of a trusted file and `use` that")
      }
      if $line[0] == 'check_command' and $line[1] =~ /\Ahlidka:/ {
        fail("${resource}: check_command: aggregates are for trusted files only; name a command")
      }
      if $line[0] == 'check_command' and $line[1] =~ /(?<!\\)!['"]?-(?![0-9.])/ {
        fail("${resource}: check_command: an argument could be taken for an option; let the command say the option")
      }
    }
  }
  epp('hlidka/definition.epp', {
    'kind'  => $kind,
    'title' => hlidka::value("${resource}: title", $resource),
    'lines' => $given,
  })
}
