drop table change, person_lock, district_region, work_item_owner;
drop index link_decision_b;
alter table link_decision drop column weight, drop column model;
drop index work_item_persons;
delete from work_item where kind = 'undo';
alter table work_item
    drop column persons, drop column request, drop column requested_by, drop column requested_state, drop column cause,
    drop column objected_by, drop column objection, drop column arbiter_since, drop column arbiter_why,
    drop column earlier, drop column effect, drop column undone_by;
alter table work_item drop constraint work_item_kind_check;
alter table work_item add constraint work_item_kind_check
    check (kind in ('near_match', 'merge', 'split', 'data_request', 'correction'));
