-- A school enrollment that may be a migrant child whom the state does not have, for its recruiters. Of the enrollment only
-- the state's own number of the child is kept, and where it was enrolled: who that is the state knows itself.
create table referral (
    referral_id bigint generated always as identity primary key,
    state text not null,
    student_id uuid not null,           -- the key that the state's own student would have under that number
    state_student_id text not null,
    facility_code text,                 -- as sent
    school text,                        -- as sent
    district text,                      -- as sent, else that of the facility
    verdict text not null check (verdict in ('known', 'possible')),
    persons bigint[] not null,          -- whom it may be, the most probable first
    probabilities real[] not null,      -- of each
    due_on date not null,
    opened_at timestamptz not null,
    opened_by text not null,            -- the certificate, and the user for whom it asked
    outcome text check (outcome in ('found_eligible', 'not_eligible', 'not_found', 'declined')),
    outcome_at timestamptz,             -- when that was said
    first_outcome_at timestamptz,       -- when anything was said first
    check ((outcome is null) = (outcome_at is null) and (outcome is null) = (first_outcome_at is null)),
    check (cardinality(persons) = cardinality(probabilities))
);
-- Of a child one at a time is open.
create unique index referral_child_open on referral (student_id) where outcome is null;
create index referral_child on referral (student_id, referral_id desc);
create index referral_open on referral (state, due_on, referral_id) where outcome is null;
create index referral_done on referral (state, outcome_at desc, referral_id desc) where outcome is not null;
create index referral_opened on referral (state, opened_at);

-- What came of it: every word of a person, and the upload that brought the child. Nothing is ever changed or deleted.
create table referral_outcome (
    referral_outcome_id bigint generated always as identity primary key,
    referral_id bigint not null references referral,
    outcome text not null check (outcome in ('found_eligible', 'not_eligible', 'not_found', 'declined')),
    person_id bigint,                   -- of found_eligible: who it turned out to be
    note text,
    said_by text,                       -- the account or certificate; none: an upload showed it
    batch_id bigint,                    -- that upload
    said_at timestamptz not null,
    check ((said_by is null) = (batch_id is not null))
);
create index referral_outcome_referral on referral_outcome (referral_id, referral_outcome_id);
create unique index referral_outcome_upload on referral_outcome (referral_id) where said_by is null;
