"""What stands between a word that says what follows and what follows. Pure."""

from typing import Final

SP: Final = r"[ \t\u3000\u00a0]"
LINK: Final = (
    r"(?:号码|同|叫|上|添加|查找|个|呗|好友|账号|帐号|号|id|就是|是|为|改成|改为|换成|搜索?|加|吧|一下|联系|联络|找|发|你|我|聊|私信?|"
    r"[^\w\n。！？!?;；]){0,6}"
)
"""What stands between a word that says what follows and what follows."""
LABEL_END: Final = f"_{{0,2}}{LINK}"
"""The same in front of a number, where the names of fields end in signs: qq_12345."""
ASKED: Final = r"(?:号码?|id)?[是有]?(?:多少|什么|啥|哪个|几号?)[呀呢啊哦吗]{0,2}[?!,:，。 ]{1,2}\n?"
"""A question for what follows: 您微信多少？"""
MORE: Final = rf"{SP}?(?:[、,，;；/和或]|或者|以及|还有){SP}?"
"""What stands between two values of one kind."""
GAP: Final = r"[ \t\u3000\u00a0\-‐‑–—―−_.．·•・/～~*()（）|]"
