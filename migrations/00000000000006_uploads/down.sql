drop table upload;
alter table batch drop column checking_at, drop column loading_at;
