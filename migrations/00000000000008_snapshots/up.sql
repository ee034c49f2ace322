-- Counts as they were frozen: the answer to a question that must stay the same, with every child in it.
create table snapshot (
    name text primary key,
    period_ends integer not null,       -- the year in which the period ends, on 31 August
    known_at timestamptz not null,      -- what was received and decided by then
    taken_at timestamptz not null,
    taken_by text not null,
    rules text not null,                -- the rules of counting
    counts jsonb not null,
    extract bytea not null,             -- CSV of all children that count, zstd
    sha256 bytea not null               -- of the CSV
);
