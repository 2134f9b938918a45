"""Whatever may be chosen has words on the pages."""

from typing import get_args

from core.cli import training
from core.services.training import DuplicatePolicy, InputKind, OverBudget, TrainingFormat
from core.services.training.platforms import platforms_taking
from core.ui.export.export_labels import KIND_TITLES, PURPOSES
from core.ui.training import labels


def test_every_training_format_has_a_label_an_upload_and_a_name() -> None:
    formats = list(TrainingFormat)
    assert list(labels.FORMATS) == formats
    assert all(platforms_taking(one) and platforms_taking(one)[0].upload_of(one) for one in formats)
    annotation = get_args(training.export.__annotations__["data_format"])[0]
    assert set(get_args(annotation)) == {str(one) for one in formats}


def test_every_choice_of_a_training_set_has_a_label() -> None:
    assert set(labels.INPUTS) == set(InputKind)
    assert set(labels.POLICIES) == {labels.REFUSE, *OverBudget}
    assert set(labels.DUPLICATES) == set(DuplicatePolicy)


def test_every_kind_of_export_that_is_offered_has_a_title() -> None:
    assert set(PURPOSES) <= set(KIND_TITLES)
