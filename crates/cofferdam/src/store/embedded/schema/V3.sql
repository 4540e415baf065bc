-- A verification is found by a number that is made of its identifier, within a number that is made of its
-- tenant and world (`embedded/codes.rs`): sixteen bytes in the index instead of eighty. Attempts lie behind
-- one another as their verifications do, and need no name of these.

ALTER TABLE verifications ADD COLUMN space INTEGER NOT NULL DEFAULT 0;
ALTER TABLE verifications ADD COLUMN moment INTEGER NOT NULL DEFAULT 0;

DROP INDEX attempt_by_id;
DROP INDEX attempt_by_reference;
DROP INDEX attempt_queued;
ALTER TABLE attempts RENAME TO attempts_of_v2;
CREATE TABLE attempts (
    row          INTEGER PRIMARY KEY, -- its verification's times 1024, and which of its attempts it is
    moment       INTEGER NOT NULL,    -- of its identifier
    id           TEXT NOT NULL,
    channel      INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    assessment   TEXT NOT NULL,
    provider     TEXT,
    reference    TEXT,
    price_micros INTEGER,
    currency     TEXT,
    reserved     BLOB                 -- what stands reserved for it; given back once, by taking it away
);
INSERT INTO attempts (row, moment, id, channel, status, at_ms, assessment, provider, reference, price_micros, currency, reserved)
    SELECT v.row * 1024 + a.ordinal, 0, a.id, a.channel, a.status, a.at_ms, a.assessment, a.provider, a.reference,
        a.price_micros, a.currency, a.reserved
    FROM verifications AS v JOIN attempts_of_v2 AS a
        ON a.verification = v.id AND a.tenant = v.tenant AND a.world = v.world
    WHERE a.ordinal < 1024
    ORDER BY v.row, a.ordinal;
DROP TABLE attempts_of_v2;
CREATE INDEX attempt_by_reference ON attempts (reference, provider) WHERE reference IS NOT NULL;
CREATE INDEX attempt_queued ON attempts (at_ms) WHERE status = 0;

DROP INDEX verification_by_id;
