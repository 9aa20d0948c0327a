"""The part of a README that a program writes, between its markers."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec


class Marked(msgspec.Struct, frozen=True):
    """Where the part stands. mark: the word in `<!-- mark -->` and `<!-- /mark -->`."""

    file: Path
    mark: str

    @property
    def begin(self) -> str:
        return f"<!-- {self.mark} -->"

    @property
    def end(self) -> str:
        return f"<!-- /{self.mark} -->"

    def shown(self) -> str | None:
        """What stands between the markers; None where the file or one of them is missing."""
        text = self._text()
        if self.begin not in text or self.end not in text:
            return None
        return text.partition(self.begin)[2].partition(self.end)[0].strip()

    def write(self, part: str) -> None:
        """Put the part between the markers. Exits with a message where the file or one of them is missing."""
        if self.shown() is None:
            sys.exit(f"{self.file} needs the lines {self.begin} and {self.end}; the table goes between them.")
        before, _, rest = self._text().partition(self.begin)
        after = rest.partition(self.end)[2]
        self.file.write_text(f"{before}{self.begin}\n{part}\n{self.end}{after}", encoding="utf-8")

    def _text(self) -> str:
        return self.file.read_text(encoding="utf-8") if self.file.is_file() else ""


def old_part(folder: Path, mark: str) -> Marked:
    """A README whose part is out of date, in a folder of its own."""
    place = Marked(folder / "README.md", mark)
    place.file.write_text(f"{place.begin}\nold\n{place.end}\n", encoding="utf-8")
    return place
