# What a directive may be given: undef, '' and [] leave it out, an array becomes a list with commas.
type Hlidka::Value = Optional[Variant[Hlidka::Scalar, Array[Hlidka::Scalar]]]
