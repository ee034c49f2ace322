delete from change where kind = 'notice_step';
alter table change
    drop constraint change_kind_check,
    add constraint change_kind_check check (kind in (
        'link', 'merge', 'split', 'undo',
        'enrollment', 'course', 'assessment', 'immunization', 'eligibility',
        'notice', 'findings', 'data_request', 'correction'));
drop table notice_step;
alter table move_notice
    drop column seen_at,
    drop column remind_on,
    drop column due_on,
    drop column reminded_at,
    drop column returned_at,
    drop column closed_at;
