"""The parts of the README that are made from the code: `python -m tests.readme_blocks` writes them."""

import os
import re

from tests.environment import ROOT

README = ROOT / "README.md"


def states() -> str:
    """Return the table of states as a diagram that code hosts draw."""
    from editorapp.generations.states import TRANSITIONS, State

    steps = [f"    {start} --> {end}" for start in TRANSITIONS for end in State if end in TRANSITIONS[start]]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> queued", *steps, "```"])


def rules() -> str:
    """Return one table for each provider: its rules, each with where it comes from."""
    from editorapp.providers import registry

    lines: list[str] = []
    for slug in registry.slugs():
        spec = registry.get(slug).SPEC
        lines += [
            f"### {spec.name}",
            "",
            "| rule | tasks | field | | what it says | source |",
            "|---|---|---|---|---|---|",
        ]
        for rule in spec.rules:
            tasks = ", ".join(dict.fromkeys(model.task for model in spec.models if rule in model.rules))
            # What a message fills in is different each time: show where, not how.
            said = re.sub(r"\{[^}]+\}", "…", rule.message.replace("{name}", spec.name)).replace("|", "\\|")
            lines.append(f"| {rule.id} | {tasks} | `{rule.field}` | {rule.level}s | {said} | {rule.source} |")
        lines.append("")
    return "\n".join(lines).rstrip()


BLOCKS = {"states": states, "rules": rules}


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
    README.write_text(rewritten(README.read_text()))
