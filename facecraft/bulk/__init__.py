"""Archives in buckets: portraits of millions of photos, on one machine or many."""
