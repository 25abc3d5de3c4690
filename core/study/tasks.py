"""What the later passes of a study do with each photo: who is ablated for whom, and under which conditions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.errors import StudyError
from core.files import json_of, write_text
from core.study.parts import EMPTY, Parts
from core.study.photos import HostedMask, Opened, RowJob, empty_jobs, hosted_jobs, target_jobs, whole_jobs
from core.study.plan import Plan
from core.study.population import Draw, Shapes, StudyPhotos, as_json, draw, from_json, read_population
from core.study.protocol import CONFIRMATORY_FILLS
from core.study.reading import read_artefacts

DRAW = "draw.json"


@dataclass(frozen=True)
class Tasks:
    """One of the later passes: what is done with each photo, by its number in the population.

    `hosted` are (mask, target, which of its hosts the photo is); `deciding` fills have controls in decision rows.
    """

    kind: str
    population: StudyPhotos
    whole: frozenset[int]
    targets: Mapping[int, Sequence[str]]
    hosted: Mapping[int, Sequence[tuple[str, int, int]]]
    shapes: Shapes
    deciding: tuple[str, ...]

    def blocks(self) -> dict[int, list[int]]:
        """Photos with anything to do, by block."""
        found: dict[int, list[int]] = {}
        for number in sorted(self.whole | set(self.targets) | set(self.hosted)):
            found.setdefault(int(self.population.block[number]), []).append(number)
        return found


def drawing(plan: Plan, parts: Parts) -> tuple[StudyPhotos, Draw]:
    """Who is ablated for whom, drawn once after the first pass and kept: a resumed study goes on with the same.

    StudyError where what was kept is damaged.
    """
    population = read_population(parts, plan.blocks)
    file = parts.folder / "work" / DRAW
    if file.is_file():
        try:
            return population, from_json(json_of(file.read_text(encoding="utf-8")))
        except (OSError, KeyError, ValueError) as error:
            raise StudyError(f"{file} is damaged ({error}); give another --out.") from error
    found = draw(population, plan.steps, plan.design)
    write_text(file, json.dumps(as_json(found)))
    return population, found


def tasks_of(parts: Parts, population: StudyPhotos, drawn: Draw, kind: str) -> Tasks:
    """The second pass (empty places), or the third, which has controls under the fills that the second found good."""
    shapes = Shapes(parts, population, drawn)
    if kind == EMPTY:
        places = ((host, (mask, target, 1)) for mask, found in drawn.empty.items() for target, host in found.items())
        return Tasks(kind, population, frozenset(), {}, _gathered(places), shapes, ())
    hosts = (
        (host, (mask, target, place))
        for mask, found in drawn.hosts.items()
        for target, own in found.items()
        for place, host in enumerate(own, start=1)
    )
    targets = ((target, mask) for mask, found in drawn.targets.items() for target in found)
    whole, deciding = frozenset(drawn.whole), _deciding(parts, population)
    return Tasks(kind, population, whole, _gathered(targets), _gathered(hosts), shapes, deciding)


def _gathered(pairs: Iterator[tuple]) -> dict[int, list]:
    found: dict[int, list] = {}
    for number, item in pairs:
        found.setdefault(number, []).append(item)
    return found


def _deciding(parts: Parts, population: StudyPhotos) -> tuple[str, ...]:
    """The fills under which decision rows need controls: those of small artefact, or all where none was measured."""
    number = {(photo.source, photo.id): place for place, photo in enumerate(population.photos)}
    artefacts = read_artefacts(parts.folder, number, population.score) if number else ()
    return tuple(item.fill for item in artefacts if item.decides) or CONFIRMATORY_FILLS


def jobs_of(plan: Plan, tasks: Tasks, number: int, opened: Opened) -> Iterator[RowJob]:
    """All rows in which a photo is ablated: for itself, and as a host."""
    steps = plan.steps_by_mask
    if number in tasks.whole:
        yield from whole_jobs(opened, steps.get(None, ()), plan.design)
    for mask in tasks.targets.get(number, ()):
        yield from target_jobs(opened, mask, steps[mask], plan.design, tasks.deciding)
    for mask, target, place in tasks.hosted.get(number, ()):
        shape = tasks.shapes[target, mask]
        mask_of_target = HostedMask(tasks.population.photos[target], tasks.population.prints[target], shape, place)
        if tasks.kind == EMPTY:
            yield from empty_jobs(opened, mask_of_target, steps[mask], plan.design)
        else:
            yield from hosted_jobs(opened, mask_of_target, steps[mask], plan.design, tasks.deciding)
