# SPDX-License-Identifier: Apache-2.0
"""What a draft brings with it from one round to the next: how it was before, who looked, who sent it back.

A draft goes to and fro between its author and the second person under one number:

    draft  sent back, or taken back ->  draft that nobody can release  ->  changed, a draft again
                                                                       ->  a form on the pages, a draft again

1. Each version that was offered for release is kept until the message is released or discarded, at most
   `MOST_VERSIONS` of them, so that the second person sees what changed since the own last look.
2. Whoever looked at a version is remembered by its digest. To look twice at one version is one look.
3. All of it lies, sealed, in the draft or in the form that it became, and goes with it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from exchange.clock import instant_text, parse_instant
from exchange.ids import Digest, OfficerNumber
from exchange.protocol.parts import Document

MOST_VERSIONS: Final = 3
"""Versions that are kept beside the present one; a second person who looks later sees the oldest of them."""


@dataclass(frozen=True)
class Returned:
    """Somebody took a draft out of the hands of the releasers; a reason of "" means its own author did."""

    by: OfficerNumber
    at: datetime
    reason: str = ""

    def members(self) -> list[Any]:
        return [self.by, instant_text(self.at), self.reason]

    @classmethod
    def read(cls, members: list[Any]) -> "Returned":
        by, at, reason = members
        return cls(OfficerNumber(by), parse_instant(at), reason)


@dataclass(frozen=True)
class Version:
    """A draft as it was offered for release."""

    digest: Digest
    document: Document


@dataclass(frozen=True)
class Story:
    """The rounds of a draft until now."""

    versions: tuple[Version, ...] = ()
    """What was offered before, the oldest one first."""
    looks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By officer the digests of the last two versions looked at, the newer one last."""
    sent_back: Returned | None = None
    """The last time that a second person sent it back."""
    is_for_two: bool = False
    """It was kept for a second person, so that its author does not send it alone after a change."""
    form: Mapping[str, Any] | None = None
    """What was entered on the pages, None if it was not written there."""

    def looked(self, officer: OfficerNumber, digest: Digest) -> "Story":
        """Return it with one more look (2)."""
        before = self.looks.get(officer, ())
        if before[-1:] == (digest,):
            return self
        return replace(self, looks={**self.looks, officer: (*before[-1:], digest)})

    def followed(self, version: Version) -> "Story":
        """Return it with a version that was offered, and now is changed (1)."""
        kept = [one for one in self.versions if one.digest != version.digest]
        return replace(self, versions=(*kept, version)[-MOST_VERSIONS:])

    def is_unseen_by(self, officer: OfficerNumber, digest: Digest) -> bool:
        """Return whether a draft was changed, and this officer has not looked at it since."""
        return bool(self.versions) and self.looks.get(officer, ())[-1:] != (digest,)

    def before(self, officer: OfficerNumber, digest: Digest) -> Version | None:
        """Return the version this officer looked at last before the present one, None for the first round.

        Who has not looked yet is told what changed since it was offered last.
        """
        if not self.versions:
            return None
        own = [one for one in self.looks.get(officer, ()) if one != digest]
        seen = own[-1] if own else self.versions[-1].digest
        return next((one for one in self.versions if one.digest == seen), self.versions[0])


def story_bytes(story: Story) -> bytes:
    """Return a story as a draft keeps it, b"" for one that has not begun."""
    members = story_members(story)
    return json.dumps(members).encode() if members else b""


def story_of(raw: bytes) -> Story:
    """Return the story that `story_bytes` gave."""
    return read_story(json.loads(raw)) if raw else Story()


def story_members(story: Story) -> dict[str, Any]:
    """Return a story as JSON members, {} for one that has not begun."""
    members: dict[str, Any] = {
        "versions": [[one.digest, one.document] for one in story.versions],
        "looks": {officer: list(digests) for officer, digests in story.looks.items()},
        "sent_back": story.sent_back.members() if story.sent_back else None,
        "is_for_two": story.is_for_two,
        "form": dict(story.form) if story.form is not None else None,
    }
    return {name: value for name, value in members.items() if value}


def read_story(members: Mapping[str, Any]) -> Story:
    """Return the story that `story_members` gave."""
    return Story(
        versions=tuple(Version(Digest(digest), document) for digest, document in members.get("versions", ())),
        looks={officer: tuple(digests) for officer, digests in members.get("looks", {}).items()},
        sent_back=Returned.read(members["sent_back"]) if members.get("sent_back") else None,
        is_for_two=members.get("is_for_two", False),
        form=members.get("form"),
    )
