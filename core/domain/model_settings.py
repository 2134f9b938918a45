"""Settings of one model, shared by its entry, its draft and its table row."""

from typing import Any, Final

from pydantic import BaseModel, Field

TOKENS_PER_PRICE = 1000
"""Number of tokens that a price is for."""
LEARNED: Final = "learned"
"""Provider of extractors that are learned from approved chats."""
DIGEST: Final = "digest"
"""Parameter of an entry that names the fitted extractor."""


class ModelSettings(BaseModel):
    """Settings of one model: address, name, parameters, limits and prices. Never holds a key.

    Attributes:
        name: the entry's name, as a run names it.
        title: what the page shows.
        provider: ``spark``, ``openai`` or ``local``.
        model: what the service calls it (Spark: domain or service id); the name where empty.
        url: websocket address (``spark``) or base address (``openai``); ``""`` where the environment decides.
        key_env: the variable with the key (``openai`` with an address of its own); ``""`` where it needs none.
        context_tokens: prompt and answer together; 0 where unknown.
        max_output_tokens: the longest answer that may be asked for; 0 where unknown.
        concurrency: calls at a time that the service allows; ``None`` where unknown.
        per_minute: calls started per minute that it allows; ``None`` for no limit.
        price_in: yuan per thousand tokens of the question; ``None`` where unknown.
        price_out: yuan per thousand tokens of the answer; ``None`` where unknown.
        price_cached: yuan per thousand tokens of the question that the service had kept from an earlier one (prompt
            caching); ``None`` where unknown, then they cost as much as others.
        batch_files: whether it takes requests as a file at its own address (OpenAI's Batch API).
        batch_url: another base address that takes the same calls as a batch and answers late; ``""`` for none.
        batch_share: price of what goes as a batch, as a share of the usual one; ``None`` where unknown.
        batch_deadline: hours that a batch of its may take; 0 for the usual ones of its way.
        batch_source: where the two were read and when, for people.
        parameters: goes with every call (``temperature``, ``patch_id``, ``lora_id`` …).
        json_mode: whether the service can be asked for JSON (``response_format``).
        system: whether it takes a system message; else it is put before the question.
        replace_personal: whether made-up values stand for personal data in what is sent, see
            :class:`core.domain.personal_data.Pseudonyms`.
        training_set_id: the set that it was tuned on.
        note: for people.
    """

    name: str
    title: str = ""
    provider: str
    model: str = ""
    url: str = ""
    key_env: str = ""
    context_tokens: int = 0
    max_output_tokens: int = 0
    concurrency: int | None = None
    per_minute: int | None = None
    price_in: float | None = None
    price_out: float | None = None
    price_cached: float | None = None
    batch_files: bool = False
    batch_url: str = ""
    batch_share: float | None = None
    batch_deadline: float = 0
    batch_source: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    json_mode: bool = False
    system: bool = True
    replace_personal: bool = False
    training_set_id: int | None = None
    note: str = ""

    def cost(
        self, tokens_in: int, tokens_out: int, *, cached: int = 0, batch_in: int = 0, batch_out: int = 0
    ) -> float | None:
        """Cost of tokens in yuan; ``None`` if a price that matters is unknown.

        Args:
            tokens_in: of the questions, all together.
            tokens_out: of the answers, all together.
            cached: of the questions, tokens that the service had kept from earlier ones; none of a batch.
            batch_in: of the questions, tokens that went as a batch; at the full price where its share is unknown.
            batch_out: of the answers, likewise.
        """
        share = 1.0 if self.batch_share is None else self.batch_share
        cached_price = self.price_in if self.price_cached is None else self.price_cached
        total = 0.0
        for tokens, price, part in (
            (tokens_in - cached - batch_in, self.price_in, 1.0),
            (cached, cached_price, 1.0),
            (batch_in, self.price_in, share),
            (tokens_out - batch_out, self.price_out, 1.0),
            (batch_out, self.price_out, share),
        ):
            if tokens and price is None:
                return None
            total += tokens * (price or 0.0) * part / TOKENS_PER_PRICE
        return total
