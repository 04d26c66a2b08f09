"""Which columns a field is kept in: those of its own name, unless that name or a key's is also another's.

The tables of a run hold columns of ours beside the fields (`id`, `record_id`, `source` …), and every field leaves keys
(`born_year`) that another field may be called. A field whose columns would be somebody else's is kept under its name with `_`
before it, which no name in a project file can have; everything after the project file was read knows it by that name, and
`as_written` is how a person is told of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import count

from linkage.config.field_keys import keys_of
from linkage.config.matching import BlockingRule, ComparisonSpec, LevelSpec, RelativesSpec
from linkage.config.project_spec import ProjectSpec, StandardiseSpec
from linkage.config.sources import FieldKind, SideSpec
from linkage.words.fields import as_written, is_field

OURS = frozenset(
    (  # noqa: SIM905 - words are read more easily than a list of them
        # staged entries, raw tables and standardised ones
        "entry source row_number problem raw judged nulls id record_id role "
        # what other tables of a run promise, which stands beside fields in a query
        "table_name apart apart_l apart_r entity_id "
        "side field value reason id_l id_r record_id_l record_id_r blocking_rules is_right match_weight pair_weight link_weight "
        "share presence_weight other other_record_id probability match_probability runner_up_margin decision decision_unreviewed "
        "rank weight_given_rival proposed class value_l search_id stratum_size kind number_hidden "
        "value_r touches_number pair_id stratum inclusion_probability is_match verdict how reviewer outcome finding "
        "counterpart others verify act status key check workbook person_record_id withheld state change trial register "
        "fingerprint fingerprint_l fingerprint_r judged_fields "
        "clerical_pairs error error_bound false_link_rate false_link_rate_low false_link_rate_high found found_after_review "
        "unknown_links link_weight_a link_weight_b officer on_front person reason_a "
        "reason_b recall record_id_r_a record_id_r_b remark result verified_on "
        # records as a whole, in a query
        "l r raw_l raw_r unit_name "
        # a field of the register of births that is called as a key of another is
        "birth_place_unit"
    ).split()
)
"""Names of columns that are never a field's."""
SQL_WORDS = frozenset(
    (  # noqa: SIM905 - words are read more easily than a list of them
        "all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check "
        "collate collation column columns concurrently constraint create cross current_catalog current_date "
        "current_time current_timestamp current_user default deferrable desc describe distinct do else end except false "
        "fetch for foreign freeze from full generated glob grant group having ilike in initially inner intersect into "
        "is isnull join lambda lateral leading left like limit localtime localtimestamp map natural not notnull null "
        "offset on only or order outer overlaps pivot pivot_longer pivot_wider placing positional primary qualify "
        "references returning right select semi session_user show similar some struct summarize symmetric table "
        "tablesample then to trailing true try_cast tuple union unique unpack unpivot user using variadic verbose when "
        "where window with "
    ).split()
)
"""Names that SQL reads as its own, so that Splink cannot be told of such a column."""
OUR_STARTS = ("gamma_", "tf_", "bf_", "mw_")
"""What Splink and the level store put before a field's name."""
READ_BY = ("date_order", "two_digit_years_from", "decimal")
"""Keys of a side that may be given by field."""
QUOTED_OR_WORD = re.compile(r"'(?:[^']|'')*'|\w+")

Renamed = Callable[[str], str]


def column_of(field: str) -> str:
    """The name that a register's own field is kept under.

    >>> column_of("birth_place_unit"), column_of("birth_place")
    ('_birth_place_unit', 'birth_place')
    """
    return f"_{field}" if field in OURS or field in SQL_WORDS else field


def names_kept(fields: Mapping[str, Collection[FieldKind]]) -> dict[str, str]:
    """Field → the name it is kept under, so that no two of all their columns are the same and none is ours.

    >>> names_kept({"source": [FieldKind.text], "born": [FieldKind.date], "born_year": [FieldKind.year]})
    {'born': '_born', 'born_year': 'born_year', 'source': '_source'}
    """
    kept: dict[str, str] = {}
    taken = {*OURS, *SQL_WORDS}
    for field in sorted(fields, key=lambda name: (not is_field(name), name)):
        others = taken if is_field(field) else taken | (fields.keys() - {field})
        for underscores in count():
            name = "_" * underscores + field
            columns = {column for kind in fields[field] for column in keys_of(name, kind)}
            if not columns & others and not name.startswith(OUR_STARTS):
                break
        kept[field] = name
        taken |= columns
    return kept


def hidden_keys(fields: Mapping[str, Collection[FieldKind]]) -> Iterable[tuple[str, str]]:
    """(field, key of it) for each key that no rule can name, because another field is called so."""
    for field, kinds in sorted(fields.items()):
        for key in sorted({column for kind in kinds for column in keys_of(field, kind)} - {field}):
            if key in fields:
                yield field, key


