# SPDX-License-Identifier: Apache-2.0
"""The only place that joins ports and adapters: sets up a data folder, opens a node, changes keys.

    set_up      makes keys, card, store and `exchange.toml` in an empty folder
    open_node   opens key file and store of a folder; nothing listens yet
    make_backup, try_backup, restore_backup    a backup of a folder, and the way back
    knock_at, memory_store    what the conformance kit needs of the outside

A data folder holds `exchange.toml`, `calendar.toml` if days were announced, `keys/` (`keys.sealed`,
`recovery.key`), `store/`, `high-water/`, `run/control.sock`, `log/exchange.log`. All of it has mode 0700
or 0600.
"""

from exchange.adapters.documents.pdf import write_pdf as write_pdf
from exchange.adapters.documents.press import Press as Press
from exchange.adapters.documents.spreadsheets import read_spreadsheet as read_spreadsheet
from exchange.adapters.documents.spreadsheets import write_spreadsheet as write_spreadsheet
from exchange.adapters.keys.renewal import KeyAct as KeyAct
from exchange.adapters.keys.witness import make_witness_key as make_witness_key
from exchange.adapters.keys.witness import read_witness_key as read_witness_key
from exchange.adapters.storage.unlocked import leave_out_locks as leave_out_locks
from exchange.adapters.telemetry.counters import METRICS_TYPE as METRICS_TYPE
from exchange.adapters.telemetry.gauges import gauges_text as gauges_text
from exchange.bootstrap.backups import last_archive as last_archive
from exchange.bootstrap.backups import last_backup as last_backup
from exchange.bootstrap.backups import look_at as look_at
from exchange.bootstrap.backups import make_backup as make_backup
from exchange.bootstrap.backups import restore_backup as restore_backup
from exchange.bootstrap.backups import try_backup as try_backup
from exchange.bootstrap.checkups import ask_sign_in_service as ask_sign_in_service
from exchange.bootstrap.checkups import check_high_water as check_high_water
from exchange.bootstrap.checkups import greet_mail_server as greet_mail_server
from exchange.bootstrap.checkups import lacks_marks as lacks_marks
from exchange.bootstrap.checkups import read_tls_files as read_tls_files
from exchange.bootstrap.founding import first_card as first_card
from exchange.bootstrap.founding import set_up as set_up
from exchange.bootstrap.keykeeping import check_keys as check_keys
from exchange.bootstrap.keykeeping import new_recovery_key as new_recovery_key
from exchange.bootstrap.keykeeping import prepare_keys as prepare_keys
from exchange.bootstrap.keykeeping import prepared_serial as prepared_serial
from exchange.bootstrap.keykeeping import recovery_key as recovery_key
from exchange.bootstrap.keykeeping import rehearse_keys as rehearse_keys
from exchange.bootstrap.keys_back import restore_keys as restore_keys
from exchange.bootstrap.opening import OpenNode as OpenNode
from exchange.bootstrap.opening import open_node as open_node
from exchange.bootstrap.opening import refresh_routes as refresh_routes
from exchange.bootstrap.opening import wanted_fault as wanted_fault
from exchange.bootstrap.surroundings import DESK_EXTRA as DESK_EXTRA
from exchange.bootstrap.surroundings import announced_days as announced_days
from exchange.bootstrap.surroundings import announced_for_figures as announced_for_figures
from exchange.bootstrap.surroundings import knock_at as knock_at
from exchange.bootstrap.surroundings import memory_store as memory_store
from exchange.bootstrap.surroundings import notices_of as notices_of
from exchange.bootstrap.surroundings import partner_door as partner_door
from exchange.bootstrap.surroundings import read_calendar as read_calendar
from exchange.bootstrap.surroundings import rehearse_frame as rehearse_frame
from exchange.bootstrap.surroundings import sign_in_elsewhere as sign_in_elsewhere
from exchange.bootstrap.surroundings import staff_desk as staff_desk
from exchange.bootstrap.third_parties import chosen_witnesses as chosen_witnesses
