-- Whom a school, district or state has now, and whom it has newly.

-- One row per enrollment, open or about to end, of a child who was certified in that state: what a list of "my students"
-- filters and sorts by, so that a page of it reads no whole record. Derived from the students by the job that is told
-- which persons changed, and looked at again every night; what is shown of a child is read with the list.
create table roster (
    student_id uuid not null,
    ordinal integer not null,           -- of the enrollment
    person_id bigint not null,
    state text not null,
    district text,                      -- of the facility, else of residence, as the state writes it
    facility_code text,
    sort_name text not null,            -- last names and first name, folded
    enrolled_on date not null,
    withdrawn_on date,
    grade text,
    english_learner boolean not null,
    special_education boolean not null,
    priority_for_services boolean not null,
    alerts boolean not null,            -- an open alert of any state
    out_of_school boolean not null,
    eligible_from date not null,
    eligible_until date not null,
    since timestamptz not null,         -- when the hub first saw the child in this district
    primary key (student_id, ordinal)
);
create index roster_of_state on roster (state, sort_name, person_id);
create index roster_of_district on roster (state, lower(district), sort_name, person_id);
create index roster_person on roster (person_id);

-- A child who is newly certified, or newly enrolled, in a district: told to the district until somebody there says that
-- it is seen.
create table new_child (
    new_child_id bigint generated always as identity primary key,
    state text not null,
    district text,                      -- as the state writes it; null: no district is known, it is the state's
    person_id bigint not null,
    student_id uuid not null,
    reason text not null check (reason in ('certified', 'enrolled')),
    happened_on date not null,          -- the qualifying arrival or the first day in the district, the later one
    facility_code text,
    raised_at timestamptz not null,
    acknowledged_at timestamptz,
    acknowledged_by text,
    withdrawn_at timestamptz            -- a correction: what raised it is not so any more
);
create index new_child_open on new_child (state, lower(district), new_child_id) where acknowledged_at is null;
create index new_child_person on new_child (person_id);
create index new_child_student on new_child (student_id);

-- When an account looked at a list of its students: what came later is new to it.
create table roster_visit (
    account_id bigint not null references account (account_id) on delete cascade,
    state text not null,
    visited_at timestamptz not null,    -- the last look
    new_since timestamptz not null,     -- the look before, after which children are shown as new
    primary key (account_id, state)
);

-- Filters that somebody keeps under a name.
create table saved_filter (
    account_id bigint not null references account (account_id) on delete cascade,
    page text not null,
    name text not null,
    query text not null,                -- as in the address of the page
    saved_at timestamptz not null,
    primary key (account_id, page, name)
);
