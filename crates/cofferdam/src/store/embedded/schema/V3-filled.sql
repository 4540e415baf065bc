-- After the numbers of identifiers were filled in.

CREATE INDEX verification_by_moment ON verifications (space, moment);
CREATE INDEX attempt_by_moment ON attempts (moment);
