drop index qualifying_move_certificate;
drop index student_parent;
