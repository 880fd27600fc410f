"""Addresses: Django's own `url` tag, quick where a page has many rows. A builtin: no {% load %}."""

from typing import Any

from django import template
from django.template.base import FilterExpression, Parser, Token, Variable
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as parse
from django.utils.safestring import SafeString

from editorapp.web.presenters.addresses import filled

register = template.Library()


@register.tag("url")
def url(parser: Parser, token: Token) -> URLNode:
    """Write the address of a view, as Django's tag does."""
    node: URLNode = parse(parser, token)
    is_plain = not node.kwargs and not node.asvar and not _is_read(node.view_name)
    words = [arg for arg in node.args if not _is_read(arg)]
    is_plain = is_plain and all(isinstance(word.resolve(Context()), str) for word in words)
    return AddressNode(node) if is_plain else node


class AddressNode(URLNode):
    """The address of one view; quick where all that its template fills in are whole numbers."""

    def __init__(self, node: URLNode) -> None:
        super().__init__(node.view_name, node.args, node.kwargs, node.asvar)
        constants = Context()
        self.name = str(node.view_name.resolve(constants))
        self.shape = tuple(
            None if _is_read(arg) else str(arg.resolve(constants)) for arg in self.args
        )
        self.read = [arg for arg in self.args if _is_read(arg)]

    def render(self, context: Context) -> SafeString:
        numbers: list[Any] = [arg.resolve(context) for arg in self.read]
        if context.autoescape and all(map(_is_whole, numbers)):
            return filled(self.name, self.shape, numbers)
        return SafeString(super().render(context))


def _is_read(expression: FilterExpression) -> bool:
    """Does the template read this from what it is given?"""
    return isinstance(expression.var, Variable) or bool(expression.filters)


def _is_whole(value: object) -> bool:
    """Is this a number that every address takes? (True is none, nor is -1.)"""
    return type(value) is int and value >= 0
