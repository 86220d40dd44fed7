"""What people look at: words, charts, pages and files made from results."""
