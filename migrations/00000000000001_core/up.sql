-- The schema of the hub. Every table is declared in `store::tables` as sharded (its key holds student_id),
-- reference or local; a test holds the catalogue against that list.

-- ── Sharded by student_id: a state's student and its parts, current version ──────────────────────────────────────

-- Who the student is, as one state wrote it down. Termination (38, 39) is kept here and not with a move: it is the end of the student's eligibility in that state, and all state systems hold it once per student.
create table student (
    student_id uuid primary key,
    state text not null,
    state_student_id text not null,  -- 2
    state_student_id_type text,  -- X31
    last_name_1 text not null,  -- 3
    last_name_2 text,  -- 4
    first_name text not null,  -- 5
    middle_name text,  -- 6
    generation text,  -- 7
    gender text,  -- 8
    birth_date date,  -- 9
    birth_verification text,  -- 10
    birth_city text,  -- 11
    birth_state text,  -- 12
    birth_country text,  -- 13
    multiple_birth boolean,  -- X01
    parent1_last_name text,  -- 14
    parent1_first_name text,  -- 15
    parent2_last_name text,  -- 16
    parent2_first_name text,  -- 17
    guardian_last_name text,  -- 18
    guardian_first_name text,  -- 19
    parent1_email text,  -- X02
    parent2_email text,  -- X03
    parent1_phone text,  -- X04
    parent2_phone text,  -- X05
    termination_date date,  -- 38
    termination_flag text,  -- 39
    raw_codes jsonb
);

-- Another identifier of the same child in the same state.
create table alternate_id (
    student_id uuid not null,
    ordinal integer not null,
    identifier text not null,  -- X29
    identifier_type text,  -- X30
    raw_codes jsonb,
    primary key (student_id, ordinal)
);

-- A qualifying move, certified on a certificate of eligibility (34 CFR 200.81, 200.89).
create table qualifying_move (
    student_id uuid not null,
    ordinal integer not null,
    qualifying_arrival_date date not null,  -- 31
    from_city text,  -- 32
    from_state text,  -- 33
    from_country text,  -- 34
    to_city text,  -- 35
    to_state text,  -- 36
    residency_date date,  -- 37
    eligibility_expiration_date date,  -- X06
    certificate_number text,  -- X32
    certificate_approval_date date,  -- X33
    void_date date,  -- X34
    void_reason text,  -- X35
    raw_codes jsonb,
    primary key (student_id, ordinal)
);

-- One enrollment in a school, project or, as residency only, in a district.
create table enrollment (
    student_id uuid not null,
    ordinal integer not null,
    facility_code text,  -- 40
    enrollment_date date not null,  -- 54
    withdrawal_date date,  -- 21
    grade text,  -- 20
    enrollment_type text,  -- 55
    graduation_school boolean,  -- 56
    school_or_project_name text,  -- X07
    project_type text,  -- X08
    english_learner boolean,  -- X11
    iep boolean,  -- X12
    med_alert text,  -- X13
    priority_for_services boolean,  -- X14
    immunization_record boolean,  -- X15
    district_of_residence text,  -- X16
    residency_date date,  -- 37
    residency_verification_date date,  -- X17
    designated_graduation_school text,  -- X18
    graduation_indicator text,  -- X19
    graduation_date date,  -- X20
    out_of_state_transcript boolean,  -- X21
    continuation_reason text,  -- X22
    algebra_1 boolean,  -- X23
    comment text,  -- X24
    exit_reason text,  -- X36
    destination_city text,  -- X37
    destination_state text,  -- X38
    destination_country text,  -- X39
    out_of_state_records_date date,  -- X40
    raw_codes jsonb,
    primary key (student_id, ordinal)
);

-- A course, or the part of one, at one school. Work at two schools is two consecutive courses.
create table course (
    student_id uuid not null,
    ordinal integer not null,
    facility_code text,  -- 40
    title text not null,  -- 62
    subject_area text,  -- 61
    course_type text,  -- 63
    course_year integer,  -- 64
    begin_academic_year integer,  -- X25
    end_academic_year integer,  -- X26
    section text,  -- 65
    term_type text,  -- 66
    grade_to_date text,  -- 67
    clock_hours numeric,  -- 68
    final_grade text,  -- 69
    credits numeric,  -- 70
    credits_sent numeric,  -- 70
    credit_unit text,  -- 70, unit of credits_sent
    credit_factor numeric,  -- 70
    sced text,  -- X41
    raw_codes jsonb,
    primary key (student_id, ordinal)
);

-- An assessment, with the state's own scale.
create table assessment (
    student_id uuid not null,
    ordinal integer not null,
    name text not null,  -- 71
    assessment_type text,  -- 72
    content text,  -- X27
    month date,  -- 73
    result text,  -- 74
    result_type text,  -- 75
    interpretation text,  -- X28
    raw_codes jsonb,
    primary key (student_id, ordinal)
);

-- A dose of a vaccine. The date may be unknown, and is never invented. `cvx` is the hub's reading of the name.
create table immunization (
    student_id uuid not null,
    ordinal integer not null,
    vaccine text not null,  -- 30
    cvx text,  -- 30
    date date,  -- 29
    raw_codes jsonb,
    primary key (student_id, ordinal)
);

