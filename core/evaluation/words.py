"""What a score and a model's measured quality mean, in plain words; never imports torch."""

from __future__ import annotations

import math

from core.evaluation.reports import Evaluation, ModelCard, Reliability, SeedRun, over_seeds


def explain(score: float, percentile: float, n_reference: int) -> str:
    """What a score says in plain words; the comparison is left out without reference photos."""
    meaning = f"The model predicts that {100 * score:.0f} of 100 people would recognise this photo if they saw it again"
    if not n_reference or math.isnan(percentile):
        return f"{meaning}."
    rank = round(percentile)
    if 1 <= rank <= 99:
        return f"{meaning}: a higher score than {rank} % of {n_reference:,} reference photos get."
    extreme = "lowest" if rank < 1 else "highest"
    return f"{meaning}: among the {extreme} scores, compared with {n_reference:,} reference photos."


CAVEAT = (
    "It is a prediction, not a measurement: nobody was shown this photo. It does not say whether the photo is good, or "
    "why it gets this score."
)
HEATMAP_CAVEAT = (
    "A map hints at where the model looks, coarsely; it does not prove what it uses. The page Where it looks compares "
    "methods."
)


def quality(item: Evaluation) -> str:
    """A model's measured quality in one line."""
    kind = (
        f"that it did not learn, though possibly seen through {item.through},"
        if item.through
        else "that it had never seen"
    )
    most = f", and {item.human.ceiling:.2f} the most that any model can expect" if item.human else ""
    return (
        f"Its order of {item.n:,} photos {kind} agrees with people's: Spearman ρ = {item.spearman.estimate:.2f} "
        f"(95 % interval {item.spearman.low:.2f} to {item.spearman.high:.2f}); 0 is chance{most}."
    )


def agreement(item: Evaluation) -> str:
    """An evaluation's numbers in one line, with its mark where the model may have seen the photos."""
    share = item.mse / item.mse_of_mean if item.mse_of_mean else math.nan
    mark = " *Possibly seen* in training." if item.possibly_seen else ""
    if item.through:
        mark += f" *Possibly seen* through {item.through}: what they learned from is not known."
    return (
        f"n = {item.n:,}. Spearman ρ = {item.spearman}, Pearson r = {item.pearson}. The mean squared error is "
        f"{item.mse:.4f}: {100 * share:.0f} % of what predicting the mean for every photo would give.{mark}"
    )


def ceiling(human: Reliability) -> str:
    """What the reliability of human scores means for any model."""
    return (
        f"Two halves of the people agree at ρ = {human.split_half:.2f}; all of them would agree with as many others at "
        f"{human.spearman_brown:.2f} (Spearman–Brown). The highest ρ that any model can expect is the square root of "
        f"that, **{human.ceiling:.2f}**."
    )


def spread(runs: tuple[SeedRun, ...]) -> tuple[str, str, str]:
    """Mean ± SD over seeds of Spearman, Pearson and the squared error."""
    figures = {"spearman": 3, "pearson": 3, "mse": 4}
    found = ((over_seeds(runs, measure), digits) for measure, digits in figures.items())
    rho, r, error = (f"{mean:.{digits}f} ± {deviation:.{digits}f}" for (mean, deviation), digits in found)
    return rho, r, error


def seeds_sentence(runs: tuple[SeedRun, ...]) -> str:
    """The recipe's result over seeds, as mean ± SD."""
    if len(runs) == 1:
        return f"Trained from one seed: Spearman ρ = {runs[0].spearman:.3f}."
    rho, r, error = spread(runs)
    return f"The same recipe from {len(runs)} seeds, mean ± SD: Spearman ρ = {rho}, Pearson r = {r}, MSE = {error}."


def origin_sentences(card: ModelCard) -> list[str]:
    """What the model learned from, who taught it and what that means, and its licence."""
    counts = {name.replace("_", " "): value for name, value in card.data.items() if isinstance(value, int)}
    lines = []
    if counts:
        lines.append("Photos: " + ", ".join(f"{value:,} {name}" for name, value in counts.items()) + ".")
    if card.teachers:
        lines.append(
            f"It also learned from {' and '.join(card.teachers)}. A model that learned from another shares its blind "
            "spots: their agreement is not independent evidence."
        )
    lines += card.notes
    if card.licence:
        lines.append(f"Licence of the weights: {card.licence}")
    return lines
