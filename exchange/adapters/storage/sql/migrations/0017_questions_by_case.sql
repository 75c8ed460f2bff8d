-- SPDX-License-Identifier: Apache-2.0
-- The open questions of a case are found without reading those of all cases.
--
-- The index was a partial one, over case_file > 0. SQLite uses a partial index only where the statement itself says
-- that condition, and neither `case_file = :case_file` nor the triggers of 0012 do.

DROP INDEX question_by_case;
CREATE INDEX question_by_case ON question (case_file);
