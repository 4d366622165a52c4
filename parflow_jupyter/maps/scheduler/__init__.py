"""Which item goes to which slot, and what an answer means for the run."""
