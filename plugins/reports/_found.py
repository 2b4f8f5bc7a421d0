"""What a page opens with: what was found, each in a sentence, with the images that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imgret.plugin import A_LITTLE, NO_FAILURE, SAME, above_chance, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgret import Run

CLOSELY, PARTLY = 0.5, 0.2  # AMI, of what is worth which word
MOST = 3  # columns that are told


class Finding(NamedTuple):
    """`title` says what, `about` what that means; `rows` are the images, in the order to be shown, where it has any."""

    title: str
    about: str
    rows: Sequence[int] = ()
    place: str = ""  # of the page, where it is about no images


def found(run: Run) -> list[Finding]:
    """The findings of a run that has any: what is most likely to be acted on comes first."""
    return [finding for each in (_same, _suspects, _odd, _failures, _follows) for finding in each(run)]


def _same(run: Run) -> list[Finding]:
    """Pictures of which there are several files: group by group, the one to keep first."""
    groups = [group for group in run.duplicates if group[0].tier in SAME]
    rows = [each.row for group in groups for each in group]
    if not groups:
        return []
    spare = sum(len(run.files[row]) for row in rows) - len(groups)
    title = f"{counted(len(groups), 'picture')} {'is' if len(groups) == 1 else 'are'} there more than once"
    table = "near_duplicates"
    where = f"{table}.csv" if table in run.settings["reports"] else f"a run with reports=[{table}]"
    return [Finding(title, f"{counted(spare, 'file')} could go: {where} says which to keep.", rows)]


def _suspects(run: Run) -> list[Finding]:
    rows = run.suspects.rows.tolist()
    title = f"{counted(len(rows), 'image')} may have the wrong label"
    return [Finding(title, "Most of the images that look like them are called something else.", rows)] if rows else []


def _odd(run: Run) -> list[Finding]:
    """The odd ones of every cluster, the clearest of each first."""
    each = [profile.odd for profile in run.profiles]
    rows = [int(odd[turn]) for turn in range(max(map(len, each), default=0)) for odd in each if turn < len(odd)]
    are = "is" if len(rows) == 1 else "are"
    title = f"{counted(len(rows), 'image')} {are} unlike the rest"
    return [Finding(title, "Each lies far out in its cluster: a rarity, or there by mistake.", rows)] if rows else []


def _failures(run: Run) -> list[Finding]:
    failed = sum(count for outcome, count in run.info.outcomes.items() if outcome not in NO_FAILURE)
    title = f"{counted(failed, 'file')} could not be read"
    return [Finding(title, "Each with its reason, at the end of the page.", place="files")] if failed else []


def _follows(run: Run) -> list[Finding]:
    """What the clusters go by, in words: the columns whose AMI is above chance and not small."""
    above = {key.partition("_")[2] or "label": value for key, value in above_chance(run.metrics).items()}
    amis = {name: value for name, value in above.items() if value >= A_LITTLE}
    said: dict[str, list[str]] = {}
    for name, value in sorted(amis.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]:
        much = "closely" if value >= CLOSELY else "partly" if value >= PARTLY else "a little"
        said.setdefault(much, []).append(f"the {run.group_word if name == 'group' else name.replace('_', ' ')}")
    if not said:
        return []
    parts = ", ".join(f"{' and '.join(names)} {much}" for much, names in said.items())
    return [
        Finding(
            f"The clusters follow {parts}", "How far the images of a cluster share it: the figures.", place="figures"
        )
    ]
