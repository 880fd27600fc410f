"""`manage.py verify_account`: at a whole studio with the simulator, from the free checks to the
file and the report.
"""

from pathlib import Path

from tests.studio_process import StudioProcess

ACCOUNT = "Luma Agents (simulated)"


def test_it_finds_nothing_at_the_simulator_and_pays_only_what_was_agreed_to(
    studio: StudioProcess, tmp_path: Path
) -> None:
    report = tmp_path / "report.md"

    free = studio.manage("verify_account", ACCOUNT, "--free", "--output", str(report))
    little = studio.manage(
        "verify_account", ACCOUNT, "--pay-up-to", "0.01", "--output", str(report)
    )

    for done in (free, little):
        assert done.returncode == 0, done.stdout + done.stderr
        assert "costs $0.54 at most" in done.stdout and "No paid take was sent." in done.stdout
    assert "nothing was sent" in little.stdout
    paid = studio.manage("verify_account", ACCOUNT, "--pay-up-to", "0.54", "--output", str(report))
    assert paid.returncode == 0, paid.stdout + paid.stderr
    assert (
        "Done: its file is here." in paid.stdout
        and "No difference from the documents" in paid.stdout
    )
    text = report.read_text()
    assert (
        text.startswith("# Luma Agents, held against its documents")
        and "the built-in simulator" in text
    )
    assert "- Paid take: Done" in text and "### submit: 201, once" in text


def test_it_says_what_it_cannot_do_before_anything_is_asked(studio: StudioProcess) -> None:
    for words, says in (
        (("Nobody's",), "There is no single account called Nobody's"),
        ((ACCOUNT, "--pay-up-to", "much"), "write an amount in dollars"),
        ((ACCOUNT, "--as", "nobody"), "There is no admin called nobody."),
    ):
        done = studio.manage("verify_account", *words)
        assert done.returncode == 2 and says in done.stderr, done.stderr
