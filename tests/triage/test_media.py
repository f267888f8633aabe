"""What a file is, is told from its bytes."""

import pytest

from tests.attached import JPEG, KEEPS, REFUSED
from triage.media import LARGEST, NotKeptError, examine, media_type_of, uploaded


@pytest.mark.parametrize("media_type", KEEPS)
def test_what_is_kept_is_known(media_type: str) -> None:
    assert media_type_of(KEEPS[media_type]) == media_type
    assert examine(uploaded("k", KEEPS[media_type]).kind, KEEPS[media_type]) == media_type


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_kept_is_refused(name: str) -> None:
    with pytest.raises(NotKeptError) as refused:
        examine("document", REFUSED[name])
    assert refused.value.reason == "type"


def test_every_beginning_of_a_file_can_be_looked_at() -> None:
    for content in (*KEEPS.values(), *REFUSED.values()):
        for length in range(len(content)):
            media_type_of(content[:length])


def test_empty_and_large_files_are_refused() -> None:
    for content, reason in ((b"", "empty"), (JPEG + bytes(LARGEST["photo"]), "too_large")):
        with pytest.raises(NotKeptError) as refused:
            examine("photo", content)
        assert refused.value.reason == reason
