drop table deadline;
drop table term;
drop table work_calendar;
