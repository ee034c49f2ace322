drop index link_event_order;
