"""The shipped scenarios, found by name from any folder: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path


class ShippedScenarios:
    """The shipped scenarios, by name."""

    def __init__(self) -> None:
        package = Path(__file__).resolve().parent.parent
        inside = package / "scenarios"
        self.folder = inside if inside.is_dir() else package.parent / "scenarios"

    def names(self) -> list[str]:
        """Every name, sorted."""
        return sorted(file.stem for file in self.folder.glob("*.yaml"))

    def path(self, name: str) -> Path:
        """The file of a name that `names` gave."""
        return self.folder / f"{name}.yaml"


SHIPPED = ShippedScenarios()
