"""Rooms: the one table of who may import whom. Each imports itself and what stands to its left.

`ROOMS` are the packages of `editorapp`; nobody imports the simulator. `ORDER` has, for each package
with folders, all its folders, and of its modules those whose place a reader may want to know.
"""

ROOMS = (
    "core",
    "teams",
    "alerts",
    "media",
    "providers",
    "costs",
    "generations",
    "review",
    "ops",
    "web",
    "cli",
    "simulator",
)

ORDER: dict[str, tuple[str, ...]] = {
    "providers": (
        "contract",
        "spec",
        "prices",
        "rules",
        "field_mapping",
        "registry",
        "http",
        "documents",
        "vendors",
        "models",
        "accounts",
        "capability_discovery",
    ),
    "providers/rules": ("conditions", "shared_fixes", "shared", "table", "unavailable", "describe"),
}
