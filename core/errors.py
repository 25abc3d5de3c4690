"""The errors that core raises: each says in one sentence what is wrong, where, and what to do."""

from __future__ import annotations


class LabError(Exception):
    """Anything that the command line reports as one line with exit code 2, and a page as one sentence.

    It stays one line whatever it quotes: names of files and cells of tables may hold line breaks.
    """

    def __str__(self) -> str:
        return " ".join(super().__str__().splitlines())


class UnknownChoiceError(LabError, LookupError):
    """A name that is not registered."""


class ParameterError(LabError, ValueError):
    """A parameter outside its declared range or of the wrong kind."""


class PhotoError(LabError, ValueError):
    """A file that cannot be read as a photo; the message is the reason."""


class SourceError(LabError, ValueError):
    """A photo source with a problem in its files or lists."""


class CheckpointError(LabError, ValueError):
    """A checkpoint that is missing, foreign, or unsafe to read."""


class MissingDependencyError(LabError, ImportError):
    """An optional package that is not installed; the message names the command that installs it."""


class EngineError(LabError, ValueError):
    """An engine that cannot run a model here, or that computes something else than PyTorch."""


class ClusterError(LabError, RuntimeError):
    """A cluster that does not answer, or whose workers keep dying."""


class DownloadError(LabError, OSError):
    """A download that failed or delivered something else than announced."""


class AttributionError(LabError, ValueError):
    """A model that an attribution method cannot explain."""


class TrainingError(LabError, ValueError):
    """Training data or settings from which no model can be trained."""


class OutputError(LabError, OSError):
    """A place that nothing can be written to."""


class ArtifactError(LabError, ValueError):
    """A file of measured results that is damaged or lacks what it should hold."""


class StudyError(LabError, ValueError):
    """A study that cannot be run or read: foreign, damaged, empty, or made with other settings."""


class MaskError(LabError, ValueError):
    """A mask that does not belong to its photo, or leaves nothing to ablate."""


class LatentError(LabError, ValueError):
    """A photo set or a map of it in which there is nothing to test, to project or to look up."""
