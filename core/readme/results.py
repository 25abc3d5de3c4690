"""Tables of what was measured, from the files in `artifacts/`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from core import config
from core.calibration import table as calibration
from core.effects import human_words
from core.effects import table as effect_table
from core.evaluation import reports
from core.evaluation import words as report_words
from core.files import json_of
from core.latent import atlas
from core.latent import words as latent_words
from core.regions import detectors
from core.registry import SPACES
from core.study import catalogue
from core.study.catalogue import REFERENCE, SHIPPED
from core.study.protocol import LOW_LEVEL, SEMANTIC
from core.training import reference_scores
from core.verdict import aggregates
from core.verdict.records import RowDecision
from core.wording import interval, minus, p_value

PUBLISHED = (
    ("grayscale", 0.0089, "grayscale", "", None, None),
    ("blur", -0.0091, "blur", '"sigma":0.02', None, None),
    ("centre crop, rescaled", 0.0020, "centre_crop", "rescaled", None, None),
    ("text blurred", 0.0001, "region", "", "text", "blur"),
    ("faces blurred", -0.0007, "region", "", "faces", "blur"),
)
"""Mean Δ published for 1,000 LaMem photos: name, Δ, and the ablation, parameters, mask and fill that compare."""


def quality_table() -> str:
    """A row per saved evaluation."""
    rows = [
        "| model | photos | n | Spearman [95 %] | Pearson [95 %] | MSE / MSE of the mean | possibly seen |",
        "|---|---|---|---|---|---|---|",
    ]
    for item in reports.evaluations().items:
        part = f", {item.part} part" if item.part else ""
        rows.append(
            f"| `{item.model}` | {item.source}{part} | {item.n} | {item.spearman} | {item.pearson} "
            f"| {item.mse / item.mse_of_mean:.2f} | {_seen(item)} |"
        )
    return "\n".join(rows)


def _seen(item: reports.Evaluation) -> str:
    """Whether a model may have seen the photos of an evaluation, and through whom."""
    return "yes" if item.possibly_seen else f"through {item.through}" if item.through else "no"


def seeds_table() -> str:
    """A row per seed of the shipped model's recipe, and their mean ± SD (rule 16); the card holds them."""
    card = reports.model_card()
    if card is None or not card.seeds:
        return "No seed was evaluated yet."
    rows = ["| seed | Spearman | Pearson | MSE |", "|---|---|---|---|"]
    rows += [f"| {run.seed} | {run.spearman:.3f} | {run.pearson:.3f} | {run.mse:.4f} |" for run in card.seeds]
    if len(card.seeds) > 1:
        rows.append(f"| mean ± SD | {' | '.join(report_words.spread(card.seeds))} |")
    return "\n".join(rows)


def detector_table() -> str:
    """A row per measured detector."""
    rows = ["| mask | detector | photos | things | precision | recall | IoU | ms a photo |", f"|{'---|' * 8}"]
    for item in detectors.measurements():
        figures = (item.precision_by_photo or item.precision, item.recall, item.iou)
        shown = " | ".join("" if figure is None else str(figure) for figure in figures)
        mask = f"`{item.mask}`" if item.mask else "(compared)"
        what = f"{item.detector}, {item.thing} ({item.photos})"
        rows.append(f"| {mask} | {what} | {item.n_photos} | {item.n_things} | {shown} | {item.milliseconds:.0f} |")
    return "\n".join(rows)


def detector_size_table() -> str:
    """A row per mask and size of the thing."""
    rows = ["| mask | size | things | precision | recall | IoU |", f"|{'---|' * 6}"]
    for item in detectors.measurements():
        for size in item.by_size if item.mask else ():
            if size.n_things or size.n_found:
                shown = " | ".join(str(figure or "") for figure in (size.precision, size.recall, size.iou))
                rows.append(f"| `{item.mask}` | {size.size} | {size.n_things} | {shown} |")
    return "\n".join(rows)


def calibration_table() -> str:
    """A row per world of the stored calibration; of several seeds each is told where they differ."""
    if not (calibration.FOLDER / calibration.TABLE).is_file():
        return "No run is stored yet."
    rows = ["| cause | verdict | leading cause | validity [95 %] | correct | seed | protocol |", f"|{'---|' * 7}"]
    for item in calibration.rows_in_words(calibration.read_table()):
        right = item["correct"].replace("NO", "**no**")
        rows.append(f"| {' | '.join((item | {'correct': right}).values())} |")
    return "\n".join(rows)


def findings_table() -> str:
    """What was found, in five lines: agreement, both kinds of decision rows, calibration, and the map."""
    found = aggregates.read_verdict(_study(REFERENCE))
    rows = [
        ("Do its scores agree with people's?", _agreement_with_people()),
        ("Does it use what a person would name?", _decisions(found.readings, SEMANTIC)),
        ("Does it use shortcuts?", f"{_decisions(found.readings, LOW_LEVEL)}. Verdict: **{found.verdict}**"),
        ("Is the verdict right where the cause is known?", calibration.summary(calibration.read_table())),
        ("Do photos of similar memorability lie together?", _neighbours()),
    ]
    return "\n".join(["| asked | found |", "|---|---|", *(f"| {asked} | {answer} |" for asked, answer in rows)])


