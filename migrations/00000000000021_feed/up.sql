-- The rest of the feed: what other states newly say of a state's children, notices, and batches with findings.
alter table change
    drop constraint change_kind_check,
    add constraint change_kind_check check (kind in (
        'link', 'merge', 'split', 'undo',
        'enrollment', 'course', 'assessment', 'immunization', 'eligibility',
        'notice', 'findings')),
    alter column person_id drop not null,       -- findings are of a batch
    add column from_state text,                 -- whose word is new, or who moved it
    add column added bigint,                    -- rows, notices or findings that are there now
    add column removed bigint,                  -- those that were told before and are not any more: a tombstone
    add column ends_on date,                    -- last day of eligibility in from_state, for 'eligibility'
    add column move_notice_id bigint,
    add column batch_id bigint;

-- What a state was told of another state's student: the rows by their hashes, so that the same is never told twice and
-- what goes away is told too. Nothing of a row can be read from it.
create table change_told (
    student_id uuid not null,           -- whose rows
    state text not null,                -- who was told
    kind text not null,
    person_id bigint not null,          -- as whose
    rows bytea not null,                -- eight bytes for each, in order
    primary key (student_id, state, kind)
);
create index change_told_person on change_told (person_id);

-- What the feed has last said of a notice (true: it is there, false: it was withdrawn) and of a batch.
alter table move_notice add column fed boolean;
create index move_notice_unfed on move_notice (move_notice_id) where fed is distinct from (withdrawn_at is null);
alter table batch add column fed boolean not null default false;
create index batch_unfed on batch (batch_id) where status = 'loaded' and not fed;

-- What the hub noticed goes with the student that shows it.
create index move_notice_student on move_notice (student_id) where student_id is not null;
