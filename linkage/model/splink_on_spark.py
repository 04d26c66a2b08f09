"""What Splink brings for Spark: the jar of similarity functions, and its way of writing Spark's SQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from splink.internals.spark.spark_helpers.custom_spark_dialect import CustomSpark
from sqlglot import exp

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def similarity_jar() -> Path:
    """The jar for this installation's Spark; it may be missing from a damaged one."""
    from splink.backends.spark import similarity_jar_location

    return Path(similarity_jar_location())


def register_similarity(session: SparkSession) -> None:
    """Make the jar's functions known to a session that was started with it; a session without it learns nothing, silently."""
    from splink.backends.spark import SparkAPI

    SparkAPI(spark_session=session)


def write_spark_sql(tree: exp.Expr) -> str:
    """A tree as Spark SQL, numbers as doubles where Spark would take decimals of 38 digits at most."""
    return str(CustomSpark().generate(tree))
