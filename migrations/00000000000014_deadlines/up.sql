-- The working days of a state, as its administrators keep them. Without a row: weekends and federal holidays are free.
create table work_calendar (
    state text primary key,
    federal_holidays boolean not null,
    own_holidays date[] not null,
    kept_at timestamptz not null,
    kept_by text not null
);

-- The terms of a district. `district` is its name or NCES number in lower case, as enrollments are looked up by it.
create table term (
    state text not null,
    district text not null,
    begin_on date not null,
    end_on date not null check (end_on >= begin_on),
    name text not null,
    kept_at timestamptz not null,
    kept_by text not null,
    primary key (state, district, begin_on, end_on)
);

-- A duty of a state about a student that a date has started (34 CFR 200.85), with what met it.
create table deadline (
    deadline_id bigint generated always as identity primary key,
    cause text not null unique,         -- what started it: duty, student, certificate, term, notice or date
    duty text not null,
    state text not null,
    student_id uuid not null,
    person_id bigint not null,
    district text,
    started_on date,                    -- null: nobody reported it
    due_on date,
    setting jsonb not null,             -- the limit that was applied, and the days of the state that were free
    met_at timestamptz,
    met_on date,                        -- that day in the state
    met_by_batch bigint,
    noted_at timestamptz not null,
    withdrawn_at timestamptz            -- what started it is not so any more
);
create index deadline_state on deadline (state, due_on, deadline_id);
create index deadline_person on deadline (person_id);
create index deadline_unmet on deadline (state) where met_at is null and withdrawn_at is null;
