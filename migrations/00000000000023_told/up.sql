-- What else states are told: of requests between them, and of deadlines that come due.

-- The last day of which the state was warned, and the one of which it was told that it has passed. Another last day is
-- told anew. What had passed before is not told afterwards.
alter table deadline add column warned_of date, add column overdue_of date;
update deadline set overdue_of = due_on where due_on < current_date;
alter table data_request add column warned_of date, add column overdue_of date;
update data_request set overdue_of = due_on where due_on < current_date;

-- What the feed is to tell next of requests: written in the transaction that caused it, and taken into the feed by one
-- that may draw its numbers.
create table change_waiting (
    change_waiting_id bigint generated always as identity primary key,
    state text not null,                -- who is told
    kind text not null,                 -- as the feed calls it
    work_item_id bigint not null,
    from_state text not null,           -- who did something
    at timestamptz not null
);
alter table change
    drop constraint change_kind_check,
    add constraint change_kind_check check (kind in (
        'link', 'merge', 'split', 'undo',
        'enrollment', 'course', 'assessment', 'immunization', 'eligibility',
        'notice', 'findings', 'data_request', 'correction'));

-- The keys by which senders make sure that they send once, with a hash of what each has sent.
create table sent_key (
    sent_key text primary key,          -- of the sender and its key
    content bytea not null,             -- SHA-256
    sent_at timestamptz not null
);

-- Every record that is read asks for them, and hardly any has one.
create index correction_stated on correction (student_id) where statement is not null;
