-- The linker follows the log of links, and new models are proposed before they are in force.

-- The log in the order in which it was written.
create index link_event_order on link_event (link_event_id);
