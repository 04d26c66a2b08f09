"""A trained model as it is kept in a run: Splink's model.json, and what the link weight needs beside it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from linkage.model.match_model import MatchModel
from linkage.model.settings import load_model, save_model
from linkage.runs.files import write_json
from linkage.weighing.dependence import LogLinearAdjustment
from linkage.weighing.relatives import RelativesModel


@dataclass(frozen=True)
class TrainedModel:
    """Everything a weight follows from."""

    match: MatchModel
    relatives: RelativesModel | None
    log_linear: LogLinearAdjustment | None

    def save(self, folder: Path) -> None:
        """Write model.json, relatives.json and log_linear.json (null where the class or remedy is not used)."""
        save_model(self.match, folder / "model.json")
        write_json(folder / "relatives.json", asdict(self.relatives) if self.relatives else None)
        write_json(folder / "log_linear.json", asdict(self.log_linear) if self.log_linear else None)

    @staticmethod
    def load(run: Path) -> TrainedModel:
        """Read them back."""
        relatives, log_linear = (
            json.loads((run / name).read_text(encoding="utf-8")) for name in ("relatives.json", "log_linear.json")
        )
        return TrainedModel(
            load_model(run / "model.json"),
            RelativesModel.from_dict(relatives) if relatives else None,
            LogLinearAdjustment.from_dict(log_linear) if log_linear else None,
        )
