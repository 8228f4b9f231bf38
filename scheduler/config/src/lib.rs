//! Object definitions to a typed, cross-checked object graph; hlidka.yaml.
