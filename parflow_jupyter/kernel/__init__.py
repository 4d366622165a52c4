"""What runs in a kernel: the magics, and the builder of pipelines."""
