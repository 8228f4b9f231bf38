# The text of a file of definitions.
#
# @param texts
#   Its definitions.
function hlidka::file(Array[String] $texts) >> String {
  (["# Written by Puppet: what is changed here is lost.\n"] + $texts.sort).join("\n")
}
