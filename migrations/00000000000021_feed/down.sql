drop index move_notice_student;
alter table batch drop column fed;
alter table move_notice drop column fed;
drop table change_told;
delete from change where kind not in ('link', 'merge', 'split', 'undo');
alter table change
    drop constraint change_kind_check,
    add constraint change_kind_check check (kind in ('link', 'merge', 'split', 'undo')),
    alter column person_id set not null,
    drop column from_state,
    drop column added,
    drop column removed,
    drop column ends_on,
    drop column move_notice_id,
    drop column batch_id;
