"""Where the photos of a bucket are worked on: this machine, or a cluster."""
