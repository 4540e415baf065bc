-- beside: 1
-- Who serves, by the clock of the database. A life is one process's, renewed every second; once others found it silent for too
-- long it is dead, and stays so: a process that was only paused begins another.
CREATE TABLE nodes (
    life bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    -- Who holds leases of jobs.
    process text COLLATE "C" NOT NULL,
    renewed timestamptz NOT NULL,
    -- Since when it was renewed without a gap: whoever judges others must have heard the database all the time himself.
    steady timestamptz NOT NULL,
    dead boolean NOT NULL DEFAULT false
);
CREATE INDEX nodes_dead ON nodes (life) WHERE dead;

-- In whose hands it is. None: of a program that knew no lives; then only time ends it.
ALTER TABLE attempts ADD COLUMN life bigint;

-- The life counts for the lease that it was written with: a program that knows no lives leaves it where it was.
ALTER TABLE idempotency ADD COLUMN life bigint;
ALTER TABLE idempotency ADD COLUMN life_until_ms bigint;
