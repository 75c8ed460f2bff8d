# SPDX-License-Identifier: Apache-2.0
"""Who may do what at the desk: one table of roles and acts. What is not in it is not allowed.

1. A person may hold several roles, and may do what any of them allows.
2. An auditor holds no other role: who checks does not act (rule 29).
3. Releasing one's own message is refused where it happens, in `service.drafts`: no role can allow it.
4. A role says what a person may do at this desk. For which message an office is responsible, the directory
   says (`messages.validation`); both must allow it.
5. A handover officer sees a movement from 24 hours before its window to 48 hours after it, and of its persons
   what the sheet has room for.
6. How a value is shown depends on its class: `SHOWN_AS`, roles against classes. Class S4 is masked for
   everybody but named readers; who reads no content is not even told that there is some.

Roles are the codes of `staff-roles`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from exchange.errors import NotAllowedError, UsageError
from exchange.messages.form_tree import Sensitivity

SEEN_BEFORE = timedelta(hours=24)
SEEN_AFTER = timedelta(hours=48)
"""How long around its window a handover officer sees a movement; code list `staff-roles`."""


class Role(StrEnum):
    OFFICER = "officer"
    RELEASER = "releaser"
    HANDOVER = "handover"
    AUDITOR = "auditor"
    KEY_OFFICER = "key_officer"
    ADMINISTRATOR = "administrator"


class Act(StrEnum):
    """What a person can do at the desk."""

    OWN_ACCOUNT = "own_account"
    SEE_PARTNERS = "see_partners"
    SEE_WORK = "see_work"
    OPEN_CASE = "open_case"
    OPEN_MESSAGE = "open_message"
    SEARCH = "search"
    WRITE = "write"
    STOP = "stop"
    RELEASE = "release"
    SEE_HANDOVERS = "see_handovers"
    OPEN_SHEET = "open_sheet"
    SIGN_RECORD = "sign_record"
    STOP_PARTNER = "stop_partner"
    RESUME_PARTNER = "resume_partner"
    RECONCILE = "reconcile"
    SEE_DIFFERENCE = "see_difference"
    SETTLE_DIFFERENCE = "settle_difference"
    CONFIRM_ACCEPTANCE = "confirm_acceptance"
    ANSWER_STATEMENT = "answer_statement"
    READ_ACTS = "read_acts"
    MANAGE_ACCOUNTS = "manage_accounts"
    TRY_KEYS = "try_keys"
    NAME_READER = "name_reader"
    GIVE_CASE = "give_case"
    OPEN_IN_EMERGENCY = "open_in_emergency"
    SECOND_READING = "second_reading"
    SEE_RETENTION = "see_retention"
    PROPOSE_ERASURE = "propose_erasure"
    CONFIRM_ERASURE = "confirm_erasure"


class EmergencyPurpose(StrEnum):
    """What a case of another desk may be opened for in an emergency."""

    LIFE_AT_RISK = "life_at_risk"
    PERSON_MISSING = "person_missing"
    HANDOVER_IN_DANGER = "handover_in_danger"
    DESK_NOT_REACHED = "desk_not_reached"


class Showing(StrEnum):
    """How a value is shown to somebody, from least to most."""

    ABSENT = "absent"
    MASKED = "masked"
    """That there is a value is said, with the reason why it is not shown."""
    SHOWN = "shown"


_EVERYBODY = frozenset(Role)
_CASEWORK = frozenset({Role.OFFICER, Role.RELEASER})
_AT_THE_CROSSING = _CASEWORK | {Role.HANDOVER}
_AT_THE_BRAKE = frozenset({Role.RELEASER, Role.ADMINISTRATOR})
"""Who keeps the machine hears of stolen keys; who answers for what is sent hears it from the partner."""
_OF_THE_LEDGER = frozenset({Role.AUDITOR, Role.RELEASER})
"""An auditor settles a difference; a releaser can be the second person, as in every act of two."""

ALLOWED: Mapping[Act, frozenset[Role]] = MappingProxyType(
    {
        Act.OWN_ACCOUNT: _EVERYBODY,
        Act.SEE_PARTNERS: _EVERYBODY,
        Act.SEE_WORK: _CASEWORK,
        Act.OPEN_CASE: _CASEWORK,
        Act.OPEN_MESSAGE: _CASEWORK,
        Act.SEARCH: _CASEWORK,
        Act.WRITE: frozenset({Role.OFFICER}),
        Act.STOP: _AT_THE_CROSSING,
        Act.RELEASE: frozenset({Role.RELEASER}),
        Act.SEE_HANDOVERS: _AT_THE_CROSSING,
        Act.OPEN_SHEET: _AT_THE_CROSSING,
        Act.SIGN_RECORD: frozenset({Role.HANDOVER}),
        Act.STOP_PARTNER: _AT_THE_BRAKE,
        Act.RESUME_PARTNER: _AT_THE_BRAKE,
        Act.RECONCILE: frozenset({Role.AUDITOR}),
        Act.SEE_DIFFERENCE: _OF_THE_LEDGER,
        Act.SETTLE_DIFFERENCE: frozenset({Role.AUDITOR}),
        Act.CONFIRM_ACCEPTANCE: _OF_THE_LEDGER,
        Act.ANSWER_STATEMENT: frozenset({Role.AUDITOR}),
        Act.READ_ACTS: frozenset({Role.AUDITOR}),
        Act.MANAGE_ACCOUNTS: frozenset({Role.ADMINISTRATOR}),
        Act.TRY_KEYS: frozenset({Role.KEY_OFFICER, Role.ADMINISTRATOR}),
        Act.NAME_READER: _CASEWORK,
        Act.GIVE_CASE: _CASEWORK,
        Act.OPEN_IN_EMERGENCY: _CASEWORK,
        Act.SECOND_READING: frozenset({Role.RELEASER}),
        Act.SEE_RETENTION: _CASEWORK,
        Act.PROPOSE_ERASURE: frozenset({Role.OFFICER}),
        Act.CONFIRM_ERASURE: frozenset({Role.RELEASER}),
    }
)
"""THE table: which roles allow an act."""

_READS_CONTENT = (Showing.SHOWN,) * 4 + (Showing.MASKED,)
_READS_NO_PERSON = (Showing.SHOWN,) * 2 + (Showing.ABSENT,) * 3

SHOWN_AS: Mapping[Role, Mapping[Sensitivity, Showing]] = MappingProxyType(
    {
        role: MappingProxyType(dict(zip(Sensitivity, row, strict=True)))
        for role, row in {
            Role.OFFICER: _READS_CONTENT,
            Role.RELEASER: _READS_CONTENT,
            Role.HANDOVER: _READS_CONTENT,
            Role.AUDITOR: _READS_NO_PERSON,
            Role.KEY_OFFICER: _READS_NO_PERSON,
            Role.ADMINISTRATOR: _READS_NO_PERSON,
        }.items()
    }
)
"""THE table of values: how each role is shown a class, S0 to S4 in their order."""
_ORDER = tuple(Showing)


def allows(roles: Iterable[Role], act: Act) -> bool:
    """Return whether any of these roles allows the act; an act that is not in the table never is."""
    return not ALLOWED.get(act, frozenset()).isdisjoint(roles)


def demand(roles: Iterable[Role], act: Act) -> None:
    """Return if the act is allowed.

    Raises:
        NotAllowedError: none of the roles allows it; names the roles that would.
    """
    if not allows(roles, act):
        needed = ", ".join(sorted(ALLOWED.get(act, frozenset()))) or "none"
        raise NotAllowedError(
            f"your roles do not allow {act.value} (needed: {needed})", hint="ask your administrator"
        )


def showing(roles: Iterable[Role], sensitivity: Sensitivity, *, named: bool = False) -> Showing:
    """Return how somebody is shown a value of a class: the most that any of the roles gives (6).

    A named reader is shown what others have masked; to be named gives nothing to who reads no content.
    """
    given = [SHOWN_AS[role][sensitivity] for role in roles if role in SHOWN_AS]
    best = max(given, key=_ORDER.index, default=Showing.ABSENT)
    return Showing.SHOWN if named and best is Showing.MASKED else best


def checked_roles(codes: Iterable[str]) -> tuple[Role, ...]:
    """Return roles by their codes, in a fixed order.

    Raises:
        UsageError: none, an unknown one, or an auditor with another role.
    """
    wanted = set(codes)
    unknown = wanted - set(Role)
    if unknown or not wanted:
        raise UsageError("an account needs roles of the list", hint="roles: " + ", ".join(Role))
    if Role.AUDITOR in wanted and len(wanted) > 1:
        raise UsageError("an auditor holds no other role", hint="give the auditor an account of its own")
    return tuple(role for role in Role if role in wanted)


def sees_movement(
    roles: Iterable[Role], *, opens_at: datetime | None, closes_at: datetime | None, now: datetime
) -> bool:
    """Return whether a movement is shown: always for casework, around its window at the crossing (5)."""
    held = set(roles)
    if held & _CASEWORK:
        return True
    if Role.HANDOVER not in held or opens_at is None:
        return False
    return opens_at - SEEN_BEFORE <= now <= (closes_at or opens_at) + SEEN_AFTER
