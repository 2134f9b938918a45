"""How often a model was asked is told alike beside the list of failures and at its replies."""

from core.ui.extraction.run_failures import reply_labels


def test_replies_count_every_time_that_a_model_was_asked() -> None:
    replies = [{"attempts": 4}, {"attempts": 1}, {"attempts": 0}, {}, {"attempts": 2}]
    assert reply_labels(replies) == ["第 1 至 4 次", "第 5 次", "沿用", "第 6 次", "第 7 至 8 次"]
