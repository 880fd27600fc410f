"""Words: what people of the seed ask for, say and call things: some words common, one rare."""

from functools import cache
from random import Random

from editorapp.library.folding import fold

COMMON, RARE, ABSENT = "rain", "okapi", "zeppelin"

PLACES = (
    *("over the harbour", "in a narrow alley", "on a rooftop", "along the old bridge"),
    *("in a hotel lobby", "at the petrol station", "behind the theatre", "on a mountain road"),
    *("in the greenhouse", "under the viaduct", "at the night market", "on platform nine"),
)
LIGHTS = (
    *("at dusk", "in hard noon light", "by candlelight", "lit by neon", "in thick fog"),
    *("under a full moon", "at golden hour", "in blue hour", "with sodium street lamps"),
)
LOOKS = (
    *("handheld, grainy film", "slow dolly, shallow focus", "wide lens, deep shadows"),
    *("soft pastel grade", "bleach bypass", "teal and orange", "black and white, high contrast"),
    *("anamorphic flares", "hand painted cel animation", "stop motion clay"),
)
SUBJECTS = (
    *("a woman with a red umbrella", "two cyclists", "a tired café owner", "an empty tram"),
    *("a dancer", "the detective", "children with paper lanterns", "a black dog", "the robot"),
    *("a couple arguing", "a street musician", "the courier"),
)
NOTES = (
    "The face melts when she turns. Keep it as in the source.",
    "Lovely light, but the sign is unreadable.",
    "Too dark at the end, lift the shadows.",
    "Please keep the dog black throughout.",
    "Background people pop in and out.",
    "This is the one. Finish it in 1080p.",
)
TAGS = (
    *("hero", "client", "grade", "night", "exterior", "interior", "vfx", "pick-up"),
    *("alt", "teaser", "social", "crowd", "close-up", "wide", "café", "final"),
)
NAMES = (
    *("Ada", "Bo", "Chiara", "Dmitri", "Esra", "Farid", "Grete", "Hana", "Ivo", "Jun"),
    *("Kofi", "Lena", "Mateo", "Noor", "Olga", "Pia", "Quinn", "Ravi", "Sena", "Tomás"),
    *("Uma", "Viktor", "Wanda", "Ximena", "Yuki", "Zoë", "Anders", "Bea", "Cem", "Dora"),
)
PROJECTS = (
    *("Harbour Lights", "Night Courier", "Spring Campaign", "Robot Diaries", "Alley Cats"),
    *("Title Sequence", "Music Video", "Documentary", "Showreel", "Pitch"),
)


def prompt_of(rng: Random, *, is_rare: bool) -> tuple[str, ...]:
    """Return a prompt in parts; three of five are about COMMON, and where it is asked for one is of
    RARE things.
    """
    subject = f"an {RARE} beside {rng.choice(SUBJECTS)}" if is_rare else rng.choice(SUBJECTS)
    weather = f"heavy {COMMON}" if rng.random() < 0.6 else "clear sky"
    shot = f"shot {rng.randrange(4000):04d}"
    return subject, rng.choice(PLACES), rng.choice(LIGHTS), weather, rng.choice(LOOKS), shot


@cache
def folded(text: str) -> tuple[str, ...]:
    """Return the words of a text that comes again and again."""
    return tuple(fold(text))
