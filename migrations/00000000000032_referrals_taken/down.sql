alter table referral
    drop column taken_by,
    drop column taken_at,
    drop column warned_of,
    drop column overdue_of;
