delete from work_item where kind in ('data_request', 'correction');
drop table correction;
drop table data_request;
