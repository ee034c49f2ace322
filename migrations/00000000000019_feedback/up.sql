-- What users said at the end of a child's page: whether it helped. Neither the child nor the user is kept beside it.
create table feedback (
    feedback_id bigint generated always as identity primary key,
    day date not null,
    state text,                         -- in which the user acted; null: a federal role
    helped boolean not null,
    words text not null
);
create index feedback_state on feedback (state, day);
