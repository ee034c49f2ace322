-- Whom to call, and who has taken what from a worklist.

-- People of schools, districts and states to whom others turn about a child, as the administrators of the place keep
-- them. They are staff, at work: no personal data of children is here.
create table contact (
    contact_id bigint generated always as identity primary key,
    state text not null,
    district text,                      -- as the state writes it; null: the state's own
    facility_code text,                 -- null: the district's
    role text not null,                 -- a stored code of ContactRole (X42)
    name text not null,
    phone text,
    email text,
    languages text not null,            -- spoken, besides English; empty for none
    cover_name text,                    -- who stands in
    cover_phone text,
    cover_email text,
    cover_from date,                    -- from, until: both included
    cover_until date,
    verified_at timestamptz not null,   -- when somebody last said that all of it is right
    verified_by text not null,
    kept_at timestamptz not null,
    kept_by text not null,
    check ((cover_name is null) = (cover_from is null) and (cover_from is null) = (cover_until is null)),
    check (cover_from <= cover_until)
);
create unique index contact_of_place
    on contact (state, lower(coalesce(district, '')), coalesce(facility_code, ''), role, lower(name));

-- Who of a state's people does an item of the worklist; null: nobody has taken it.
alter table work_item_owner
    add column assignee text,
    add column assigned_at timestamptz;
