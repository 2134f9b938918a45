"""The offline report: chats, forms and evidence in one HTML file that needs no server and no network."""

from core.services.export.html_report.layout import ChatPage, CustomerPage, ReportCell
from core.services.export.html_report.writer import export_html_report

__all__ = ["ReportCell", "ChatPage", "CustomerPage", "export_html_report"]
