"""What the documents take from the code: `python -m tests.readme_blocks` writes it, README.md and docs/models.md."""

import os
import re

from tests.environment import ROOT

README = ROOT / "README.md"


def states() -> str:
    """Return the table of states as a diagram that code hosts draw."""
    from editorapp.generations.states import TRANSITIONS, State

    steps = [f"    {start} --> {end}" for start in TRANSITIONS for end in State if end in TRANSITIONS[start]]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> queued", *steps, "```"])


def providers() -> str:
    """Return what each provider's models do, each with its place in the whole document."""
    from editorapp.providers.describe import every_model

    by_provider: dict[str, list[str]] = {}
    for one in every_model():
        by_provider.setdefault(one.provider, []).append(f"{one.task} with {one.label}")
    rows = [f"| {name} | {', '.join(done)} |" for name, done in by_provider.items()]
    return "\n".join(["| provider | what it does here |", "|---|---|", *rows])


BLOCKS = {"states": states, "providers": providers}


def rewritten(text: str) -> str:
    """Return the README with its made parts made again."""
    for name, make in BLOCKS.items():
        pattern = rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- end of {name} -->)"
        body = make()
        text, count = re.subn(pattern, lambda found, body=body: f"{found[1]}\n{body}\n\n{found[2]}", text, flags=re.S)
        assert count == 1, f"README.md has no place for {name}"
    return text


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "editorapp.settings")
    django.setup()
    from tests.models_document import DOCUMENT, document

    README.write_text(rewritten(README.read_text()))
    DOCUMENT.write_text(document())
