-- What states ask of each other about a child, and what families ask to have corrected. Both are work items of the state
-- that has to act, and of no other; they hang on the student asked about, so that they follow it through merges and splits.

-- A request of one state for what another one holds of a child.
create table data_request (
    work_item_id bigint primary key references work_item (work_item_id) on delete cascade,
    student_id uuid not null,           -- the recipient's student
    sender text not null,
    recipient text not null,
    what text not null,                 -- notices::data_requests::What
    note text,
    for_correction bigint,              -- the correction for which it is asked: a reply is owed by 34 CFR 200.85
    due_on date not null,               -- last day for an answer, in the recipient's calendar
    cause text not null unique,         -- the same cause asks once, however often it is sent
    seen_at timestamptz,                -- first opened by the recipient
    seen_by text,
    answer text check (answer in ('sent', 'not_held', 'not_yet')),
    answered_at timestamptz,
    answered_by text,
    answer_note text,
    not_until date,                     -- of not_yet
    arrived_at timestamptz,             -- when new content of the recipient was received after it was asked for
    arrived_batch bigint
);
create index data_request_recipient on data_request (recipient, work_item_id desc);
create index data_request_sender on data_request (sender, work_item_id desc);
create index data_request_student on data_request (student_id);
create index data_request_correction on data_request (for_correction) where for_correction is not null;

-- A request of a parent, a guardian or the student to correct what a state's record says (34 CFR 200.85, 34 CFR 99.20).
create table correction (
    work_item_id bigint primary key references work_item (work_item_id) on delete cascade,
    student_id uuid not null,           -- the record that is said to be wrong
    owner text not null,                -- the state whose record it is: it decides
    taken_in text not null,             -- the state that the family asked
    asked_on date not null,             -- when, there
    asker text not null check (asker in ('parent', 'guardian', 'student')),
    language text not null check (language in ('en', 'es')),
    element text,                       -- number of the data element, where it is one
    says text not null,                 -- what the record says
    should_say text not null,
    grounds text,                       -- what the family shows for it
    said jsonb,                         -- values of the element when it was taken, to see the corrected ones arrive
    cause text not null unique,
    taken_at timestamptz not null,
    taken_by text not null,
    forwarded_at timestamptz,           -- to the owner, if that is another state
    forwarded_by text,
    decision text check (decision in ('corrected', 'declined')),
    decided_at timestamptz,
    decided_by text,
    why text,
    told_at timestamptz,                -- when the family was told
    told_by text,
    arrived_at timestamptz,             -- when corrected data were received
    arrived_batch bigint,
    statement text,                     -- of disagreement, in the family's words; stays with the record
    stated_at timestamptz,
    stated_by text
);
create index correction_owner on correction (owner, work_item_id desc);
create index correction_taken_in on correction (taken_in, work_item_id desc);
create index correction_student on correction (student_id);
