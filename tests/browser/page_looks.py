"""What holds for the look of every page, measured while another test visits it: words, title, place, stillness."""

import re
from typing import Any

from playwright.sync_api import Frame, Page

from core.ui.page_shell import TITLE

WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput)
      for (const { node, previousRect: from, currentRect: to } of entry.sources)
        if (from.height && to.height && (from.y !== to.y || from.x !== to.x)) {
          const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
          const title = element?.closest?.('h1') || element?.querySelector?.('h1');
          window.shifts.push({
            value: entry.value, title: Boolean(title), by: [to.x - from.x, to.y - from.y],
            what: (element?.outerHTML || '').slice(0, 160),
          });
        }
}).observe({ type: 'layout-shift', buffered: true });
"""
"""Script of a page: what moves after it was painted, without anybody's doing."""

_MOST_SHIFT = 0.25
"""Of the window's area, as Chromium counts: on a busy machine a page takes longer, and is seen as it comes."""

_TEXTS = """() => {
  const seen = [];
  const names = ['label', 'description', 'roledescription', 'valuetext'].map((name) => `aria-${name}`);
  names.push('title', 'placeholder', 'alt');
  // Data, keys, and what is drawn for nobody.
  const data = `td, code, pre, kbd, textarea, style, script, noscript, mark, .m, .option, .ag-cell, [aria-hidden=true],
    [data-testid=stCode], [data-testid=stText], [data-testid=stIconMaterial], [data-testid=sides-chat]`;
  // The title of a frame that has a label is read by nobody.
  const said = (element, name) =>
    (name === 'title' && element.matches('iframe[aria-label]') ? null : element.getAttribute(name)) || '';
  const look = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
      if (!element || element.closest(data) || !element.checkVisibility()) continue;
      if (node.nodeType === Node.TEXT_NODE) seen.push(element.closest('[role=img]') ? '' : node.data);
      else {
        seen.push(...names.map((name) => said(element, name)));
        if (element.shadowRoot) look(element.shadowRoot);
      }
    }
  };
  look(document.body);
  return seen;
}"""
_CHINESE = re.compile("[\\u4e00-\\u9fff]")
_WORD = re.compile(r"[A-Za-z]{2,}")
_NAMES = re.compile(
    r"token|Python|openai|spark-ai-python|sqlmodel|streamlit|ShareGPT|Alpaca|OpenAI|JSONL?|CSV|ZIP|"
    r"[\w.-]+\.v\d+|[\w.-]+\.json|[\w.+-]+@[\w.-]+|[\d.,]+ ?[KMG]?B|/[\w./-]+|Alt\+\S+|[A-Z_]{5,}|"
)
"""Names of formats, libraries, prompts and models; addresses, sizes, paths, keys. Nothing else is said in English."""
_NAMED = re.compile(
    r"[\w.+-]+@[\w.-]+|[A-Z_]{5,}(=\w+)?|[\w/-]+\.(v\d+|json|toml|md)\b|data/forms|\.streamlit|\d[KMG]B"
)
_KNOWN_WORDS = frozenset(
    "token tokens JSON Schema infos JSONL CSV TXT ZIP TOML HTML PNG GBK UTF Excel QQ ID OIDC sub OpenAI ShareGPT "
    "Alpaca Spark Hugging Face Hub MLflow PostgreSQL SQLite MB GB KB Alt Ctrl Shift Enter Esc Tab End Home instruction "
    "input output resourceId".split()
)
"""What stands in Chinese sentences: formats, programs, units, keys, columns of files. Any other word is English."""


def english_texts(page: Page) -> list[str]:
    """Texts on a page that can be read or heard and are English, or have an English word among Chinese ones."""
    texts = {text.strip() for frame in page.frames for text in _texts_of(frame)}
    return sorted(text for text in texts if _is_english(text))


def _is_english(text: str) -> bool:
    if _CHINESE.search(text):
        return not _KNOWN_WORDS.issuperset(_WORD.findall(_NAMED.sub("", text)))
    return bool(_WORD.search(text)) and not _NAMES.fullmatch(text)


def _texts_of(frame: Frame) -> list[str]:
    texts: list[str] = frame.evaluate(_TEXTS)
    return texts


def title_place(page: Page) -> tuple[float, float] | None:
    """Where the words of the page's title begin, in pixels; ``None`` where there is no title (审阅台)."""
    place: list[float] | None = page.evaluate(
        """() => {
          const heading = document.querySelector('h1');
          if (!heading) return null;
          const range = document.createRange();
          range.selectNodeContents(heading);
          const { x, y, height } = range.getBoundingClientRect();
          return [Math.round(x), Math.round(y + height / 2)];
        }"""
    )
    return (place[0], place[1]) if place else None


def faint_tracks(page: Page) -> list[str]:
    """Bars of progress whose edge is told from the ground by a contrast of less than 3 (WCAG 1.4.11)."""
    faint: list[str] = page.evaluate(
        """() => {
          const channels = (color) => color.match(/[\\d.]+/g).map(Number);
          const light = (color) => {
            const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            const [r, g, b] = channels(color).map((c) => linear(c / 255));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
          };
          const ground = (element) => {
            const { backgroundColor } = getComputedStyle(element);
            const parent = element.parentElement ?? element.getRootNode().host;
            return channels(backgroundColor)[3] === 0 && parent ? ground(parent) : backgroundColor;
          };
          const roots = [document, ...[...document.querySelectorAll('*')].flatMap((one) => one.shadowRoot ?? [])];
          const bars = '[data-testid=stProgressBarTrack], .meter';
          const tracks = roots.flatMap((root) => [...root.querySelectorAll(bars)]);
          return tracks.flatMap((track) => {
            const [edge, paper] = [light(getComputedStyle(track).outlineColor), light(ground(track.parentElement))];
            const contrast = Math.max(edge, paper) / Math.min(edge, paper);
            return contrast < 3 ? [`${track.className} ${contrast.toFixed(2)}`] : [];
          });
        }"""
    )
    return [f"a bar of progress that is not seen: {track}" for track in faint]


def problems_of_look(page: Page) -> list[str]:
    """What is wrong with the look of a page that was opened with :data:`WATCH_SHIFTS`."""
    problems = [f"English: {text[:120]}" for text in english_texts(page)]
    heading = page.locator("h1")
    if heading.count() and (title := page.title()) != f"{heading.first.inner_text().strip()} · {TITLE}":
        problems.append(f"the browser's tab is called {title}")
    shifts: list[dict[str, Any]] = page.evaluate("window.shifts")
    whole = sum({shift["value"] for shift in shifts}) > _MOST_SHIFT
    problems += [f"moved: {shift}" for shift in shifts if whole or shift["title"]]
    return problems
