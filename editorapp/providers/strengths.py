"""Strengths of an edit: nine presets in three bands, from the lightest change to the strongest."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StrengthBand:
    name: str
    label: str
    says: str

    @property
    def strengths(self) -> tuple[str, ...]:
        """Return its presets as every provider spells them, lightest first."""
        return tuple(f"{self.name}_{step}" for step in range(1, 4))


BANDS = (
    StrengthBand("adhere", "Adhere", "Keeps motion, composition and structure."),
    StrengthBand("flex", "Flex", "Keeps motion; the prompt restyles the rest."),
    StrengthBand("reimagine", "Reimagine", "Takes the source as loose grounding."),
)
STRENGTHS = tuple(strength for band in BANDS for strength in band.strengths)
