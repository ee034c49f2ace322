drop table requirement_set;
