"""A trained model as it is kept in a run: Splink's settings, and what the link weight needs beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from linkage.model.match_model import MatchModel
from linkage.model.settings import load_model, save_model
from linkage.runs.tables import LOG_LINEAR, RELATIVES
from linkage.weighing.dependence import LogLinearAdjustment
from linkage.weighing.relatives import RelativesModel


@dataclass(frozen=True)
class TrainedModel:
    """Everything a weight follows from."""

    match: MatchModel
    relatives: RelativesModel | None
    log_linear: LogLinearAdjustment | None

    def save(self, folder: Path) -> None:
        """Write `model`, `relatives` and `log_linear` (null where the class or remedy is not used)."""
        save_model(self.match, folder)
        RELATIVES.write(folder, asdict(self.relatives) if self.relatives else None)
        LOG_LINEAR.write(folder, asdict(self.log_linear) if self.log_linear else None)

    @staticmethod
    def load(run: Path) -> TrainedModel:
        """Read them back."""
        relatives, log_linear = RELATIVES.read(run), LOG_LINEAR.read(run)
        return TrainedModel(
            load_model(run),
            RelativesModel.from_dict(relatives) if relatives else None,
            LogLinearAdjustment.from_dict(log_linear) if log_linear else None,
        )
