drop index correction_stated;
drop table sent_key;
delete from change where kind in ('data_request', 'correction');
alter table change
    drop constraint change_kind_check,
    add constraint change_kind_check check (kind in (
        'link', 'merge', 'split', 'undo',
        'enrollment', 'course', 'assessment', 'immunization', 'eligibility',
        'notice', 'findings'));
drop table change_waiting;
alter table data_request drop column warned_of, drop column overdue_of;
alter table deadline drop column warned_of, drop column overdue_of;
