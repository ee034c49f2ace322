-- When a child of a state's list is expected to leave it, as its earlier ways say; kept by the job that keeps the list.
create table departure (
    state text not null,
    person_id bigint not null,
    expected_from date not null,        -- a Monday
    expected_until date not null,       -- a Sunday
    left_on date[] not null,            -- when it left in earlier years, the latest first
    left_for text[] not null,           -- the state in which it then showed up, one for each
    primary key (state, person_id)
);
create index departure_expected on departure (state, expected_from);
create index departure_person on departure (person_id);

-- The others who are expected to leave: who is withdrawn on a day to come, and about whom a state has sent a notice.
create index roster_withdrawn on roster (state, withdrawn_on) where withdrawn_on is not null;
create index move_notice_announced on move_notice (from_state) where event = 'manual' and from_state is not null;

-- What the people of a school say of a child that leaves. It is the state's note and never a data element: nobody has
-- confirmed it, and the state's next upload with new content of the student stands in its place.
create table hand_off (
    hand_off_id bigint generated always as identity primary key,
    student_id uuid not null,           -- the state's own student: it goes with it through merges and splits
    state text not null,
    last_day date,                      -- attended
    to_state text,                      -- where the family says it goes
    to_place text,
    contact text,
    note text,
    courses jsonb not null,             -- title, grade_to_date, clock_hours
    cause text not null unique,         -- the same cause writes once, however often it is sent
    written_at timestamptz not null,
    written_by text not null,           -- the account or certificate
    move_notice_id bigint,              -- the notice that was sent with it
    ended text check (ended in ('replaced', 'taken_back')),
    ended_at timestamptz,
    ended_by text
);
create index hand_off_student on hand_off (student_id, hand_off_id desc);
