# A check command with its arguments as one text.
#
# @param of
#   Whose it is, for the error message.
# @param command
#   NAME!ARGUMENT!… as text, or the name and its arguments as an array, in which ! is just a character.
function hlidka::command(String $of, Hlidka::Value $command) >> Hlidka::Value {
  if $command =~ Array {
    $words = $command.map |$word| { hlidka::word($of, $word) }
    $words.each |$word| {
      if $word =~ /\\\z/ {
        fail("${of}: the argument `${word}` ends with a backslash, which cannot be said in a definition")
      }
    }
    if $words[0] =~ /!/ {
      fail("${of}: the name of a command has no !; the elements after it are the arguments")
    }
    $words.map |$word| { regsubst($word, '!', '\\!', 'G') }.join('!')
  } else {
    $command
  }
}
