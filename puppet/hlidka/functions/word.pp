# The text of one word or number: true and false are 1 and 0, a number is in plain digits.
#
# @param of
#   Whose it is, for the error message.
# @param word
#   The word.
function hlidka::word(String $of, Hlidka::Scalar $word) >> String {
  if $word =~ Float and sprintf('%s', $word) =~ /e/ {
    fail("${of}: the number ${word} is not written in plain digits; give it as text")
  }
  $word ? {
    true    => '1',
    false   => '0',
    default => sprintf('%s', $word),
  }
}
