-- Accounts are kept by the administrators of states, regions and districts; what is said to users; who looked at whom.

alter table account
    add column home_state text,             -- the state whose administrator made it; null: the operator, or a federal one
    add column password_until timestamptz;  -- until when a password that somebody else set opens the account, to choose an own one; null: it is its own

-- A role in a region of a state holds in the districts that belong to the region on the day.
alter table account_role add column region text;
alter table account_role drop constraint account_role_account_id_role_state_district_key;
alter table account_role
    add constraint account_role_once unique nulls not distinct (account_id, role, state, region, district),
    add constraint account_role_place check (region is null or district is null);
create index account_role_state on account_role (state);

-- Trainings in security and privacy, as the user administrator noted them.
create table training (
    account_id bigint not null references account (account_id),
    completed_on date not null,
    expires_on date not null check (expires_on > completed_on),
    noted_at timestamptz not null,
    noted_by text not null,
    primary key (account_id, completed_on)
);

-- What is said on the home page, to whom and from when to when.
create table announcement (
    announcement_id bigint generated always as identity primary key,
    state text,                             -- null: of the hub, to all states
    roles text[] not null,                  -- empty: to all roles
    body text not null,
    from_on date not null,
    until_on date not null check (until_on >= from_on),
    made_at timestamptz not null,
    made_by text not null,
    withdrawn_at timestamptz
);
create index announcement_until on announcement (until_on);

-- What an account has put away on its home page: an announcement or the guidance for new users.
create table dismissal (
    account_id bigint not null references account (account_id),
    what text not null,
    at timestamptz not null,
    primary key (account_id, what)
);

-- Who looked, by state and by one state's student: for the search of administrators and the list for parents.
create index disclosure_actor_state on disclosure (actor_state, disclosure_id);
create index disclosure_student on disclosure (student_id, disclosure_id) where student_id is not null;
