drop table reconciliation_difference;
drop table reconciliation;
alter table snapshot drop column state;
