"""Load, memory and crash benchmarks: each figure is measured beside its floor in the same run."""
