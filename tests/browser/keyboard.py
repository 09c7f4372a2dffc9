"""Someone without a mouse: Tab, Shift+Tab, Enter, Space, the arrows and typing, and at every step the focus is in sight."""

from __future__ import annotations

from playwright.sync_api import Page

_MOST_STEPS = 250

# What has the focus: how it is called, and what is wrong with where it is.
_FOCUSED = """() => {
  const it = document.activeElement;
  if (!it || it === document.body) return { name: "", fault: "", kind: "body" };
  const label = it.labels?.[0]?.innerText ?? it.closest("fieldset")?.querySelector("legend")?.innerText;
  const name = it.getAttribute("aria-label") || it.labels?.[0]?.innerText || it.innerText || it.value || label || "";
  const style = getComputedStyle(it), spots = [];
  for (const box of it.getClientRects()) {
    const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
    const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
    if (right - left < 1 || bottom - top < 1) continue;
    for (const x of [0.5, 0.1, 0.9]) for (const y of [0.5, 0.1, 0.9])
      spots.push([left + (right - left) * x, top + (bottom - top) * y]);
  }
  const isSeen = spots.some(([x, y]) => {
    const there = document.elementFromPoint(x, y);
    return there && (it.contains(there) || [...it.labels ?? []].some(each => each.contains(there)));
  });
  const isOutlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return {
    name: name.replace(/\\s+/g, " ").trim(),
    kind: it.matches("input[type=date], textarea, select, summary, a, button") ? it.localName : it.type ?? it.localName,
    fault: !isSeen ? "is not in sight, or covered" : !isOutlined ? "does not show that it has the focus" : "",
  };
}"""


class Keyboard:
    """The keyboard of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def to(self, name: str, *, back: bool = False) -> None:
        """Step on, or back, until what has the focus is called that. The focus must never be lost on the way."""
        seen: list[str] = []
        for _ in range(_MOST_STEPS):
            self.press("Shift+Tab" if back else "Tab")
            found = self.page.evaluate(_FOCUSED)
            assert not found["fault"], f"{found['name']!r} {found['fault']} ({self.page.url})"
            if found["name"].startswith(name):
                return
            assert found["kind"] != "body" or "" not in seen, f"no way to {name!r} by keyboard on {self.page.url}: {seen}"
            seen.append(found["name"])
        raise AssertionError(f"no way to {name!r} by keyboard on {self.page.url}: {seen}")

    def follow(self, name: str) -> None:
        """Follow a link, or press a button, by Enter; the page that comes of it is there then."""
        self.to(name)
        with self.page.expect_navigation():
            self.press("Enter")

    def open(self, name: str) -> None:
        """Open what is folded away under that."""
        self.to(name)
        self.press("Enter")

    def write(self, field: str, text: str) -> None:
        """Type into a field, in the place of what stands there."""
        self.to(field)
        if self.page.evaluate("['text', 'search', 'email', 'textarea', 'number'].includes(document.activeElement.type)"):
            self.press("Control+a")
        self.type(text)

    def choose(self, option: str) -> None:
        """Choose one of the options that go together and of which one has the focus, by the arrows."""
        for _ in range(12):
            found = self.page.evaluate(_FOCUSED)
            assert not found["fault"], f"{found['name']!r} {found['fault']}"
            if found["name"].startswith(option):
                self.press("Space")
                return
            self.press("ArrowDown")
        raise AssertionError(f"no option {option!r}")
