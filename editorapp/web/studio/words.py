"""Words: what the studio calls its tasks, the bands of strengths and the signals of a source: plain
words first, whatever a provider calls them.
"""

from dataclasses import dataclass

from editorapp.providers.contract import Task


@dataclass(frozen=True)
class TaskWords:
    """A task as the page names it: its tab, its button, an example of a prompt."""

    label: str
    act: str
    example: str


TASKS: dict[str, TaskWords] = {
    Task.EDIT: TaskWords(
        "Edit",
        "Queue edit",
        "What should change? “Rainy neon evening, wet asphalt, the dancer in a red coat.”",
    ),
    Task.GENERATE: TaskWords(
        "Generate",
        "Queue generation",
        "What should be seen? “A paper boat drifts down a gutter after rain.”",
    ),
    Task.REFRAME: TaskWords(
        "Reframe",
        "Queue reframe",
        "What lies outside the frame? “The harbour goes on, boats and low hills.”",
    ),
    Task.MODIFY: TaskWords(
        "Modify",
        "Queue modification",
        "How should it look? “A claymation world, soft studio light.”",
    ),
}
# Plain words for the bands of strengths and for the signals of the source.
BAND_WORDS = {"adhere": "Keep", "flex": "Restyle", "reimagine": "Reinvent"}
CONTROL_WORDS = {
    "pose": "Movement",
    "depth": "Depth",
    "normals": "Shapes",
    "trajectory": "Paths",
    "face": "Faces",
}
