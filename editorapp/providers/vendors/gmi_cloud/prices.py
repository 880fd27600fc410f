"""What GMI Cloud publishes of its prices, dated: those of edits, for each started block of 5 s.

Section 6 of docs/providers/gmi-cloud.md. The tables of generate and
reframe could not be
read: their price is asked for.
"""

from datetime import date

from editorapp.providers.contract import Task
from editorapp.providers.prices import Counted, Prices, key, table
from editorapp.providers.vendors.gmi_cloud.parameters import NAME

PRICES: Prices = {
    key(Task.EDIT, NAME): table(
        Counted.BLOCKS,
        ("5s",),
        as_of=date(2026, 6, 17),
        source="GMI's page of luma-ray-3-2-edit, 2026-06-17",
        sdr={"540p": "0.72", "720p": "1.08", "1080p": "2.16"},
        hdr={"720p": "2.16", "1080p": "4.32"},
        hdr_exr={"720p": "3.78", "1080p": "7.56"},
    ),
}
