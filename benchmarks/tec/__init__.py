"""The suite of electron content: series at sites, judgements, context, report."""
