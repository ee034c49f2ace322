-- Who goes to see the family, so that two do not; and of which last day the state has been told.
alter table referral
    add column taken_by text,           -- the account; none: nobody yet
    add column taken_at timestamptz,
    add column warned_of date,          -- the last day of which the state was told before it
    add column overdue_of date,         -- and after it
    add check ((taken_by is null) = (taken_at is null));
create index referral_taken on referral (taken_by, due_on, referral_id) where outcome is null and taken_by is not null;