def declared_fields(spec: ProjectSpec) -> dict[str, set[FieldKind]]:
    """The fields that the project file itself declares, of both sides, with their kinds."""
    found: dict[str, set[FieldKind]] = {}
    for side in spec.sides.values():
        for field, kind in (side.fields or {}).items():
            found.setdefault(field, set()).add(kind)
    return found


def as_given(spec: ProjectSpec, text: str) -> str:
    """A sentence in the project file's own words: fields that are kept under another name by the one they are given."""
    kept = [name for field, name in names_kept(declared_fields(spec)).items() if field != name]
    return re.sub(rf"(?<!\w)({'|'.join(kept)})(?![a-z])", lambda found: as_written(found[0]), text) if kept else text


def keep_fields_apart(spec: ProjectSpec) -> ProjectSpec:
    """The project as the rest of the code knows it: every field and key under the name of its column."""
    fields = declared_fields(spec)
    kept = names_kept(fields)
    if all(field == name for field, name in kept.items()):
        return spec
    columns: dict[str, str] = {}
    for field in sorted(fields, key=len):
        columns |= {
            key: column
            for kind in fields[field]
            for key, column in zip(keys_of(field, kind), keys_of(kept[field], kind), strict=True)
        }
    columns |= kept  # a name that is both a field's and a key's is the field's

    def renamed(name: str) -> str:
        return columns.get(name, name)

    def rules(given: Iterable[BlockingRule]) -> tuple[BlockingRule, ...]:
        return tuple(rule.model_copy(update={"on": tuple(map(renamed, rule.on))}) for rule in given)

    blocking = {
        "predict": rules(spec.blocking.predict),
        "train": rules(spec.blocking.train),
        "refine_by": tuple(map(renamed, spec.blocking.refine_by)),
    }
    prior = spec.training.prior
    if prior:
        prior = prior.model_copy(update={"deterministic_rules": rules(prior.deterministic_rules)})
    by = spec.review.stratify_by
    return spec.model_copy(
        update={
            "left": _side(spec.left, kept),
            "right": spec.right and _side(spec.right, kept),
            "tables": spec.tables and {name: _side(side, kept) for name, side in spec.tables.items()},
            "blocking": spec.blocking.model_copy(update=blocking),
            "standardise": _own_keys(spec.standardise, renamed),
            "comparisons": tuple(_comparison(one, renamed) for one in spec.comparisons),
            "training": spec.training.model_copy(update={"prior": prior}),
            "relatives": spec.relatives and _relatives(spec.relatives, renamed),
            "review": spec.review.model_copy(update={"stratify_by": by and renamed(by)}),
        }
    )


def _side(side: SideSpec, kept: Mapping[str, str]) -> SideSpec:
    if side.fields is None:
        return side
    columns = {kept.get(field, field): header for field, header in side.columns.items()}
    said = {key: getattr(side, key) for key in READ_BY}
    by_field = {
        key: {kept.get(field, field): value for field, value in given.items()}
        for key, given in said.items()
        if isinstance(given, dict)
    }
    fields = {kept[field]: kind for field, kind in side.fields.items()}
    return side.model_copy(update={"columns": columns, "fields": fields, **by_field})


def _comparison(comparison: ComparisonSpec, renamed: Renamed) -> ComparisonSpec:
    levels = comparison.levels and tuple(_level(level, renamed) for level in comparison.levels)
    other = comparison.with_ and renamed(comparison.with_)
    return comparison.model_copy(update={"field": renamed(comparison.field), "with_": other, "levels": levels})


def _level(level: LevelSpec, renamed: Renamed) -> LevelSpec:
    """`sql` speaks of `<key>_l` and `<key>_r`; what stands between quotation marks is no name."""

    def one(found: re.Match[str]) -> str:
        word = found[0]
        return renamed(word[:-2]) + word[-2:] if word.endswith(("_l", "_r")) else word

    return level.model_copy(update={"sql": level.sql and QUOTED_OR_WORD.sub(one, level.sql)})


def _own_keys(said: StandardiseSpec, renamed: Renamed) -> StandardiseSpec:
    keys = {name: QUOTED_OR_WORD.sub(lambda found: renamed(found[0]), sql) for name, sql in said.keys.items()}
    return said.model_copy(update={"keys": keys})


def _relatives(relatives: RelativesSpec, renamed: Renamed) -> RelativesSpec:
    return relatives.model_copy(
        update={
            "share": tuple(map(renamed, relatives.share)),
            "told_apart_by": tuple(map(renamed, relatives.told_apart_by)),
            "together_by_chance": tuple(tuple(map(renamed, couple)) for couple in relatives.together_by_chance),
        }
    )
