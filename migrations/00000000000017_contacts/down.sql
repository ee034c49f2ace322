alter table work_item_owner
    drop column assigned_at,
    drop column assignee;
drop table contact;
