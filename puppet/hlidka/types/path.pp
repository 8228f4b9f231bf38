# Where a file or folder is.
type Hlidka::Path = Pattern[/\A\/[^[:cntrl:]]*[^[:cntrl:]\/]\z/]
