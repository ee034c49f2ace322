-- The linker follows the log of links, and new models are proposed before they are in force.

-- The log in the order in which it was written.
create index link_event_order on link_event (link_event_id);

-- Models learned from the students held, with what each would change. None is in force until a person says so.
create table link_proposal (
    link_proposal_id bigint generated always as identity primary key,
    version text not null,
    in_force text not null,             -- the model with whose decisions it was compared
    model jsonb not null,
    report jsonb not null,
    status text not null check (status in ('open', 'refused', 'accepted', 'rejected', 'superseded')),
                                        -- refused: what was learned looks wrong; superseded: a later one came
    made_at timestamptz not null,
    made_by text not null,
    decided_at timestamptz,
    decided_by text
);
create unique index link_proposal_open on link_proposal (status) where status = 'open';
