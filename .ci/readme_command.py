"""Print one of the commands that the README tells a user to run: the code block below ``<!-- command: NAME -->``."""

import re
import sys
from pathlib import Path

readme = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
found = re.search(rf"<!-- command: {re.escape(sys.argv[1])} -->\n+```\w*\n(.*?)```", readme, flags=re.DOTALL)
if found is None:
    sys.exit(f"README.md has no command {sys.argv[1]!r}")
print(found[1], end="")
