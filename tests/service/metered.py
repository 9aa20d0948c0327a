"""Metrics as Prometheus would read them."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families


class Metered:
    """What stands in a text of metrics."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self._samples = [sample for family in self.families for sample in family.samples]

    def __call__(self, name: str, **labels: str) -> float:
        """The value of the samples of this name that have at least these labels, together."""
        return sum(
            sample.value
            for sample in self._samples
            if sample.name == f"roobridge_{name}" and labels.items() <= sample.labels.items()
        )

    def words(self) -> set[str]:
        """Of all labels, but the limits of buckets."""
        return {word for sample in self._samples for label, word in sample.labels.items() if label != "le"}
