drop index student_name_student;
