"""Document 003 on rates, solutions and accelerations: made earthquakes, real noise, figures."""
