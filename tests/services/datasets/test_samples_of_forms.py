"""Every shipped form comes with chats of our own making, clean labels and one model's answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.adapters.store import Store, queries
from core.domain.form import Nature, items_of, load_named_form
from core.domain.form.guidelines import check_guidelines, read_guidelines
from core.domain.form.loading import form_names, read_form_texts
from core.errors import NotFoundError
from core.services.datasets import load_sample, shipped_samples
from core.services.datasets.sample_dataset import Sample
from core.settings import settings

SAMPLES = shipped_samples()
OTHERS = SAMPLES[1:]


def rows_of(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def test_every_shipped_form_has_a_sample_and_guidelines_for_all_its_fields() -> None:
    assert sorted(sample.form for sample in SAMPLES) == form_names()
    for name in form_names():
        form = load_named_form(name)
        check_guidelines(form, read_form_texts(name).guidelines, name)
        assert set(read_guidelines(name)) == set(form.keys)
    assert len({load_named_form(name).max_points for name in form_names()}) == len(form_names())


@pytest.mark.parametrize("sample", OTHERS, ids=lambda sample: sample.form)
def test_labels_and_answers_are_clean(sample: Sample) -> None:
    form = load_named_form(sample.form)
    chats, run = rows_of(sample.folder / "chats.json"), rows_of(sample.folder / "run.json")
    assert len(chats) == 6
    assert [row["index"] for row in run] == list(range(1, 7))
    for row in (*chats, *run):
        assert row["infos"]
        for info in row["infos"]:
            assert form.coerce(info) == (info, ())
            assert list(info) == list(form.keys)


@pytest.mark.parametrize("sample", OTHERS, ids=lambda sample: sample.form)
def test_quoted_labels_stand_in_the_chat_and_every_field_is_filled_somewhere(sample: Sample) -> None:
    form = load_named_form(sample.form)
    filled: set[str] = set()
    for row in rows_of(sample.folder / "chats.json"):
        digits = "".join(character for character in row["chat_text"] if character.isdigit())
        for info in row["infos"]:
            for field in form.fields:
                items = items_of(info[field.key])
                filled.update([field.key] if items else [])
                for item in items if field.nature is Nature.VERBATIM else []:
                    assert item in row["chat_text"] or (item.isdigit() and item in digits), (field.key, item)
            assert info[form.name_field]
    assert filled == set(form.keys)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.form)
def test_a_sample_has_its_own_form_whatever_new_datasets_get(
    store: Store, monkeypatch: pytest.MonkeyPatch, sample: Sample
) -> None:
    monkeypatch.setenv("SHIYAO_FORM", next(one.form for one in SAMPLES if one.form != sample.form))
    settings.cache_clear()
    chats, run = load_sample(store, sample.form)
    assert not chats.rejected
    assert chats.added == chats.labels == run.added
    with store.read() as session:
        assert queries.dataset(session, sample.dataset).form == sample.form
    again, _ = load_sample(store, sample.form)
    assert (again.added, again.skipped) == (0, chats.added)


def test_a_form_without_a_sample_is_named_with_those_that_have_one(store: Store) -> None:
    with pytest.raises(NotFoundError, match="recruiting"):
        load_sample(store, "no_such_form")
