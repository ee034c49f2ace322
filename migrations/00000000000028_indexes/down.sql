drop index audit_event_at;
drop index disclosure_at;
drop index audit_event_action;
drop index roster_new;
