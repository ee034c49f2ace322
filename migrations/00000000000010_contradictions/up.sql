-- The date of the statute, rule or handbook in which a set of graduation requirements stands.
alter table requirement_set add column dated date not null default current_date;
alter table requirement_set alter column dated drop default;

-- Which persons hold statements of a state that contradict others' or its own, by kind. What is said is not kept here:
-- it is read, and disclosed, with the record. Kept by the job that is told which persons changed.
create table disagreement (
    person_id bigint not null,
    state text not null,
    kind text not null,                 -- records::disagreement::DisagreementKind
    found_at timestamptz not null,
    primary key (person_id, state, kind)
);
create index disagreement_of_state on disagreement (state, kind, person_id);
