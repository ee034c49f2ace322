-- How far a state has come that joins, as it says itself (mde::completeness::Phase): what is not due yet is not missing.
alter table participant add column phase smallint not null default 3 check (phase between 1 and 3);
