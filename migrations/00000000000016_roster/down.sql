drop table saved_filter;
drop table roster_visit;
drop table new_child;
drop table roster;
