import pytest

from harness.adapters.llama.settings import Settings, parse
from harness.errors import ModelError


def refusal(**given: object) -> str:
    """Return the message for settings that cannot be."""
    with pytest.raises(ModelError) as caught:
        parse(given)
    return str(caught.value)


def test_by_default_the_temperature_is_the_only_sampler():
    """What is drawn from by default is the model's own distribution at 0.8, nothing cut off."""
    assert parse({}) == Settings()
    assert Settings().samplers == ["temperature"]
    assert Settings().temperature == 0.8


@pytest.mark.parametrize(
    ("given", "chain"),
    [
        ({"top_k": 40}, ["top_k", "temperature"]),
        ({"top_p": 0.9, "min_p": 0.1}, ["top_p", "min_p", "temperature"]),
        ({"repeat_penalty": 1.1}, ["penalties", "temperature"]),
        ({"presence_penalty": 0.5}, ["penalties", "temperature"]),
        ({"top_k": 0, "top_p": 1, "min_p": 0, "temperature": 0}, ["temperature"]),
    ],
)
def test_a_sampler_is_used_when_its_value_does_something(
    given: dict[str, object], chain: list[str]
):
    """Values that change nothing leave the chain as it is."""
    assert parse(given).samplers == chain


def test_an_unknown_setting_is_refused_with_a_suggestion():
    """A misspelt setting never passes in silence; all problems come in one go."""
    assert refusal(temprature=0.5, seed=3, top_k=-1) == (
        "settings: the llama adapter has no such setting, got temprature, did you mean "
        "temperature?\n"
        "settings: the llama adapter has no such setting, got seed, write one of temperature, "
        "top_k, top_p, min_p, repeat_penalty, presence_penalty, frequency_penalty, max_tokens, "
        "n_ctx\n"
        "settings.top_k: a whole number from 0 to 1000000000, got -1"
    )


@pytest.mark.parametrize("value", ["0.8", None, True, float("nan"), -0.1, 101, [0.8]])
def test_a_bad_temperature_is_refused(value: object):
    """A number that is none, or out of range, is named with its range."""
    message = refusal(temperature=value)
    assert message.startswith("settings.temperature: a number from 0.0 to 100.0, got ")


@pytest.mark.parametrize("value", [0, 1.5, "16", True])
def test_a_bad_length_is_refused(value: object):
    """A length is a whole number, and at least one token."""
    message = refusal(max_tokens=value)
    assert message.startswith("settings.max_tokens: a whole number from 1 to 1000000, got ")
