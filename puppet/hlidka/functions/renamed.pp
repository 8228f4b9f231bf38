# The value of a directive that may be given by its older name.
#
# @param of
#   The resource, for the error message.
# @param older
#   The older name.
# @param old
#   What was given by the older name.
# @param new
#   What was given by the name of today.
function hlidka::renamed(String $of, String $older, Hlidka::Value $old, Hlidka::Value $new) >> Hlidka::Value {
  if $old in [undef, ''] {
    $new
  } elsif $new in [undef, ''] {
    $old
  } else {
    fail("${of}: ${older} is the older name of another parameter that is given too; take one of them")
  }
}
