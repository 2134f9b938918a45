"""What lies beside a LLaMA-Factory set: settings that a trainer takes, and a model entry that the program takes."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.adapters.llm import ModelSpec
from core.adapters.store import Store
from core.services.training import TrainingFormat, export_training, rebuild
from core.services.training.local_tuning import cutoff_of, epochs_of, serve_command
from tests.factories.exports import fill
from tests.factories.training import in_format, manifest_of

LOCAL = [one for one in TrainingFormat if one in ("alpaca", "sharegpt", "openai", "dpo-alpaca", "dpo-sharegpt", "kto")]

KNOWN: dict[str, type] = {
    **dict.fromkeys(("model_name_or_path", "template", "stage", "finetuning_type", "lora_target", "pref_loss"), str),
    **dict.fromkeys(("dataset_dir", "dataset", "eval_dataset", "output_dir", "save_strategy"), str),
    **dict.fromkeys(("report_to", "eval_strategy", "lr_scheduler_type"), str),
    **dict.fromkeys(("do_train", "overwrite_cache", "bf16", "gradient_checkpointing", "plot_loss"), bool),
    **dict.fromkeys(("lora_rank", "lora_alpha", "cutoff_len", "preprocessing_num_workers", "num_train_epochs"), int),
    **dict.fromkeys(("per_device_train_batch_size", "gradient_accumulation_steps", "logging_steps", "seed"), int),
    "per_device_eval_batch_size": int,
    **dict.fromkeys(("lora_dropout", "learning_rate", "warmup_ratio", "pref_beta"), float),
}
"""Arguments of LLaMA-Factory that we write, with their types, by its documents."""


def settings_of(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((folder / "train.yaml").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("data_format", LOCAL)
def test_settings_fit_the_set(store: Store, tmp_path: Path, data_format: TrainingFormat) -> None:
    fill(store)
    out = tmp_path / "set"
    export_training(store, options=in_format(data_format, min_rows=9, validation=0.25, seed=1), out=out)
    settings, manifest = settings_of(out), manifest_of(out)
    assert {key: type(value) for key, value in settings.items()} == {key: KNOWN[key] for key in settings}
    stage = "kto" if data_format == "kto" else "dpo" if data_format.is_preference else "sft"
    assert (settings["stage"], settings["dataset"], settings["eval_dataset"]) == (stage, "shiyao", "shiyao_val")
    assert ("pref_beta" in settings, "pref_loss" in settings) == (stage != "sft", stage == "dpo")
    assert settings["cutoff_len"] >= manifest["counts"]["longest_tokens"]
    assert settings["num_train_epochs"] == epochs_of(manifest["counts"]["repeats"])
    (entry,) = tomllib.loads((out / "model.toml").read_text(encoding="utf-8"))["model"]
    spec = ModelSpec.from_dict(entry)
    assert (spec.provider, spec.url, spec.key_env) == ("openai", "http://127.0.0.1:8000/v1", "")
    guide = (out / "LOCAL.md").read_text(encoding="utf-8")
    assert serve_command(settings["cutoff_len"]) in guide and f"={settings['output_dir']} " in guide
    assert f"--lora-modules {spec.model}=" in guide
    rebuild(store, 1, tmp_path / "again")
    for name in ("train.yaml", "model.toml", "LOCAL.md"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_without_a_validation_part_nothing_is_validated(store: Store, tmp_path: Path) -> None:
    fill(store)
    export_training(store, options=in_format(TrainingFormat.ALPACA), out=tmp_path / "set")
    assert not {"eval_dataset", "eval_strategy"} & set(settings_of(tmp_path / "set"))
    export_training(store, options=in_format(TrainingFormat.SPARK), out=tmp_path / "set")
    assert not (tmp_path / "set" / "train.yaml").exists(), "files of an earlier set are gone"


def test_the_cutoff_has_room_for_the_longest_row() -> None:
    assert [cutoff_of(longest) for longest in (0, 1984, 1985, 8192)] == [2048, 2048, 2560, 8704]
    assert [epochs_of(repeats) for repeats in (1, 2, 3, 16)] == [3, 2, 1, 1]