-- An educational (22, 23) or medical (25, 26) alert: that there is one and whom to ask, never what it is.
create table alert (
    student_id uuid not null,
    ordinal integer not null,
    kind text not null,  -- 22
    resolution_date date,  -- 23
    contact_name text,  -- 22
    contact_phone text,  -- 51
    contact_role text,  -- X42
    raw_codes jsonb,
    primary key (student_id, ordinal)
);

-- Carnegie units required in a subject area by the state or school of projected graduation.
create table graduation_requirement (
    student_id uuid not null,
    ordinal integer not null,
    facility_code text,  -- 40
    state text,  -- 47
    subject_area text not null,  -- 61
    units numeric not null,  -- 59
    raw_codes jsonb,
    primary key (student_id, ordinal)
);

-- Folded name tokens of a student beside its birth date: what a search by name starts from.
create table student_name (
    token text collate "C" not null,
    birth_date date not null,  -- 0001-01-01 where it is unknown
    student_id uuid not null,
    primary key (token, birth_date, student_id)
);
create index student_birth_date on student (birth_date);

-- What the hub holds of a student: the hash of its content, which upload it is from, and whether it is live.
create table student_status (
    student_id uuid primary key,
    state text not null,
    content_hash bytea not null,
    version integer not null,           -- number of the current version, from 1
    as_of timestamptz not null,         -- of the newest content or statement about this student
    batch_id bigint not null,           -- that brought the current version
    received_at timestamptz not null,
    status text not null check (status in ('live', 'not_reported', 'deleted')),
    status_since timestamptz not null
);
create index student_status_state on student_status (state, student_id);

-- Every earlier version, whole: JSON of the student, compressed with zstd. Also content that came too late to be
-- current (its as_of is older than what the hub holds), which has no version number of its own: 0.
create table student_version (
    student_id uuid not null,
    batch_id bigint not null,
    version integer not null,
    as_of timestamptz not null,
    received_at timestamptz not null,
    replaced_at timestamptz,
    content bytea not null,
    primary key (student_id, batch_id, version)
);

-- Which student is which person: every decision ever, append-only; `link` is its current state.
create table link_event (
    student_id uuid not null,
    link_event_id bigint generated always as identity,
    from_person_id bigint,
    to_person_id bigint not null,
    decided text not null check (decided in ('new', 'automatic', 'reviewed')),
    decided_at timestamptz not null,
    decided_by text not null,           -- model version, or the account
    evidence jsonb not null,
    primary key (student_id, link_event_id)
);
create table link (
    student_id uuid primary key,
    person_id bigint not null,
    decided text not null,
    decided_at timestamptz not null
);
create index link_person on link (person_id);

-- ── Reference ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- A school, site or project office. Keyed by the state that sends it and its code.
create table facility (
    state text not null,  -- sending state
    code text not null,  -- 40
    name text not null,  -- 41
    address1 text,  -- 42
    address2 text,  -- 43
    address3 text,  -- 44
    city text,  -- 45
    district text,  -- 46
    located_in_state text,  -- 47
    zip text,  -- 48
    phone text,  -- 51
    nces_school_id text,  -- X09
    nces_district_id text,  -- X10
    raw_codes jsonb,
    as_of timestamptz not null,
    batch_id bigint not null,
    primary key (state, code)
);

-- ── Local ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- A person: the child. Ids are drawn from a sequence and scattered, so that a number says nothing about its neighbours.
create sequence person_number as bigint start 1;
create table person (
    person_id bigint primary key,
    created_at timestamptz not null
);
-- Retired numbers resolve to their survivor for ever.
create table person_alias (
    retired_id bigint primary key,
    person_id bigint not null,
    since timestamptz not null
);
create index person_alias_person on person_alias (person_id);

create table participant (
    state text primary key,
    time_zone text not null,
    registered_at timestamptz not null,
    full_as_of timestamptz,             -- of the newest full upload that was loaded: confirms every live student
    full_batch_id bigint
);

create table certificate (
    fingerprint text primary key,       -- SHA-256 of the DER, lower-case hex
    state text not null references participant (state),
    serial text not null,
    subject text not null,
    not_before timestamptz not null,
    not_after timestamptz not null,
    registered_at timestamptz not null,
    revoked_at timestamptz
);

