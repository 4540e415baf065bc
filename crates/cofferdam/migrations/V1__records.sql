-- beside: 1
-- Small numbers in columns (status, world, kind, channel) are those of `store/embedded/codes.rs`, for ever.
-- Identifiers and texts that are ordered are compared byte by byte, as the program does.

CREATE TABLE meta (
    name text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);

CREATE TABLE verifications (
    id text COLLATE "C" PRIMARY KEY,
    tenant text COLLATE "C" NOT NULL,
    world smallint NOT NULL,
    number bytea NOT NULL,
    profile text COLLATE "C" NOT NULL,
    status smallint NOT NULL,
    created_ms bigint NOT NULL,
    expires_ms bigint NOT NULL,
    checks_left integer NOT NULL,
    -- Guesses that were paid and not settled, and when the last of them was paid.
    outstanding integer NOT NULL DEFAULT 0,
    paid_ms bigint NOT NULL DEFAULT 0,
    check_at_ms bigint,
    resend_at_ms bigint NOT NULL,
    finished_ms bigint,
    sealed_to bytea,
    own_code bytea,
    fixed bytea NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX verifications_by_owner ON verifications (tenant, world, id);
CREATE INDEX verifications_by_number ON verifications (number);
CREATE INDEX verifications_open ON verifications (expires_ms) WHERE status IN (0, 1);
CREATE INDEX verifications_ended ON verifications (finished_ms) WHERE finished_ms IS NOT NULL;
-- Packed bytes don't get smaller by packing them again.
ALTER TABLE verifications ALTER COLUMN fixed SET STORAGE EXTERNAL;

CREATE TABLE attempts (
    id text COLLATE "C" PRIMARY KEY,
    verification text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    world smallint NOT NULL,
    channel smallint NOT NULL,
    status smallint NOT NULL,
    at_ms bigint NOT NULL,
    assessment text COLLATE "C" NOT NULL,
    provider text COLLATE "C",
    reference text COLLATE "C",
    price_micros bigint,
    currency text COLLATE "C",
    -- What stands reserved for it: taken away when it is given back, so that happens once.
    reserved bytea
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX attempts_by_verification ON attempts (verification, ordinal);
CREATE INDEX attempts_by_reference ON attempts (reference) WHERE reference IS NOT NULL;
CREATE INDEX attempts_queued ON attempts (at_ms) WHERE status = 0;

-- Exact limits and wrong guesses: counts a tenant's world, scope and key in buckets of time. Rows change often and in
-- place: no index but the name, and room for the next version beside the last.
CREATE TABLE exact (
    name bytea PRIMARY KEY,
    until_s bigint NOT NULL,
    buckets bytea NOT NULL
) WITH (fillfactor = 60);

CREATE TABLE spend (
    tenant text COLLATE "C" NOT NULL,
    world smallint NOT NULL,
    budget text COLLATE "C" NOT NULL,
    period_start_ms bigint NOT NULL,
    micros bigint NOT NULL,
    PRIMARY KEY (tenant, world, budget, period_start_ms)
) WITH (fillfactor = 60);

-- Reservations of attempts that have no row of their own: whoever asked sends by itself.
CREATE TABLE reservations (
    tenant text COLLATE "C" NOT NULL,
    world smallint NOT NULL,
    attempt text COLLATE "C" NOT NULL,
    at_ms bigint NOT NULL,
    reserved bytea NOT NULL,
    PRIMARY KEY (tenant, world, attempt)
);
CREATE INDEX reservations_by_time ON reservations (at_ms);

CREATE TABLE idempotency (
    name bytea PRIMARY KEY,
    fingerprint bytea NOT NULL,
    made_ms bigint NOT NULL,
    lease_until_ms bigint NOT NULL,
    subject text COLLATE "C",
    status integer,
    content_type text,
    sealed_body bytea
);
CREATE INDEX idempotency_by_time ON idempotency (made_ms);
CREATE INDEX idempotency_by_subject ON idempotency (subject) WHERE subject IS NOT NULL;

CREATE TABLE outbox (
    id text COLLATE "C" PRIMARY KEY,
    tenant text COLLATE "C" NOT NULL,
    world smallint NOT NULL,
    number bytea NOT NULL,
    attempt text COLLATE "C" NOT NULL,
    verification text COLLATE "C" NOT NULL,
    channel smallint NOT NULL,
    at_ms bigint NOT NULL
);
CREATE INDEX outbox_by_owner ON outbox (tenant, world, id);
CREATE INDEX outbox_by_time ON outbox (at_ms);

CREATE TABLE outcomes (
    row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt text COLLATE "C" NOT NULL,
    once text COLLATE "C" NOT NULL,
    at_ms bigint NOT NULL,
    told_ms bigint NOT NULL,
    body bytea NOT NULL,
    UNIQUE (attempt, once)
);
CREATE INDEX outcomes_by_time ON outcomes (told_ms);

-- One row: whoever changes facts holds it until the end, so that versions are seen in their order.
CREATE TABLE fact_version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO fact_version (version) VALUES (0);

CREATE TABLE facts (
    kind smallint NOT NULL,
    id text COLLATE "C" NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    world smallint NOT NULL,
    uniq text COLLATE "C" NOT NULL,
    created_ms bigint NOT NULL,
    expires_ms bigint,
    body text NOT NULL,
    version bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (kind, id)
);
CREATE UNIQUE INDEX facts_by_version ON facts (version);
CREATE UNIQUE INDEX facts_unique ON facts (tenant, world, kind, uniq) WHERE NOT gone;

CREATE TABLE audit (
    id text COLLATE "C" PRIMARY KEY,
    tenant text COLLATE "C" NOT NULL,
    world smallint NOT NULL,
    at_ms bigint NOT NULL,
    actor text NOT NULL,
    request_id text,
    action text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL
);
CREATE INDEX audit_by_owner ON audit (tenant, world, id);
CREATE INDEX audit_by_time ON audit (at_ms);

CREATE TABLE bases (
    id text COLLATE "C" PRIMARY KEY,
    body bytea NOT NULL
);

-- Judged attempts, up to 256 a row, by the day of the first: what is too old goes a whole day at a time.
CREATE SEQUENCE journal_seq;
CREATE TABLE journal (
    seq bigint NOT NULL DEFAULT nextval('journal_seq'),
    from_ms bigint NOT NULL,
    to_ms bigint NOT NULL,
    bytes bigint NOT NULL,
    n integer NOT NULL,
    format smallint NOT NULL,
    marks bytea NOT NULL,
    body bytea NOT NULL
) PARTITION BY RANGE (from_ms);
CREATE INDEX journal_by_time ON journal (from_ms);
CREATE INDEX journal_by_seq ON journal (seq);
ALTER TABLE journal ALTER COLUMN marks SET STORAGE EXTERNAL;
ALTER TABLE journal ALTER COLUMN body SET STORAGE EXTERNAL;

-- Who does what only one node at a time shall do, and until when; by the clock of the database.
CREATE TABLE jobs (
    name text COLLATE "C" PRIMARY KEY,
    holder text NOT NULL,
    until timestamptz NOT NULL
);
