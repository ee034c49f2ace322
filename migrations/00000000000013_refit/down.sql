drop table link_proposal;
drop index link_event_order;
