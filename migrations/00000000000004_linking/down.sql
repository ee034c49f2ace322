drop table link_check;
drop table link_held;
drop table link_hold;
drop table link_model;
