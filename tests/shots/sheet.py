"""Contact sheets: all pictures of one screen on one picture, each with its name."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, GAP, LABEL = 420, 16, 24  # px
COLUMNS = 8
TALLEST = 1400  # of one picture on a sheet: what is longer is cut


def contact_sheet(pictures: Sequence[Path], path: Path) -> None:
    """Write a sheet of pictures, in rows of COLUMNS, each below its name.

    Each is WIDTH px wide, or as wide as it is where that is less.
    """
    drawn = [(picture.stem, _small(picture)) for picture in pictures]
    rows = [drawn[at : at + COLUMNS] for at in range(0, len(drawn), COLUMNS)]
    heights = [max(image.height for _name, image in row) + LABEL + GAP for row in rows]
    sheet = Image.new("RGB", (COLUMNS * (WIDTH + GAP) + GAP, sum(heights) + GAP), "#808080")
    pen, font, top = ImageDraw.Draw(sheet), ImageFont.load_default(size=14), GAP
    for row, height in zip(rows, heights, strict=True):
        for place, (name, image) in enumerate(row):
            left = GAP + place * (WIDTH + GAP)
            pen.text((left, top), name, fill="white", font=font)
            sheet.paste(image, (left, top + LABEL))
        top += height
    sheet.save(path)


def _small(picture: Path) -> Image.Image:
    with Image.open(picture) as image:
        width = min(WIDTH, image.width)
        height = round(image.height * width / image.width)
        small = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    return small.crop((0, 0, width, min(height, TALLEST)))
