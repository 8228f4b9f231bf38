# Names of monitoring servers; each becomes a tag.
type Hlidka::Servers = Variant[Pattern[/\A[a-z0-9][a-z0-9_.-]*\z/], Array[Pattern[/\A[a-z0-9][a-z0-9_.-]*\z/], 1]]
