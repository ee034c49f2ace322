drop table disagreement;
alter table requirement_set drop column dated;
