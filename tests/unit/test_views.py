"""What people are shown: secrets masked."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tocsin.configfile import receivers
from tocsin.documents import Block
from tocsin.views.secrets import MASK, SECRET_KEYS, masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("url: http://x/y # z\n", "url: <secret> # z\n", id="plain"),
        pytest.param("a: {url: \"it\", password: 'is'}", "a: {url: <secret>, password: <secret>}", id="flow"),
        pytest.param("- url: &here x\n- url: *here\n", "- url: &here <secret>\n- url: *here\n", id="anchor"),
        pytest.param("a: &s x\npassword: *s\n", "a: &s <secret>\npassword: *s\n", id="alias"),
        pytest.param("url: !!str x", "url: !!str <secret>", id="tag"),
        pytest.param("password: |\n  a\n  b\nx: 1\n", "password: <secret>\nx: 1\n", id="block"),
        pytest.param("password:\nx: 1\n", "password:\nx: 1\n", id="nothing"),
        pytest.param("a: 1\n#  url: http://x y\n", "a: 1\n#  url: <secret>\n", id="commented out"),
        pytest.param("\ufeffé: 1\nurl: x\n", "\ufeffé: 1\nurl: <secret>\n", id="byte order mark"),
        pytest.param("expr: 'url: x # y'", "expr: 'url: x # y'", id="no key at all"),
    ],
)
def test_masking(text: str, shown: str) -> None:
    assert masked(text) == shown


def fields(block: type[Block]) -> list[str]:
    """Return the fields of a block that its repr leaves out."""
    return [name for name, field in block.model_fields.items() if not field.repr]


def test_every_secret_that_a_receiver_takes_is_masked() -> None:
    blocks = [
        found for found in vars(receivers).values() if isinstance(found, type) and issubclass(found, Block)
    ]
    secrets = {name for block in blocks for name in fields(block)}
    assert secrets
    assert secrets <= SECRET_KEYS


keys = st.sampled_from([*sorted(SECRET_KEYS), "name", "receiver"])
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=200)
documents = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


def without_secrets(document: Any) -> Any:
    """Return the document as it may be shown."""
    if isinstance(document, list):
        return [without_secrets(item) for item in document]
    if isinstance(document, dict):
        return {
            key: MASK if key in SECRET_KEYS and isinstance(value, str) else without_secrets(value)
            for key, value in document.items()
        }
    return document


@given(st.dictionaries(keys, documents, max_size=4), st.booleans())
def test_masking_any_document_changes_its_secrets_and_nothing_else(document: Any, flow: bool) -> None:
    text = yaml.safe_dump(document, default_flow_style=flow, allow_unicode=True)
    assert yaml.safe_load(masked(text)) == without_secrets(document)
