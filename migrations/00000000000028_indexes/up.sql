-- Who is new on a state's list is counted at every look, for each user from another day on.
create index roster_new on roster (state, since);
-- How much a state has asked within a day is summed at every check of a roster.
create index audit_event_action on audit_event (action, at);
-- Who looked within some days is searched for; both are only ever written at their end.
create index disclosure_at on disclosure using brin (at);
create index audit_event_at on audit_event using brin (at);
