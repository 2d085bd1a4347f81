"""Getting measured data from its publishers: what there is, under which terms, and a patient download."""
