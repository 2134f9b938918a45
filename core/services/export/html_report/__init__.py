"""The offline report: chats, forms and evidence in one HTML file that needs no server and no network."""

from core.services.export.html_report.writer import export_html_report

__all__ = ["export_html_report"]
