"""Texts that Markdown, HTML or Streamlit would make something of: names, notes and errors as an attacker writes them.

``BEACON`` stands for an address that nobody's browser may ask for.
"""

from itertools import product

BEACON = "http://127.0.0.1:9/beacon"
"""Port 9 of this machine, where nothing listens; tests with a listening one put its address in its place."""

_CORES = (
    f"![x]({BEACON})",
    f"![x][y]\n\n[y]: {BEACON}",
    f"[x]({BEACON})",
    f"[![x]({BEACON})]({BEACON})",
    f"<{BEACON}>",
    f"<img src={BEACON}>",
    f"<IMG SRC='{BEACON}' onerror=alert(1)>",
    f"<script src={BEACON}></script>",
    f"<iframe src={BEACON}></iframe>",
    f"<style>@import '{BEACON}';</style>",
    f"<link rel=stylesheet href={BEACON}>",
    f"<svg><image href={BEACON} /></svg>",
    f":red[![x]({BEACON})]",
    f":blue-background[[x]({BEACON})]",
    f'::leaf[x]{{src="{BEACON}"}}',
    f":::note\n![x]({BEACON})\n:::",
    f"$\\includegraphics{{{BEACON}}}$",
    f"$$\\href{{{BEACON}}}{{x}}$$",
    f"`![x]({BEACON})",
    f"~~~\n![x]({BEACON})",
    f"    ![x]({BEACON})",
    f"\t![x]({BEACON})",
    f"\\![x]({BEACON})",
    f"\\\\![x]({BEACON})",
    f"!\\[x]({BEACON})",
    f"[^1] [^1]: ![x]({BEACON})",
    f"| a |\n| - |\n| ![x]({BEACON}) |",
    f"- [ ] ![x]({BEACON})",
    f"1. ![x]({BEACON})",
    f"> ![x]({BEACON})",
    f"# ![x]({BEACON})",
    f"x\n===\n![x]({BEACON})",
    f"![x](<{BEACON}>)",
    f"![x](\n{BEACON}\n)",
    f'![x]({BEACON} "title")',
    f"&#33;&#91;x&#93;({BEACON})",
    f"&excl;[x]({BEACON})",
    f"*![x]({BEACON})*",
    f"__![x]({BEACON})__",
    f"~~![x]({BEACON})~~",
    f"![:red[x]]({BEACON})",
    BEACON,
    "www.beacon.invalid/x.png",
    "mail@beacon.invalid",
    ":material/home:",
    ":streamlit:",
    ":smile:",
    ":+1: :100: :red_circle:",
    ":red[x] :gray-badge[y]",
    "a -> b <- c <-> d -- e >= f <= g ~= h",
    "*a* **b** _c_ __d__ ~e~ ~~f~~ `g`",
    "$x^2$ $$y$$ 5$ 6$",
    "# a",
    "- a",
    "+ a",
    "1. a",
    "1) a",
    "---",
    "===",
    "***",
    "a_b_c 1_000 _",
    "[图片] :) ;-) 10:30 备注:好",
    "<b>x</b> &amp; &lt; &nbsp;",
    "\\ \\\\ \\n \\*",
    "|a|b|",
    "![",
    "](",
    "!",
    ":",
    "\\",
)
_FRAMES = ("{}", "客户{}", "{} 后面", "第一行\n{}", "a:{}", "!{}", "[{}](x)", "\\{}")


def hostile_texts(beacon: str = BEACON) -> list[str]:
    """Every hostile text, with the address to ask for in the place of ``BEACON``."""
    return [frame.replace("{}", core.replace(BEACON, beacon)) for core, frame in product(_CORES, _FRAMES)]
