"""What a run says: reductions over trajectories, and the results they end in."""
