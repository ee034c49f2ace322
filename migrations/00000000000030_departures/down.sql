drop table hand_off;
drop index move_notice_announced;
drop index roster_withdrawn;
drop table departure;
