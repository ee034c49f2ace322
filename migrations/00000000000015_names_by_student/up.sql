-- What a student leaves behind when it changes is found by the student; without this every load read the whole table.
create index student_name_student on student_name (student_id);
