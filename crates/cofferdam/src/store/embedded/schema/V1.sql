-- The records of one installation. Times are Unix milliseconds unless a name ends in `_s`.
-- `world` is 0 for live and 1 for test; other small integers are listed in `embedded/codes.rs`.
-- Every query names tenant and world: that is why they lead the keys.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;

CREATE TABLE verifications (
    row           INTEGER PRIMARY KEY,
    tenant        TEXT NOT NULL,
    world         INTEGER NOT NULL,
    id            TEXT NOT NULL,
    number        BLOB NOT NULL,    -- keyed name; a random one once erased
    profile       TEXT NOT NULL,
    status        INTEGER NOT NULL,
    created_ms    INTEGER NOT NULL,
    expires_ms    INTEGER NOT NULL,
    checks_left   INTEGER NOT NULL,
    outstanding   INTEGER NOT NULL, -- guesses that are paid and not settled …
    paid_in       INTEGER NOT NULL, -- … if this is the present opening of the store
    check_at_ms   INTEGER,
    resend_at_ms  INTEGER NOT NULL,
    finished_ms   INTEGER,
    sealed_to     BLOB,             -- gone once erased
    own_code      BLOB,             -- sealed; gone once finished
    fixed         BLOB NOT NULL     -- without the three that can go
);
CREATE UNIQUE INDEX verification_by_id ON verifications (tenant, world, id);
CREATE INDEX verification_by_number ON verifications (number);
CREATE INDEX verification_to_expire ON verifications (expires_ms) WHERE status IN (0, 1);
CREATE INDEX verification_finished ON verifications (finished_ms) WHERE finished_ms IS NOT NULL;

CREATE TABLE attempts (
    verification TEXT NOT NULL,
    ordinal      INTEGER NOT NULL,
    id           TEXT NOT NULL,
    tenant       TEXT NOT NULL,
    world        INTEGER NOT NULL,
    channel      INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    assessment   TEXT NOT NULL,
    provider     TEXT,
    reference    TEXT,
    price_micros INTEGER,
    currency     TEXT,
    reserved     BLOB,              -- what stands reserved for it; given back once, by taking it away
    PRIMARY KEY (verification, ordinal)
) WITHOUT ROWID;
CREATE UNIQUE INDEX attempt_by_id ON attempts (id);
CREATE INDEX attempt_by_reference ON attempts (reference, provider) WHERE reference IS NOT NULL;
CREATE INDEX attempt_queued ON attempts (at_ms) WHERE status = 0;

-- Reservations of attempts that have no row of their own: callers who send by themselves.
CREATE TABLE reservations (
    row     INTEGER PRIMARY KEY,
    attempt TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    world   INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    reserved BLOB NOT NULL
);
CREATE UNIQUE INDEX reservation_by_attempt ON reservations (attempt, tenant, world);

-- Exact limits: one row a tenant, world, scope and key holds the buckets of all windows.
CREATE TABLE exact (
    name    BLOB PRIMARY KEY,
    until_s INTEGER NOT NULL,       -- empty by then
    buckets BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE spend (
    tenant          TEXT NOT NULL,
    world           INTEGER NOT NULL,
    budget          TEXT NOT NULL,
    period_start_ms INTEGER NOT NULL,
    micros          INTEGER NOT NULL,
    PRIMARY KEY (tenant, world, budget, period_start_ms)
) WITHOUT ROWID;

-- Up to 256 judged attempts a row, as lines of the format that the row names. AUTOINCREMENT: a position is never used twice.
CREATE TABLE journal (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    from_ms INTEGER NOT NULL,
    to_ms   INTEGER NOT NULL,
    bytes   INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    format  INTEGER NOT NULL,
    marks   BLOB NOT NULL,
    body    BLOB NOT NULL
);
CREATE INDEX journal_by_time ON journal (from_ms, to_ms, bytes);

CREATE TABLE bases (
    id   TEXT PRIMARY KEY,
    body BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE outcomes (
    row     INTEGER PRIMARY KEY,
    attempt TEXT NOT NULL,
    once    TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    told_ms INTEGER NOT NULL,
    body    BLOB NOT NULL
);
CREATE UNIQUE INDEX outcome_once ON outcomes (attempt, once);

CREATE TABLE facts (
    kind       INTEGER NOT NULL,
    id         TEXT NOT NULL,
    tenant     TEXT NOT NULL,
    world      INTEGER NOT NULL,
    uniq       TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    body       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    gone       INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX fact_unique ON facts (tenant, world, kind, uniq) WHERE gone = 0;
CREATE UNIQUE INDEX fact_by_version ON facts (version);

CREATE TABLE audit (
    row        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL,
    tenant     TEXT NOT NULL,
    world      INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    request_id TEXT,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    detail     TEXT NOT NULL
);
CREATE UNIQUE INDEX audit_by_id ON audit (tenant, world, id);

CREATE TABLE idempotency (
    row            INTEGER PRIMARY KEY,
    name           BLOB NOT NULL UNIQUE,
    fingerprint    BLOB NOT NULL,
    made_ms        INTEGER NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    leased_in      INTEGER NOT NULL, -- the opening of the store: an earlier one's leases are nobody's
    subject        TEXT,            -- what it made
    status         INTEGER,
    content_type   TEXT,
    sealed_body    BLOB
);

CREATE TABLE outbox (
    row          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL,
    tenant       TEXT NOT NULL,
    world        INTEGER NOT NULL,
    number       BLOB NOT NULL,
    attempt      TEXT NOT NULL,
    verification TEXT NOT NULL,
    channel      INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL
);
CREATE UNIQUE INDEX outbox_by_id ON outbox (tenant, world, id);
