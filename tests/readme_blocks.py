"""What the documents take from the code: `python -m tests.readme_blocks` writes it, README.md and
docs/models.md.
"""

import os
import re
from collections.abc import Iterable

from tests.environment import ROOT

README = ROOT / "README.md"


def states() -> str:
    """Return the table of states as a diagram that code hosts draw."""
    from editorapp.generations.states import TRANSITIONS, State

    steps = [
        f"    {start} --> {end}"
        for start in TRANSITIONS
        for end in State
        if end in TRANSITIONS[start]
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> queued", *steps, "```"])


def providers() -> str:
    """Return what each provider's models do, and what of the environment its account is made of."""
    from editorapp.providers import registry

    lines = ["| provider | what it does here | its key | also read |", "|---|---|---|---|"]
    for slug in registry.slugs():
        spec = registry.get(slug).SPEC
        done: dict[str, list[str]] = {}
        for model in spec.models:
            done.setdefault(model.task, []).append(model.label)
        does = "; ".join(f"{task} with {', '.join(labels)}" for task, labels in done.items())
        others = (
            spec.base_url_name,
            *spec.headers.values(),
            *spec.params.values(),
            spec.unit_price_name,
            *spec.also_read,
        )
        cells = (spec.name, does, _names(spec.credentials), _names(filter(None, others)))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


BLOCKS = {"states": states, "providers": providers}


def rewritten(text: str) -> str:
    """Return the README with its made parts made again."""
    for name, make in BLOCKS.items():
        pattern = rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- end of {name} -->)"
        body = make()
        text, count = re.subn(
            pattern, lambda found, body=body: f"{found[1]}\n{body}\n\n{found[2]}", text, flags=re.S
        )
        assert count == 1, f"README.md has no place for {name}"
    return text


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "editorapp.settings")
    django.setup()
    from tests.models_document import DOCUMENT, document

    README.write_text(rewritten(README.read_text()))
    DOCUMENT.write_text(document())
