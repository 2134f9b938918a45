"""The offline report: chats, forms and evidence in one HTML file that needs no server and no network."""

from core.services.export.html_report.layout import Cell, ChatPage, CustomerPage
from core.services.export.html_report.writer import export_report

__all__ = ["Cell", "ChatPage", "CustomerPage", "export_report"]
