# A site of three machines. With the fact `shared` each writes its own file into that folder; without, they export to
# PuppetDB. What else differs between the runs of a test comes as facts, too.
class { 'hlidka::export':
  directory   => $facts['shared'],
  server      => $facts['server'],
  host_use    => 'fast-host',
  service_use => 'fast-service',
}

hlidka::host { $trusted['certname']:
  address    => $facts['networking']['ip'],
  hostgroups => ['debian', $facts['role']],
}

class website {
  hlidka::service { 'https':
    check_command         => 'check_tcp!443',
    normal_check_interval => 7,
    retry_check_interval  => '0.5',
    contact_groups        => '',
    servicegroups         => ['public', 'web'],
    notes_url             => 'https://wiki.example.test/web',
    vars                  => { 'port' => 443, 'owner' => 'null' },
    options               => { 'stalking_options' => ['o', 'c'] },
  }
}

# what a shell or a reader of definitions could stumble over
class awkward {
  $words = {
    'semicolons' => '200;x;y',
    'quotes'     => "it's \"so\"",
    'dollar'     => '5$ and $USER1$',
    'utf-8'      => 'žluťoučký kůň 日本',
    'mark'       => 'a!b',
    'slash'      => 'a\;b\\\\c',
    'shell'      => '$(id) `id` | & > <',
    'hash'       => '# }',
    'escaped'    => 'a\!b',
    'number'     => 2.5,
    'yes'        => true,
  }
  $words.each |$name, $word| {
    hlidka::service { $name:
      check_command => ['echo', $word],
      notes         => "of ${name}; ${word}",
    }
  }
}

case $facts['role'] {
  'web': {
    include website
    if $facts['has_metrics'] {
      hlidka::service { 'metrics': check_command => 'check_tcp!9100' }
    }
  }
  'git': { include awkward }
  default: {
    class { 'hlidka::collect':
      directory => $facts['collected'],
      nodes     => $facts['machines'],
      owner     => $facts['user'],
      group     => $facts['group'],
      reload    => $facts['reload'],
    }
  }
}
