-- SPDX-License-Identifier: Apache-2.0
-- Types that name no case are found by their type: they are few, and one of them may concern several links.

CREATE INDEX message_of_no_case ON message (type, no) WHERE type IN ('TRD', 'DIR');
