drop index disclosure_student;
drop index disclosure_actor_state;
drop table dismissal;
drop table announcement;
drop table training;
drop index account_role_state;
delete from account_role where region is not null;
alter table account_role drop constraint account_role_place, drop constraint account_role_once;
alter table account_role drop column region;
alter table account_role add constraint account_role_account_id_role_state_district_key
    unique nulls not distinct (account_id, role, state, district);
alter table account drop column password_until, drop column home_state;
