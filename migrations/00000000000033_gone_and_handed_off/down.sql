delete from change_told where kind = 'hand_off';
delete from change where kind = 'hand_off';
alter table change
    drop constraint change_kind_check,
    add constraint change_kind_check check (kind in (
        'link', 'merge', 'split', 'undo',
        'enrollment', 'course', 'assessment', 'immunization', 'eligibility',
        'notice', 'notice_step', 'findings', 'data_request', 'correction'));
delete from new_child where reason = 'left';
alter table new_child
    drop constraint new_child_to_district_check,
    drop constraint new_child_reason_check,
    add constraint new_child_reason_check check (reason in ('certified', 'enrolled')),
    drop column to_district;
