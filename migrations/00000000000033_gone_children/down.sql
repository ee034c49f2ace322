delete from new_child where reason = 'left';
alter table new_child
    drop constraint new_child_to_district_check,
    drop constraint new_child_reason_check,
    add constraint new_child_reason_check check (reason in ('certified', 'enrolled')),
    drop column to_district;