create table batch (
    batch_id bigint generated always as identity primary key,
    state text not null,
    kind text not null check (kind in ('full', 'delta')),
    profile text not null,              -- 'native' or name and version of the mapping profile
    as_of timestamptz not null,
    content_sha256 bytea not null,      -- of the decompressed content
    spool_name text not null,
    file_name text,
    size_bytes bigint not null,
    received_at timestamptz not null,
    received_from text not null,        -- fingerprint of the certificate, or the account
    status text not null check (status in ('received', 'checking', 'held', 'loading', 'loaded', 'failed')),
    status_at timestamptz not null,
    problem jsonb,                      -- why it failed or is held
    chunks_done integer not null default 0,
    rows_read bigint not null default 0,
    rows_refused bigint not null default 0,
    rows_ignored bigint not null default 0,
    students_read bigint not null default 0,
    students_inserted bigint not null default 0,
    students_updated bigint not null default 0,
    students_unchanged bigint not null default 0,
    students_refused bigint not null default 0,
    students_late bigint not null default 0,        -- older than what the hub holds: history only
    students_deleted bigint not null default 0,
    students_not_reported bigint not null default 0,
    findings_errors bigint not null default 0,
    findings_warnings bigint not null default 0,
    unique (state, kind, profile, as_of, content_sha256)
);
create index batch_state on batch (state, batch_id desc);

create table batch_finding (
    batch_id bigint not null,
    ordinal integer not null,
    code text not null,
    severity text not null,
    finding jsonb not null,
    primary key (batch_id, ordinal)
);

create table job (
    job_id bigint generated always as identity primary key,
    name text not null,
    payload jsonb not null,
    priority smallint not null default 0,           -- higher first
    status text not null default 'ready' check (status in ('ready', 'dead')),
    run_at timestamptz not null,
    attempts integer not null default 0,
    lease_until timestamptz,
    lease_token uuid,
    last_error text,
    created_at timestamptz not null,
    deduplicate text
);
create unique index job_deduplicate on job (name, deduplicate) where deduplicate is not null and lease_until is null and status = 'ready';
create index job_ready on job (priority desc, job_id) where status = 'ready';

create table work_item (
    work_item_id bigint generated always as identity primary key,
    kind text not null check (kind in ('near_match', 'merge', 'split', 'data_request', 'correction')),
    status text not null check (status in ('open', 'decided', 'closed')),
    states text[] not null,
    student_a uuid,
    student_b uuid,
    person_a bigint,
    person_b bigint,
    probability real,
    weight real,
    reason text not null,
    evidence jsonb not null,
    opened_at timestamptz not null,
    decided_at timestamptz,
    decided_by text,
    decision text,
    note text
);
create unique index work_item_near_match on work_item (student_a, student_b) where kind = 'near_match' and status = 'open';
create index work_item_open on work_item (kind, work_item_id) where status = 'open';

-- What people decided about a pair of students. Remembered for ever, whatever the model says later.
create table link_decision (
    student_a uuid not null,
    student_b uuid not null check (student_a < student_b),
    same boolean not null,
    decided_at timestamptz not null,
    decided_by text not null,
    reason text not null default '',
    primary key (student_a, student_b)
);

create table move_notice (
    move_notice_id bigint generated always as identity primary key,
    kind text not null check (kind in ('arrival', 'departure', 'inquiry')),
    recipient text not null,            -- the state to which it is addressed
    sender text,                        -- the state that sent it by hand; null: the hub noticed
    person_id bigint not null,
    student_id uuid,                    -- whose change raised it
    from_state text,
    to_state text,
    district text,
    city text,
    event text not null,                -- enrollment, residency, qualifying_move, manual
    event_date date,
    expected_date date,
    contact text,
    note text,
    cause text not null unique,         -- what raised it, once
    created_at timestamptz not null,
    created_by text not null,
    received_at timestamptz,            -- first listed by the recipient
    acknowledged_at timestamptz,
    acknowledged_by text,
    answer text,
    answer_note text,
    withdrawn_at timestamptz
);
create index move_notice_recipient on move_notice (recipient, move_notice_id desc);
create index move_notice_sender on move_notice (sender, move_notice_id desc) where sender is not null;
create index move_notice_person on move_notice (person_id);

create table account (
    account_id bigint generated always as identity primary key,
    email text not null unique,
    name text not null,
    password_hash text not null,
    created_at timestamptz not null,
    disabled_at timestamptz,
    failed_logins integer not null default 0,
    locked_until timestamptz,
    last_login_at timestamptz
);
create table account_role (
    account_id bigint not null references account (account_id),
    role text not null,
    state text,                         -- null: federal
    district text,
    granted_at timestamptz not null,
    unique nulls not distinct (account_id, role, state, district)
);
create table session (
    session_key text primary key,       -- SHA-256 of the cookie's value
    account_id bigint,
    data jsonb not null,
    expires_at timestamptz not null
);

-- Who read, received or printed something of a child (34 CFR 99.32). Inserted in the transaction of the read.
create table disclosure (
    disclosure_id bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,                -- account or certificate
    actor_state text,
    on_behalf_of text,
    purpose text not null,
    channel text not null,              -- portal, exchange, search, feed …
    person_id bigint,
    student_id uuid,
    categories text[] not null
);
create index disclosure_person on disclosure (person_id, disclosure_id);

-- What people and programs did that was not the reading of a record: sign-ins, decisions, releases, keys.
create table audit_event (
    audit_event_id bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    subject text not null,
    detail jsonb not null
);

-- A child that is in the database in more than one state is found by its changes: what the linker has not yet seen.
create table link_queue (
    student_id uuid primary key,
    queued_at timestamptz not null,
    batch_id bigint not null
);
