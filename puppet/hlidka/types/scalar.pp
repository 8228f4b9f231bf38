# One word or number of a definition; true and false become 1 and 0.
type Hlidka::Scalar = Variant[String, Numeric, Boolean]
