-- Names that fall anywhere are indexed late (`embedded/late.rs`): a table each of keys and rows, and up
-- to which row it is complete. So `exact` and `idempotency` are ordered by row alone.

CREATE TABLE late (
    name  TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE late_numbers (key INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (key, row)) WITHOUT ROWID;
CREATE TABLE late_exact (key INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (key, row)) WITHOUT ROWID;
CREATE TABLE late_keys (key INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (key, row)) WITHOUT ROWID;

DROP INDEX verification_by_number;

ALTER TABLE exact RENAME TO exact_of_v1;
CREATE TABLE exact (
    row     INTEGER PRIMARY KEY,
    name    BLOB NOT NULL,
    until_s INTEGER NOT NULL,       -- empty by then
    buckets BLOB NOT NULL
);
INSERT INTO exact (name, until_s, buckets) SELECT name, until_s, buckets FROM exact_of_v1;
DROP TABLE exact_of_v1;

ALTER TABLE idempotency RENAME TO idempotency_of_v1;
CREATE TABLE idempotency (
    row            INTEGER PRIMARY KEY,
    name           BLOB NOT NULL,
    fingerprint    BLOB NOT NULL,
    made_ms        INTEGER NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    leased_in      INTEGER NOT NULL, -- the opening of the store: an earlier one's leases are nobody's
    subject        TEXT,            -- what it made
    status         INTEGER,
    content_type   TEXT,
    sealed_body    BLOB
);
INSERT INTO idempotency (row, name, fingerprint, made_ms, lease_until_ms, leased_in, subject, status, content_type, sealed_body)
    SELECT row, name, fingerprint, made_ms, lease_until_ms, leased_in, subject, status, content_type, sealed_body
    FROM idempotency_of_v1 ORDER BY row;
DROP TABLE idempotency_of_v1;
