-- What becomes of a notice: received, seen, answered, reopened, closed; reminded of, and returned when nobody answers.
-- The row says how it stands now, `notice_step` how it came to that.
alter table move_notice
    add column seen_at timestamptz,         -- first opened by a person of the recipient
    add column remind_on date,              -- in the recipient's calendar, as is
    add column due_on date,                 -- the last day for an answer; null: sent before answers were waited for
    add column reminded_at timestamptz,
    add column returned_at timestamptz,     -- to the sender, without an answer
    add column closed_at timestamptz;       -- nobody waits for anything more
update move_notice set closed_at = acknowledged_at where answer = 'arrived';
create index move_notice_waiting on move_notice (recipient, remind_on)
    where acknowledged_at is null and withdrawn_at is null and returned_at is null and closed_at is null;

create table notice_step (
    notice_step_id bigint generated always as identity primary key,
    move_notice_id bigint not null references move_notice (move_notice_id) on delete cascade,
    what text not null check (what in (
        'received', 'seen', 'answered', 'reopened', 'closed', 'reminded', 'returned', 'withdrawn', 'restored')),
    at timestamptz not null,
    state text,                             -- whose people or system did it; null: the hub
    done_by text,                           -- the account or certificate
    answer text,                            -- of answered
    note text,                              -- the answer's note, or why
    tells text,                             -- the state to which the feed tells it
    fed boolean not null default false
);
create index notice_step_notice on notice_step (move_notice_id, notice_step_id);
create index notice_step_unfed on notice_step (notice_step_id) where tells is not null and not fed;

insert into notice_step (move_notice_id, what, at, state, done_by, answer, note)
select * from (
    select move_notice_id, 'received', received_at as at, recipient, null, null, null from move_notice
    where received_at is not null
    union all
    select move_notice_id, 'answered', acknowledged_at, recipient, acknowledged_by, answer, answer_note from move_notice
    where acknowledged_at is not null
    union all
    select move_notice_id, 'withdrawn', withdrawn_at, null, null, null, null from move_notice
    where withdrawn_at is not null
) before order by at;

-- A step of a notice is told to the state that did not take it.
alter table change
    drop constraint change_kind_check,
    add constraint change_kind_check check (kind in (
        'link', 'merge', 'split', 'undo',
        'enrollment', 'course', 'assessment', 'immunization', 'eligibility',
        'notice', 'notice_step', 'findings', 'data_request', 'correction'));
