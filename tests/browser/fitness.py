"""Whether a page is fit for everyone to read: what the browser tests ask of each, and the faults they find, in words.

Text at twice its size is what a reader sets in their browser: the default size of its fonts becomes 32 px (Chromium's own
setting, by its debugging protocol), so that everything measured in `rem` grows, on a window of 1280 px as much as is left
of it at twice the size, which is 640 px. A zoom of 400 % on such a window is a window of 320 px.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
_NORMAL, _LARGE = 16, 32  # pixels of the browser's default text

# Every stop of the keyboard is seen when it has the focus: it is outlined, it is on the page, and nothing lies over all of
# it. After a first Tab the focus is moved by script, so that a page of many links takes no longer than others.
_STOPS = """() => {
  const faults = [], named = it => it.outerHTML.slice(0, 110).replace(/\\s+/g, " ");
  const stops = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex='-1'])")]
    .filter(it => !it.disabled && it.checkVisibility({ checkVisibilityCSS: true }));
  const isSeen = (it, x, y) => {
    const there = document.elementFromPoint(x, y);
    return there && (it.contains(there) || [...it.labels ?? []].some(label => label.contains(there)));
  };
  for (const it of stops) {
    it.focus();
    if (document.activeElement !== it) { faults.push("takes no focus: " + named(it)); continue; }
    const style = getComputedStyle(it);
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) faults.push("focus not seen: " + named(it));
    const spots = [...it.getClientRects()].flatMap(box => {
      const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
      const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
      if (right - left < 1 || bottom - top < 1) return [];
      return [0.5, 0.1, 0.9].flatMap(x => [0.5, 0.1, 0.9].map(y => [left + (right - left) * x, top + (bottom - top) * y]));
    });
    if (!spots.some(([x, y]) => isSeen(it, x, y))) faults.push("covered while it has the focus: " + named(it));
  }
  document.activeElement.blur();
  window.scrollTo(0, 0);
  return faults;
}"""

# Under reduced motion nothing moves.
_MOTION = """() => {
  const slow = text => text.split(",").some(each => parseFloat(each) > 0.01);
  const faults = [];
  for (const it of document.querySelectorAll("*")) {
    const style = getComputedStyle(it);
    if (slow(style.transitionDuration) || style.animationName !== "none" && slow(style.animationDuration))
      faults.push("moves under reduced motion: " + it.outerHTML.slice(0, 100).replace(/\\s+/g, " "));
  }
  if (getComputedStyle(document.documentElement).scrollBehavior === "smooth") faults.push("scrolls smoothly");
  return faults.slice(0, 5);
}"""

_WIDER = """() => {
  const wide = document.documentElement.scrollWidth, room = document.documentElement.clientWidth;
  if (wide <= room) return "";
  const who = [...document.querySelectorAll("main *, header *, footer *")]
    .filter(it => it.getBoundingClientRect().right > room + 1 && !it.closest("[tabindex='0'], svg")).slice(0, 3);
  return `${wide} px on ${room}: ` + who.map(it => it.outerHTML.slice(0, 90).replace(/\\s+/g, " ")).join(" | ");
}"""

# Text that its own box cuts off: not what is there for screen readers alone, nor what scrolls.
_CUT = """() => [...document.querySelectorAll("main *, header *, footer *")].filter(it => {
  const style = getComputedStyle(it);
  if (!["hidden", "clip"].includes(style.overflowX) && !["hidden", "clip"].includes(style.overflowY)) return false;
  if (it.closest("svg, .visually-hidden") || it.clientWidth <= 1 || style.clip !== "auto") return false;
  if (!it.textContent.trim()) return false;
  return it.scrollWidth > it.clientWidth + 1 || it.scrollHeight > it.clientHeight + 2;
}).slice(0, 3).map(it => "cut off: " + it.outerHTML.slice(0, 100).replace(/\\s+/g, " "))"""


def watch(page: Page) -> list[str]:
    """Console errors, outside requests and files that are missing, as they come."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on(
        "request",
        lambda request: (
            None
            if re.match(r"(http://127\.0\.0\.1:|data:|blob:)", request.url)
            else errors.append(f"outside request: {request.url}")
        ),
    )
    page.on(
        "response", lambda answer: errors.append(answer.url) if answer.status >= 400 and "/static/" in answer.url else None
    )
    return errors


def told(errors: list[str]) -> list[str]:
    """Of these, what is a fault: a page that is not there and a faulty form answer 404 and 422, which the console calls a
    failed resource."""
    return [error for error in errors if not error.startswith("Failed to load resource")]


def axe_faults(page: Page) -> Iterator[str]:
    """What axe finds, the rules of WCAG 2.2 and the size of targets included."""
    found: dict[str, Any] = Axe().run(page, options=_AXE).response
    for rule in found["violations"]:
        nodes = [node["html"][:120] for node in rule["nodes"]]
        yield f"{rule['id']}: {rule['help']}: {len(nodes)}× {nodes[0]}"


def frame_faults(page: Page, language: str) -> Iterator[str]:
    """What every page says of itself: its language and its one heading."""
    if (lang := page.evaluate("document.documentElement.lang")) != language:
        yield f"says that it is in {lang}"
    if (headings := page.locator("h1").count()) != 1:
        yield f"{headings} first headings"


def keyboard_faults(page: Page) -> Iterator[str]:
    """Where the focus would be lost from sight."""
    page.keyboard.press("Tab")  # from here on the browser shows the focus as it does to who uses no mouse
    yield from page.evaluate(_STOPS)


def motion_faults(page: Page) -> Iterator[str]:
    """What moves though the reader asked for less of that."""
    yield from page.evaluate(_MOTION)


def room_faults(page: Page) -> Iterator[str]:
    """What needs a sideways scroll, or is cut off: on 320 px, and with text twice as large."""
    before = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 800})
    if wider := page.evaluate(_WIDER):
        yield f"scrolls sideways: {wider}"
    yield from page.evaluate(_CUT)
    protocol = page.context.new_cdp_session(page)
    page.set_viewport_size({"width": 640, "height": 800})
    protocol.send("Page.setFontSizes", {"fontSizes": {"standard": _LARGE, "fixed": _LARGE}})
    if page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") != _LARGE:
        yield "its text does not grow as its reader asks"
    if wider := page.evaluate(_WIDER):
        yield f"scrolls sideways with large text: {wider}"
    yield from (f"with large text {each}" for each in page.evaluate(_CUT))
    protocol.send("Page.setFontSizes", {"fontSizes": {"standard": _NORMAL, "fixed": 13}})
    protocol.detach()
    if before:
        page.set_viewport_size(before)
