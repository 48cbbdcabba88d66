"""Renderers: pure functions of a report. ``html.to_html``, ``json_report.to_json``, ``terminal.table`` and ``terminal.summary_line``."""
