"""inputs.yml: what users write of inputs and outputs, read, compared, written; and what fits of a telegraf.toml."""
