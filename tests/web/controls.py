"""Read a page's form as a browser would send it without JavaScript."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    """Collects the successful controls of one form, in their order."""

    def __init__(self, form_id: str) -> None:
        super().__init__(convert_charrefs=True)
        self.form_id = form_id
        self.pairs: list[tuple[str, str]] = []
        self._is_inside = False
        self._templates = 0
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._text: tuple[str, list[str]] | None = None
        self._option: dict[str, str | None] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = dict(attrs)
        if tag == "form":
            self._is_inside = at.get("id") == self.form_id
        if tag == "template":
            self._templates += 1
        if not self._is_inside or self._templates:
            return
        name = at.get("name") or ""
        if tag == "input" and name and "disabled" not in at:
            kind = at.get("type") or "text"
            if kind in ("radio", "checkbox") and "checked" not in at:
                return
            if kind not in ("file", "submit", "button"):
                self.pairs.append((name, at.get("value") or ("on" if kind == "checkbox" else "")))
        elif tag == "select" and name:
            self._select = (name, [])
        elif tag == "option" and self._select:
            self._option = at
            self._select[1].append((at.get("value") or "", "selected" in at))
        elif tag == "textarea" and name:
            self._text = (name, [])

    def handle_data(self, data: str) -> None:
        if self._text:
            self._text[1].append(data)
        elif (
            self._option is not None
            and "value" not in self._option
            and self._select
            and data.strip()
        ):
            _, is_selected = self._select[1].pop()
            self._select[1].append((data.strip(), is_selected))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "template":
            self._templates -= 1
        elif tag == "option":
            self._option = None
        elif tag == "select" and self._select:
            name, options = self._select
            chosen = [value for value, is_selected in options if is_selected] or [
                value for value, _ in options[:1]
            ]
            self.pairs += [(name, chosen[-1])] if chosen else []
            self._select = None
        elif tag == "textarea" and self._text:
            name, parts = self._text
            self.pairs.append((name, "".join(parts).removeprefix("\n")))
            self._text = None


def controls_of(html: str, form_id: str) -> list[tuple[str, str]]:
    """Return the names and values that a form on the page would send."""
    reader = _Reader(form_id)
    reader.feed(html)
    return reader.pairs
