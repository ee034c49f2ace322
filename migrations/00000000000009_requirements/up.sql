-- What a state, a district or a school requires for graduation, as the state's administrators keep it at the hub: one
-- row per subject, for the children who entered grade 9 in the school years that began in these years.
create table requirement_set (
    state text not null,
    place text not null,                -- facility code or district; empty for the whole state
    cohort_from integer not null,
    cohort_to integer not null check (cohort_to >= cohort_from),
    subject_area text not null,
    units numeric(6, 4) not null check (units >= 0),
    source text not null,               -- the statute, board rule or handbook, with its date
    kept_at timestamptz not null,
    kept_by text not null,
    primary key (state, place, cohort_from, subject_area)
);
