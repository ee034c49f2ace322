drop table document_acceptance;
drop table document;
alter table data_request
    drop column school,
    drop column district;
