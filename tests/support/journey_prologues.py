# SPDX-License-Identifier: Apache-2.0
"""What must have been sent before a scenario that begins in the middle."""

from typing import Any

PROLOGUES: dict[int, list[dict[str, Any]]] = {
    9: [
        {
            "n": "notice", "at": "2027-10-12T10:00+08:00", "from": "host", "message": "RPN",
            "persons": ["F", "Z"], "fields": {"proposed_checkpoint": "KH-AIR-KTI"},
            "after": {"F": "notice_pending", "Z": "notice_pending"},
        },
        {
            "n": "decision", "at": "2027-10-15T10:00+07:00", "from": "origin", "message": "RPD",
            "persons": ["F", "Z"], "fields": {"outcome": "accepted", "valid_until": "2028-01-15"},
            "after": {"F": "accepted", "Z": "accepted"},
        },
        {
            "n": "proposal", "at": "2027-11-01T10:00+08:00", "from": "host", "message": "HPR",
            "persons": ["F", "Z"], "movement": "M1", "fields": {"checkpoint": "KH-AIR-KTI"},
            "after": {"F": "ready", "Z": "ready"}, "movement_after": "proposed",
        },
        {
            "n": "answer", "at": "2027-11-02T10:00+07:00", "from": "origin", "message": "HRP",
            "persons": ["F", "Z"], "movement": "M1", "fields": {"response": "confirm"},
            "after": {"F": "scheduled", "Z": "scheduled"}, "movement_after": "confirmed",
        },
    ],
    18: [
        {
            "n": "check of Q", "at": "2027-10-20T10:00+07:00", "from": "host", "message": "VRQ",
            "persons": ["Q"], "after": {"Q": "verification_pending"},
        },
        {
            "n": "notice of Y", "at": "2027-10-28T10:00+07:00", "from": "host", "message": "RPN",
            "persons": ["Y"], "fields": {"proposed_checkpoint": "KH-TH-POIPET"},
            "after": {"Y": "notice_pending"},
        },
        {
            "n": "decision on Y", "at": "2027-10-31T10:00+07:00", "from": "origin", "message": "RPD",
            "persons": ["Y"], "fields": {"outcome": "accepted", "valid_until": "2028-01-31"},
            "after": {"Y": "accepted"},
        },
        {
            "n": "result for Q", "at": "2027-11-05T10:00+07:00", "from": "origin", "message": "VRS",
            "persons": ["Q"], "fields": {"result": "national"}, "after": {"Q": "nationality_confirmed"},
        },
        {
            "n": "notice of X", "at": "2027-11-17T10:00+07:00", "from": "host", "message": "RPN",
            "persons": ["X"], "fields": {"proposed_checkpoint": "KH-TH-POIPET"},
            "after": {"X": "notice_pending"},
        },
        {
            "n": "proposal", "at": "2027-11-19T10:00+07:00", "from": "host", "message": "HPR",
            "persons": ["Y"], "movement": "M1", "fields": {"checkpoint": "KH-TH-POIPET"},
            "after": {"Y": "ready"}, "movement_after": "proposed",
        },
    ],
}  # fmt: skip
"""By scenario; the end of each is the start that the scenario names."""
