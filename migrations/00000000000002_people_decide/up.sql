-- People decide who is who: requests to merge, split and undo with a second validation, on whose worklist an item is,
-- what holds a person meanwhile, and the feed of what changed.

alter table work_item drop constraint work_item_kind_check;
alter table work_item add constraint work_item_kind_check
    check (kind in ('near_match', 'merge', 'split', 'undo', 'data_request', 'correction'));
alter table work_item
    add column persons bigint[] not null default '{}',      -- whom it is about, as when it was opened
    add column request jsonb not null default '{}',         -- near match: sides; merge: master; split: parts; undo: item
    add column requested_by text,                           -- who asks for a merge, split or undo
    add column requested_state text,                        -- in which state; null: the arbiter
    add column cause bigint,                                -- the near match from which the request comes
    add column objected_by text,                            -- who disagreed
    add column objection text,
    add column arbiter_since timestamptz,                   -- since when it is the arbiter's
    add column arbiter_why text check (arbiter_why in ('disagreement', 'silence')),
    add column earlier jsonb,                               -- the decision that stands while new evidence is judged
    add column effect jsonb,                                -- what an approved request changed, so that it can be undone
    add column undone_by bigint;                            -- the approved undo
create index work_item_persons on work_item using gin (persons) where status = 'open';
update work_item set persons = array_remove(array[person_a, case when person_b <> person_a then person_b end], null);

-- On which worklist an item is, for each state with a live student in it.
create table work_item_owner (
    work_item_id bigint not null references work_item (work_item_id) on delete cascade,
    state text not null,
    level text not null check (level in ('district', 'region', 'state')),
    district text,                      -- of the child's latest enrollment, or to which it was given
    region text,
    since timestamptz not null,
    primary key (work_item_id, state)
);
create index work_item_owner_state on work_item_owner (state, work_item_id);
insert into work_item_owner (work_item_id, state, level, since)
    select work_item_id, unnest(states), 'state', opened_at from work_item where status = 'open';

-- Which region of its state a district belongs to, where a state has regions.
create table district_region (
    state text not null,
    district text not null,
    region text not null,
    primary key (state, district)
);

-- A person that is about to be merged or split takes part in no other merge or split.
create table person_lock (
    person_id bigint primary key,
    work_item_id bigint not null references work_item (work_item_id) on delete cascade,
    since timestamptz not null
);
create index person_lock_item on person_lock (work_item_id);

-- A decision with the weight that the evidence had: much more evidence than that reopens the question.
alter table link_decision add column weight real, add column model text;
create index link_decision_b on link_decision (student_b);

-- The feed: what changed for the children of a state. Numbers are drawn under a lock that lasts until the commit, so
-- that a reader who has seen one has seen all before it.
create table change (
    state text not null,
    change_id bigint generated always as identity,
    kind text not null check (kind in ('link', 'merge', 'split', 'undo')),
    at timestamptz not null,
    student_id uuid,                    -- the state's student whose number changed; null: a change of a person
    person_id bigint not null,
    former_person_id bigint,
    work_item_id bigint,                -- the decision of people behind it
    primary key (state, change_id)
);
