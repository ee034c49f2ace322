-- Lists of children: whose a snapshot is, and reconciliation of a state's own list with what the hub holds.

alter table snapshot add column state text;     -- by which state it was taken; null: the hub's, which all states see

-- A campaign: a state's own list as of a day, compared with the hub's children of that state.
create table reconciliation (
    reconciliation_id bigint generated always as identity primary key,
    state text not null,
    list_date date not null,            -- the day of which the list speaks
    scope jsonb not null,               -- whom the list leaves out, as the state declares
    file_name text not null,
    sha256 bytea not null,              -- of the list
    in_list bigint not null,            -- children of the list
    in_hub bigint not null,             -- children whom the hub held as eligible on that day
    agreed bigint not null,             -- children in both, about whom nothing differs
    opened_at timestamptz not null,
    opened_by text not null,
    unique (state, list_date, sha256)
);

-- What differs: on the worklist of its district until somebody says why, or a later upload has mended it.
create table reconciliation_difference (
    reconciliation_id bigint not null references reconciliation (reconciliation_id) on delete cascade,
    ordinal integer not null,
    state_student_id text not null,
    student_id uuid,                    -- null: the hub holds no such student of the state
    person_id bigint,
    district text,                      -- whose work it is; null: the state's
    kind text not null,
    reason text not null,               -- as far as the hub can see one
    in_list text,                       -- what the list says
    in_hub text,                        -- what the hub says
    status text not null default 'open' check (status in ('open', 'explained', 'corrected', 'disputed')),
    note text,
    decided_by text,
    decided_at timestamptz,
    primary key (reconciliation_id, ordinal)
);
create index reconciliation_difference_open on reconciliation_difference (reconciliation_id, district) where status = 'open';
