# A Bitcoin node, whose height is compared with that of others (T42).
#
# @param sources
#   Pages that tell the height.
class profile::bitcoin (
  Array[String[1], 2] $sources = ['https://one.example/api/blocks/tip/height', 'https://two.example/q/getblockcount'],
) {
  package { 'bitcoind': ensure => installed }
  -> service { 'bitcoind': ensure => running, enable => true }

  $others = $sources.map |$source| { "-s '${source}'" }
  profile::probe { 'bitcoin':
    command => "check_bitcoind --cookie-file /var/lib/bitcoind/.cookie ${others.join(' ')} -w 3 -c 6",
  }
}
