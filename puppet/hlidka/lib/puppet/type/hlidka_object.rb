# A definition that goes into a file of the same catalog. All those of one file are put behind the
# content that its File resource has, in the order of their text, before anything is applied: the
# file is written once, shows its difference, and obeys noop like any other.
Puppet::Type.newtype(:hlidka_object) do
  @doc = 'One definition of a file of objects. Use hlidka::host and hlidka::service.'

  newparam(:name, namevar: true) do
    desc 'Kind and name of the object.'
  end

  newparam(:target) do
    desc 'Path of the file. A File resource of the catalog has it.'
    isrequired
  end

  newparam(:text) do
    desc 'The definition.'
    isrequired
  end

  # Puppet asks every resource for further ones before the run; the first of a file fills it.
  def generate
    objects = catalog.resources.select { |other| other.is_a?(self.class) && other[:target] == self[:target] }
    file = destination
    return [] unless file && objects.first.equal?(self)

    head = file.parameter(:content)&.actual_content
    file[:content] = [head, *objects.map { |object| object[:text] }.sort].compact.join("\n")
    []
  end

  def pre_run_check
    file = destination
    raise Puppet::Error, "#{ref}: there is no File[#{self[:target]}] in the catalog; declare it" unless file
    return if [nil, :present, :file].include?(file[:ensure]) && !file[:source]

    raise Puppet::Error, "#{ref}: #{file.ref} would not hold it; declare it as a file with content, or without any"
  end

  def destination
    catalog.resource(:file, self[:target])
  end
end
