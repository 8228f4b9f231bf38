# Custom variables, without the underscore in front.
type Hlidka::Variables = Hash[Pattern[/\A[A-Za-z0-9]\w*\z/], Hlidka::Value]