def _agreement_with_people() -> str:
    best = reports.headline(reports.evaluations().items)
    if best is None:
        return "not measured yet"
    ceiling = f"; no model can expect more than {best.human.ceiling:.2f}" if best.human else ""
    seen = (
        f"that it did not learn, though possibly seen through {best.through}" if best.through else "that it never saw"
    )
    return f"Spearman ρ = {best.spearman} on {best.n:,} photos {seen}{ceiling}"


def _decisions(decisions: tuple[RowDecision, ...], kind: str) -> str:
    """The decision rows of a kind, those that are read alike together, with the outcome in SD where there is one."""
    said: dict[str, list[str]] = {}
    for item in decisions:
        if item.kind == kind:
            size = f" {minus(item.in_sd.estimate, 2)} SD" if item.testable else ""
            said.setdefault(item.reading, []).append(f"{item.label.partition(' (')[0]}{size}")
    return "; ".join(f"*{reading}*: {', '.join(labels)}" for reading, labels in said.items())


def _neighbours() -> str:
    """Cross-validated R² of people's scores in every space that is shown, on photos that the predictor never saw."""
    answer = atlas.read_answer(config.ARTIFACTS / "latent")
    rows = [(space.label, answer.row(space.id, "human")) for space in SPACES if space.facts["shown"]]
    said = [f"{label}: R² = {minus(row.r2, 2)}, n = {row.n:,}" for label, row in rows if row]
    return "; ".join(said) or "not tested yet"


def _in_sd(item: RowDecision) -> str:
    return f"{minus(item.in_sd.estimate, 2)} [{minus(item.in_sd.low, 2)}, {minus(item.in_sd.high, 2)}]"


def _study(name: str) -> Path:
    return config.ARTIFACTS / SHIPPED / name


def shipped_studies() -> list[str]:
    """Names of the studies in `artifacts/`, the reference study first."""
    found = [name for name, folder in catalogue.studies().items() if folder.parent.name == SHIPPED]
    return sorted(found, key=lambda name: (name != REFERENCE, name))


def verdicts() -> str:
    """The verdict and the decision rows of every shipped study, each under its name."""
    return "\n\n".join(f"### Study `{name}`\n\n{_verdict(name)}" for name in shipped_studies())


def _verdict(name: str) -> str:
    """A row per decision row of a shipped study: what was expected, found, and how it is read."""
    found = aggregates.read_verdict(_study(name))
    rows = ["| decision row | A expects / B expects | n | outcome in SD [95 %] | Holm p | equivalence p | reading |"]
    rows.append("|---|---|---|---|---|---|---|")
    for item in found.readings:
        numbers = ("–", "–", "–")
        if item.testable:
            numbers = (_in_sd(item), p_value(item.p_holm), p_value(item.equivalence_p))
        shown = " | ".join(number.removeprefix("= ") for number in numbers)
        rows.append(f"| {item.label} | {' / '.join(item.expected)} | {item.n:,} | {shown} | {item.reading} |")
    mark = f" Marks: {'; '.join(found.marks)}." if found.marks else ""
    photos = f"{found.n_photos:,} photos from {', '.join(found.sources)}; 1 SD = {found.sd:.3f}."
    return f"`{found.model}`: **{found.verdict}**. {photos}{mark}\n\n" + "\n".join(rows)


def validity_table() -> str:
    """ρ with people's scores that is left under each ablation at default strength, a column per shipped study."""
    columns = {name: aggregates.read_verdict(_study(name)) for name in shipped_studies()}
    rows: dict[str, list[str]] = {}
    for column, found in enumerate(columns.values()):
        for item in found.evidence:
            name = " ".join(str(word) for word in (item.ablation, item.mask, item.direction, item.fill) if word)
            rows.setdefault(name, ["–"] * len(columns))[column] = f"{interval(item.validity)}, {item.status}"
    head = ["| ablation | " + " | ".join(f"`{found.model}`" for found in columns.values()) + " |"]
    return "\n".join(
        [*head, "|---" * (1 + len(columns)) + "|", *(f"| {name} | {' | '.join(said)} |" for name, said in rows.items())]
    )


