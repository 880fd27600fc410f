"""The index of words, made by each database in its own way; and the words of the takes there are."""

from django.db import migrations

SQLITE = (
    """
    CREATE VIRTUAL TABLE library_words USING fts5(
        words, content='library_taketext', content_rowid='generation_id', prefix='2 3 4 5 6 7 8',
        tokenize='unicode61 remove_diacritics 0'
    )
    """,
    """
    CREATE TRIGGER library_words_added AFTER INSERT ON library_taketext BEGIN
        INSERT INTO library_words (rowid, words) VALUES (new.generation_id, new.words);
    END
    """,
    """
    CREATE TRIGGER library_words_deleted AFTER DELETE ON library_taketext BEGIN
        INSERT INTO library_words (library_words, rowid, words)
        VALUES ('delete', old.generation_id, old.words);
    END
    """,
    """
    CREATE TRIGGER library_words_changed AFTER UPDATE ON library_taketext BEGIN
        INSERT INTO library_words (library_words, rowid, words)
        VALUES ('delete', old.generation_id, old.words);
        INSERT INTO library_words (rowid, words) VALUES (new.generation_id, new.words);
    END
    """,
)
POSTGRESQL = (
    """
    ALTER TABLE library_taketext ADD COLUMN vector tsvector
    GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED
    """,
    "CREATE INDEX library_words ON library_taketext USING gin (vector)",
)
AT_ONCE = 2000


def make_index(apps, schema_editor):
    statements = {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]
    for statement in statements:
        schema_editor.execute(statement)


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("added", "deleted", "changed"):
            schema_editor.execute(f"DROP TRIGGER library_words_{name}")
        schema_editor.execute("DROP TABLE library_words")
    else:
        schema_editor.execute("ALTER TABLE library_taketext DROP COLUMN vector")


def write_words(apps, schema_editor):
    """Write the words of every take there is: its prompt, its clip's name, its notes."""
    from editorapp.library.index import words_of

    Generation = apps.get_model("generations", "Generation")
    TakeText = apps.get_model("library", "TakeText")
    Decision = apps.get_model("review", "Decision")
    last = 0
    while True:
        takes = list(
            Generation.objects.filter(pk__gt=last)
            .select_related("source_asset")
            .only("team_id", "created_by_id", "prompt", "source_asset__name")
            .order_by("pk")[:AT_ONCE]
        )
        if not takes:
            return
        notes = {}
        ids = [take.pk for take in takes]
        for take, note in Decision.objects.filter(generation__in=ids).values_list("generation_id", "note"):
            notes.setdefault(take, []).append(note)
        rows = []
        for take in takes:
            clip = take.source_asset.name if take.source_asset else ""
            texts = [take.prompt, clip, *notes.get(take.pk, [])]
            words = words_of(take.pk, team=take.team_id, maker=take.created_by_id, texts=texts)
            rows.append(TakeText(generation_id=take.pk, words=words))
        TakeText.objects.bulk_create(rows)
        last = takes[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ("library", "0001_initial"),
        ("review", "0002_discussion"),
    ]

    operations = [
        migrations.RunPython(make_index, drop_index),
        migrations.RunPython(write_words, migrations.RunPython.noop),
    ]
