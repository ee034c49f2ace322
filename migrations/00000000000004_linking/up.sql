-- What the linker goes by, beside the decisions of people: the models there were, the states whose students wait because
-- what they sent cannot be right, and when all was last checked.

-- Models learned from the students held. The one applied last is in force; without any, the one that is shipped.
create table link_model (
    version text primary key,
    model jsonb not null,
    report jsonb not null,              -- what it was learned from, and what it changed
    applied_at timestamptz not null,
    applied_by text not null
);

-- A state in doubt: far too many of its students share a value. Its changed students wait until a corrected upload, or
-- until a person says that it is right.
create table link_hold (
    state text primary key,
    since timestamptz not null,
    doubts jsonb not null,              -- element and counts; never a value
    released_at timestamptz,
    released_by text                    -- who said that it is right; as much of it passes from then on
);

-- The students that wait, each as the batch left it. One that a later batch changes is looked at again.
create table link_held (
    student_id uuid primary key,
    state text not null,
    batch_id bigint not null
);
create index link_held_state on link_held (state);

-- Nightly checks.
create table link_check (
    at timestamptz primary key,
    students bigint not null,
    links bigint not null,              -- links that were changed
    near_matches bigint not null        -- near matches that are new
);
