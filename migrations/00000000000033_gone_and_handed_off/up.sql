-- The other side of a new child: the district that it left is told, too, as long as both are of one state. The row is that
-- district's own, so that it is seen, corrected and withdrawn apart from what the new district is told. Of such a row
-- happened_on is the first day in the other district, and facility_code the school there.
alter table new_child
    drop constraint new_child_reason_check,
    add constraint new_child_reason_check check (reason in ('certified', 'enrolled', 'left')),
    add column to_district text,        -- of 'left': where the child went, as the state writes it
    add constraint new_child_to_district_check check ((reason = 'left') = (to_district is not null));

-- The feed tells what schools of other states say of a child that leaves, too.
alter table change
    drop constraint change_kind_check,
    add constraint change_kind_check check (kind in (
        'link', 'merge', 'split', 'undo',
        'enrollment', 'course', 'assessment', 'immunization', 'eligibility', 'hand_off',
        'notice', 'notice_step', 'findings', 'data_request', 'correction'));
