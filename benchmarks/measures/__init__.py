"""What `benchmarks/speed.py` measures, keeps and shows, a module each."""
