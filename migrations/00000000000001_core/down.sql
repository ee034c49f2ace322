drop table link_queue, audit_event, disclosure, session, account_role, account, move_notice, link_decision,
    work_item, job, batch_finding, batch, certificate, participant, person_alias, person, facility, link, link_event,
    student_version, student_status, student_name, graduation_requirement, alert, immunization, assessment, course, enrollment,
    qualifying_move, alternate_id, student;
drop sequence person_number;
