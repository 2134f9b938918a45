"""Files that ask for more than they are worth, each with the name that it comes under; made small and fast."""

import json
import zipfile
from collections.abc import Callable, Iterable
from functools import lru_cache
from io import BytesIO

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def workbook(cells: Iterable[bytes], strings: Iterable[bytes] = (), *, before: bytes = b"") -> bytes:
    """An .xlsx of one sheet, from raw XML.

    Args:
        cells: parts of the sheet's data: rows with cells.
        strings: parts of the list of shared strings.
        before: what stands before the sheet's root, such as a DOCTYPE.
    """
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets>'
            "</workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="rId2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        )
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(before + f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for part in cells:
                sheet.write(part)
            sheet.write(b"</sheetData></worksheet>")
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as shared:
            shared.write(f'<sst xmlns="{_MAIN}">'.encode())
            for part in strings:
                shared.write(part)
            shared.write(b"</sst>")
    return file.getvalue()


def text_cell(place: str, text: str) -> bytes:
    """A cell with its text inside."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'.encode()


HEAD = b'<row r="1">' + text_cell("A1", "chat_text") + b"</row>"
CHAT = b'<row r="2">' + text_cell("A2", "\u6797\u67281\uff1a\u4f60\u597d") + b"</row>"


def last_cell() -> bytes:
    """One cell, the last that a sheet can have."""
    return workbook([b'<row r="1048576">' + text_cell("XFD1048576", "chat_text") + b"</row>"])


def two_corners() -> bytes:
    """The first cell and the last: a rectangle of 17 billion."""
    return workbook([HEAD, b'<row r="1048576">' + text_cell("XFD1048576", "a") + b"</row>"])


def two_corners_unnamed() -> bytes:
    """The same, with a way of writing cells that is easily overlooked (the name last, single quotes, a comment)."""
    far = b"<row r='1048576'><c t='n'\n r='XFD1048576' ><!-- a --><v>1</v></c></row>"
    return workbook([HEAD, far])


def shared_string_many_times() -> bytes:
    """About 20 KB: one text of 100,000 characters, in 200,000 cells."""
    string = b"<si><t>" + b"a" * 100_000 + b"</t></si>"
    row = b'<row><c t="s"><v>0</v></c></row>'
    return workbook([HEAD, row * 200_000], [string])


def millions_of_cells() -> bytes:
    """About 1.5 MB: eight million cells."""
    row = b"<row>" + b"<c><v>1</v></c>" * 400 + b"</row>"
    return workbook([HEAD, *[row] * 20_000])


@lru_cache
def zip_bomb() -> bytes:
    """About 1.5 MB that are 600 MB unpacked."""
    block = b"<row><c><v>1</v></c></row>" * 40_000
    return workbook([HEAD, *[block] * 600])


def lying_zip_bomb() -> bytes:
    """A bomb whose table of contents says that everything in it is small."""
    data = bytearray(zip_bomb())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
        at += 4
    return bytes(data)


def entity_bomb() -> bytes:
    """Entities of entities of entities, a billion in all."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE worksheet [<!ENTITY l0 "lol">{levels}]>'.encode()
    return workbook([HEAD, b'<row r="2">' + text_cell("A2", "&l9;") + b"</row>"], before=doctype)


def far_ods() -> bytes:
    """An OpenDocument table under an Excel name, whose one cell is repeated 17 billion times."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0" '
        f'xmlns:text="{office}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>'
        '<table:table table:name="a"><table:table-row table:number-rows-repeated="1048576">'
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>a</text:p>'
        "</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<a/>")
    return file.getvalue()


def long_json_string(megabytes: int = 50) -> bytes:
    """A good chat, then one of many MB in one string."""
    return json.dumps([{"chat_text": "a: b"}, {"chat_text": "a" * (megabytes * 1_000_000)}]).encode()


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "one cell, the last of a sheet": ("a.xlsx", last_cell),
    "the first cell and the last": ("a.xlsx", two_corners),
    "the same, written unusually": ("a.xlsx", two_corners_unnamed),
    "one long text in 200,000 cells": ("a.xlsx", shared_string_many_times),
    "eight million cells": ("a.xlsx", millions_of_cells),
    "a zip bomb": ("a.xlsx", zip_bomb),
    "a zip bomb that lies": ("a.xlsx", lying_zip_bomb),
    "an entity bomb": ("a.xlsx", entity_bomb),
    "a far cell in ODS": ("a.xlsx", far_ods),
    "a JSON string of 50 MB": ("a.json", long_json_string),
    "JSON nested 100,000 deep": ("a.json", lambda: b"[" * 100_000),
    "JSON lines nested 100,000 deep": ("a.jsonl", lambda: b'{"chat_text": "a: b"}\n' + b'{"a":' * 100_000 + b"1\n"),
    "a whole number of a million digits": (
        "a.json",
        lambda: b'[{"chat_text": "a: b", "n": ' + b"9" * 1_000_000 + b"}]",
    ),
    "50 MB of white space in JSON": ("a.json", lambda: b"[" + b" " * 50_000_000 + b'{"chat_text": "a: b"}]'),
    "a million empty objects": ("a.jsonl", lambda: b"{}\n" * 1_000_000),
    "CSV with a million columns": ("a.csv", lambda: b"a," * 1_000_000 + b"\n"),
    "CSV with a quote never closed": ("a.csv", lambda: b'chat_text\n"' + b"a: b\n" * 10_000_000),
    "CSV with an index of 5,000 digits": ("a.csv", lambda: b"index,text\n" + b"9" * 5_000 + b",a: b\n"),
    "a text of 30 MB": ("a.txt", lambda: b"a: b\n" * 6_000_000),
}
"""What the file is → its name, and what makes it."""

LARGE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a JSON string of 200 MB": ("a.json", lambda: long_json_string(200)),
    "a JSON string that never ends": ("a.json", lambda: b'[{"chat_text": "' + b"a" * 150_000_000),
    "a line of 150 MB": ("a.jsonl", lambda: b'{"chat_text": "' + b"a" * 150_000_000 + b'"}\n{"chat_text": "a: b"}\n'),
    "CSV with 100 million columns": ("a.csv", lambda: b"," * 100_000_000),
    "a text of 300 MB": ("a.txt", lambda: b"a: b\n" * 60_000_000),
}
"""The same, too large for tests."""
