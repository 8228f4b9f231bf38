# A certname that can name a file of objects.
type Hlidka::Certname = Pattern[/\A[A-Za-z0-9][A-Za-z0-9._-]*\z/]
