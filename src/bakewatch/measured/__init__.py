"""What sources that measure by themselves have in common: counters that only grow are sampled, every sample is kept in
the data directory, and what is answered are the differences between neighbouring samples."""
