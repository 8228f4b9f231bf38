# Directives that have no parameter of their own.
type Hlidka::Options = Hash[Pattern[/\A[a-z0-9][a-z0-9_]*\z/], Hlidka::Value]
