drop index link_queue_order;
alter table link_queue drop column urgent;
drop table batch_account;
alter table batch drop column rows_unchanged;
alter table batch drop column rows_stored;
alter table student_version alter column content set storage extended;
alter table student_status drop column as_of_batch_id;