def sizes_table() -> str:
    """How much of a photo the things of the decision rows cover: where they are, and where controls had room."""
    found = _effects(REFERENCE)
    found = found[(found["family"] == effect_table.CONFIRMATORY) & (found["direction"] == "remove")]
    rows = ["| thing | photos with it | share of the photo | with controls | share there |", "|---|---|---|---|---|"]
    for mask, of_mask in found.groupby("mask", sort=False):
        row = of_mask.iloc[0]
        controlled = "–" if pd.isna(row["thing_area_controlled"]) else _percent(row["thing_area_controlled"])
        rows.append(
            f"| `{mask}` | {row['n']:,} | {_percent(row['thing_area'])} | {row['n_controls']:,.0f} | {controlled} |"
        )
    return "\n".join(rows)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def published_table() -> str:
    """Mean Δ on all photos beside the figures that were published for other photos and another model."""
    tables = {name: _effects(name) for name in shipped_studies()}
    names = " | ".join(f"`{table['model'].iloc[0]}` here" for table in tables.values())
    rows = [f"| mean Δ | published | {names} |", "|---" * (2 + len(tables)) + "|"]
    for label, theirs, *condition in PUBLISHED:
        ours = " | ".join(_mean_delta(table, *condition) for table in tables.values())
        rows.append(f"| {label} | {minus(theirs, 4)} | {ours} |")
    return "\n".join(rows)


def _effects(name: str) -> pd.DataFrame:
    """Effects of a shipped study on all its sources together, with their details."""
    files = (_study(name) / f"{table}.parquet" for table in ("effects", "details"))
    effects, details = (pq.read_table(file).to_pandas() for file in files)
    joined = effects.join(details.drop(columns=[*effects.columns], errors="ignore"))
    return joined[joined["source"] == effect_table.POOLED]


def _mean_delta(table: pd.DataFrame, ablation: str, params: str, mask: str | None, fill: str | None) -> str:
    rows = table[(table["population"] == effect_table.ALL) & (table["ablation"] == ablation)]
    rows = rows[rows["params"].str.contains(params, regex=False)]
    if mask:
        rows = rows[(rows["mask"] == mask) & (rows["fill"] == fill) & (rows["direction"] == "remove")]
    if rows.empty:
        return "–"
    delta = effect_table.delta_interval(rows.iloc[0].to_dict())
    return f"{minus(delta.estimate, 4)} [{minus(delta.low, 4)}, {minus(delta.high, 4)}]"


def partition_table() -> str:
    """Share of the variance of people's and of models' scores that countable features explain."""
    rows = ["| scores of | n | all features | semantic alone | low-level alone | shared |", "|---|---|---|---|---|---|"]
    for name in shipped_studies():
        side = human_words.read(_study(name))
        if side is None:
            continue
        for part in side.partitions:
            values = (part.total, part.semantic, part.low_level, part.shared)
            said = " | ".join(interval(value) for value in values)
            rows.append(f"| {human_words.who(side, part.of)}, photos of `{name}` | {part.n:,} | {said} |")
    return "\n".join(rows)


def map_table() -> str:
    """The tested answer of the shipped map, a row per space and target."""
    rows = ["| space | target | photos | n | R² (of shuffles) | p | Moran's I (of shuffles) | p |", "|---" * 8 + "|"]
    for row in atlas.read_answer(config.ARTIFACTS / "latent").rows:
        r2, i = (f"{minus(a, 2)} ({minus(b, 2)})" for a, b in ((row.r2, row.null_r2), (row.morans_i, row.null_i)))
        names = f"{SPACES[row.space].label} | {latent_words.NAMES[row.target]} | {row.photos} | {row.n:,}"
        rows.append(f"| {names} | {r2} | {latent_words.p_value(row.p)} | {i} | {latent_words.p_value(row.morans_p)} |")
    return "\n".join(rows)


def agreement_table() -> str:
    """Spearman ρ between models on photos kept out of the shipped one, without the set that it learned from."""
    table, model = reference_scores.read(config.ARTIFACTS / "reference_scores.csv"), config.DEFAULT_MODEL
    scored = {item.source for item in reports.evaluations().items if item.model == model}
    rows = ["| model | against | photos | Spearman [95 %] |", "|---|---|---|---|"]
    for other in sorted(set(table["model"]) - {model}):
        n, rho = reference_scores.agreement(table, model, other, leave_out=tuple(scored))
        rows.append(f"| `{model}` | `{other}` | {n:,} | {rho} |")
    return "\n".join(rows)


def autoencoder_table() -> str:
    """What the shipped autoencoder loses, from its card."""
    card = json_of((config.ARTIFACTS / "vae" / "card.json").read_text(encoding="utf-8"))
    found = card["metrics"]
    return "\n".join(
        [
            "| validation photos | squared error of its drawings | of drawing the mean photo | units in use |",
            "|---|---|---|---|",
            f"| {card['data']['validation']} | {found['val_mse']:.4f} | {found['val_mse_of_mean']:.4f} "
            f"| {found['active_units']:.0f} |",
        ]
    )


def tried_table() -> str:
    """A row per recipe that was tried, as the card of the shipped model keeps them."""
    card = reports.model_card()
    rows = ["| what | Spearman | how |", "|---|---|---|"]
    return "\n".join([*rows, *(f"| {a.what} | {a.spearman:.3f} | {a.how} |" for a in (card.tried if card else ()))])
