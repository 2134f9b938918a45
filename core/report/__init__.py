"""The offline report: chats, forms and evidence in one HTML file that needs no server and no network."""

from core.report.export import export_report
from core.report.page import Cell, ChatPage, CustomerPage

__all__ = ["Cell", "ChatPage", "CustomerPage", "export_report"]
