"""XML text: the little that both XML formats need of it."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

# What XML 1.0 can hold in no way, not even escaped.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def document(root: Element, *, doctype: str) -> str:
    """Return a whole document, with a line for each element."""
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {doctype}>\n{body}\n'


def add(parent: Element, tag: str, text: object = None, **attributes: object) -> Element:
    """Append an element with a text and attributes; return it."""
    said = {name: writable(str(value)) for name, value in attributes.items()}
    element = SubElement(parent, tag, said)
    if text is not None:
        element.text = writable(str(text))
    return element


def writable(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return _UNWRITABLE.sub("", text)
