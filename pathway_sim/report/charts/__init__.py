"""The charts, in one list: the choices on the command line, in pages and in tests are made from it."""

from __future__ import annotations

from pathway_sim.report.charts import availability, timeline
from pathway_sim.report.charts.base import Captions, Chart, ChartData

__all__ = ["CHARTS", "Captions", "Chart", "ChartData"]

CHARTS: dict[str, Chart] = {chart.name: chart for chart in (availability.CHART, timeline.CHART)}
