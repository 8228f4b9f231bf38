# The text of a value as it stands in a definition, or undef if the directive is left out.
#
# What would not arrive as it was written is refused.
#
# @param of
#   Whose value it is, for the error message.
# @param value
#   The value.
# @param is_text
#   Free text, in which a leading + or ! and the word null are no words of the language.
function hlidka::value(String $of, Hlidka::Value $value, Boolean $is_text = false) >> Optional[String] {
  $words = [$value].flatten.map |$word| {
    $word ? {
      undef   => '',
      default => hlidka::word($of, $word),
    }
  }
  $text = $words.join(',')
  $unseen = /[\u{ad}\u{61c}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{fff9}-\u{fffd}\u{e0000}-\u{e007f}]/
  if $text =~ /[[:cntrl:]]/ {
    fail("${of} holds a line break, a tab or another control character; take it out")
  }
  if $text =~ $unseen {
    fail("${of} holds a character that is not seen or turns text around; take it out")
  }
  if $text =~ /\A\s|\s\z/ {
    fail("${of} begins or ends with a blank, which would be lost; take it off")
  }
  if $text =~ /(?<!\\)(\\\\)*\\\z/ {
    fail("${of} ends with a backslash, which would join the next line to it; write none or two")
  }
  if $is_text and $text =~ /\A[+!]|\Anull\z/ {
    fail("${of} may neither begin with + or ! nor be the word null, which mean something else to hlidka")
  }
  $text ? {
    ''      => undef,
    default => regsubst($text, ';', '\\;', 'G'),
  }
}
