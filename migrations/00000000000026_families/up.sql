-- What brothers and sisters have in common: the family's certificate of eligibility, and both parents.
create index qualifying_move_certificate on qualifying_move (certificate_number) where certificate_number is not null;
create index student_parent on student (lower(parent1_last_name), lower(parent1_first_name))
    where parent1_first_name is not null;
