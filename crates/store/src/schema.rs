//! The tables as Diesel sees them, column by column in their stored order. A test holds this against the catalogue.

diesel::table! {
    student (student_id) {
        student_id -> Uuid,
        state -> Text,
        state_student_id -> Text,
        state_student_id_type -> Nullable<Text>,
        last_name_1 -> Text,
        last_name_2 -> Nullable<Text>,
        first_name -> Text,
        middle_name -> Nullable<Text>,
        generation -> Nullable<Text>,
        gender -> Nullable<Text>,
        birth_date -> Nullable<Date>,
        birth_verification -> Nullable<Text>,
        birth_city -> Nullable<Text>,
        birth_state -> Nullable<Text>,
        birth_country -> Nullable<Text>,
        multiple_birth -> Nullable<Bool>,
        parent1_last_name -> Nullable<Text>,
        parent1_first_name -> Nullable<Text>,
        parent2_last_name -> Nullable<Text>,
        parent2_first_name -> Nullable<Text>,
        guardian_last_name -> Nullable<Text>,
        guardian_first_name -> Nullable<Text>,
        parent1_email -> Nullable<Text>,
        parent2_email -> Nullable<Text>,
        parent1_phone -> Nullable<Text>,
        parent2_phone -> Nullable<Text>,
        termination_date -> Nullable<Date>,
        termination_flag -> Nullable<Text>,
        raw_codes -> Nullable<Jsonb>,
    }
}

diesel::table! {
    alternate_id (student_id, ordinal) {
        student_id -> Uuid,
        ordinal -> Int4,
        identifier -> Text,
        identifier_type -> Nullable<Text>,
        raw_codes -> Nullable<Jsonb>,
    }
}

diesel::table! {
    qualifying_move (student_id, ordinal) {
        student_id -> Uuid,
        ordinal -> Int4,
        qualifying_arrival_date -> Date,
        from_city -> Nullable<Text>,
        from_state -> Nullable<Text>,
        from_country -> Nullable<Text>,
        to_city -> Nullable<Text>,
        to_state -> Nullable<Text>,
        residency_date -> Nullable<Date>,
        eligibility_expiration_date -> Nullable<Date>,
        certificate_number -> Nullable<Text>,
        certificate_approval_date -> Nullable<Date>,
        void_date -> Nullable<Date>,
        void_reason -> Nullable<Text>,
        raw_codes -> Nullable<Jsonb>,
    }
}

diesel::table! {
    enrollment (student_id, ordinal) {
        student_id -> Uuid,
        ordinal -> Int4,
        facility_code -> Nullable<Text>,
        enrollment_date -> Date,
        withdrawal_date -> Nullable<Date>,
        grade -> Nullable<Text>,
        enrollment_type -> Nullable<Text>,
        graduation_school -> Nullable<Bool>,
        school_or_project_name -> Nullable<Text>,
        project_type -> Nullable<Text>,
        english_learner -> Nullable<Bool>,
        iep -> Nullable<Bool>,
        med_alert -> Nullable<Text>,
        priority_for_services -> Nullable<Bool>,
        immunization_record -> Nullable<Bool>,
        district_of_residence -> Nullable<Text>,
        residency_date -> Nullable<Date>,
        residency_verification_date -> Nullable<Date>,
        designated_graduation_school -> Nullable<Text>,
        graduation_indicator -> Nullable<Text>,
        graduation_date -> Nullable<Date>,
        out_of_state_transcript -> Nullable<Bool>,
        continuation_reason -> Nullable<Text>,
        algebra_1 -> Nullable<Bool>,
        comment -> Nullable<Text>,
        exit_reason -> Nullable<Text>,
        destination_city -> Nullable<Text>,
        destination_state -> Nullable<Text>,
        destination_country -> Nullable<Text>,
        out_of_state_records_date -> Nullable<Date>,
        raw_codes -> Nullable<Jsonb>,
    }
}

diesel::table! {
    course (student_id, ordinal) {
        student_id -> Uuid,
        ordinal -> Int4,
        facility_code -> Nullable<Text>,
        title -> Text,
        subject_area -> Nullable<Text>,
        course_type -> Nullable<Text>,
        course_year -> Nullable<Int4>,
        begin_academic_year -> Nullable<Int4>,
        end_academic_year -> Nullable<Int4>,
        section -> Nullable<Text>,
        term_type -> Nullable<Text>,
        grade_to_date -> Nullable<Text>,
        clock_hours -> Nullable<Numeric>,
        final_grade -> Nullable<Text>,
        credits -> Nullable<Numeric>,
        credits_sent -> Nullable<Numeric>,
        credit_unit -> Nullable<Text>,
        credit_factor -> Nullable<Numeric>,
        sced -> Nullable<Text>,
        raw_codes -> Nullable<Jsonb>,
    }
}

diesel::table! {
    assessment (student_id, ordinal) {
        student_id -> Uuid,
        ordinal -> Int4,
        name -> Text,
        assessment_type -> Nullable<Text>,
        content -> Nullable<Text>,
        month -> Nullable<Date>,
        result -> Nullable<Text>,
        result_type -> Nullable<Text>,
        interpretation -> Nullable<Text>,
        raw_codes -> Nullable<Jsonb>,
    }
}

diesel::table! {
    immunization (student_id, ordinal) {
        student_id -> Uuid,
        ordinal -> Int4,
        vaccine -> Text,
        cvx -> Nullable<Text>,
        date -> Nullable<Date>,
        raw_codes -> Nullable<Jsonb>,
    }
}

diesel::table! {
    alert (student_id, ordinal) {
        student_id -> Uuid,
        ordinal -> Int4,
        kind -> Text,
        resolution_date -> Nullable<Date>,
        contact_name -> Nullable<Text>,
        contact_phone -> Nullable<Text>,
        contact_role -> Nullable<Text>,
        raw_codes -> Nullable<Jsonb>,
    }
}

diesel::table! {
    graduation_requirement (student_id, ordinal) {
        student_id -> Uuid,
        ordinal -> Int4,
        facility_code -> Nullable<Text>,
        state -> Nullable<Text>,
        subject_area -> Text,
        units -> Numeric,
        raw_codes -> Nullable<Jsonb>,
    }
}

diesel::table! {
    student_name (token, birth_date, student_id) {
        token -> Text,
        birth_date -> Date,
        student_id -> Uuid,
    }
}

diesel::table! {
    student_status (student_id) {
        student_id -> Uuid,
        state -> Text,
        content_hash -> Binary,
        version -> Int4,
        as_of -> Timestamptz,
        batch_id -> Int8,
        received_at -> Timestamptz,
        status -> Text,
        status_since -> Timestamptz,
        as_of_batch_id -> Int8,
    }
}

diesel::table! {
    student_version (student_id, batch_id, version) {
        student_id -> Uuid,
        batch_id -> Int8,
        version -> Int4,
        as_of -> Timestamptz,
        received_at -> Timestamptz,
        replaced_at -> Nullable<Timestamptz>,
        content -> Binary,
    }
}

diesel::table! {
    link_event (student_id, link_event_id) {
        student_id -> Uuid,
        link_event_id -> Int8,
        from_person_id -> Nullable<Int8>,
        to_person_id -> Int8,
        decided -> Text,
        decided_at -> Timestamptz,
        decided_by -> Text,
        evidence -> Jsonb,
    }
}

diesel::table! {
    link (student_id) {
        student_id -> Uuid,
        person_id -> Int8,
        decided -> Text,
        decided_at -> Timestamptz,
    }
}

diesel::table! {
    facility (state, code) {
        state -> Text,
        code -> Text,
        name -> Text,
        address1 -> Nullable<Text>,
        address2 -> Nullable<Text>,
        address3 -> Nullable<Text>,
        city -> Nullable<Text>,
        district -> Nullable<Text>,
        located_in_state -> Nullable<Text>,
        zip -> Nullable<Text>,
        phone -> Nullable<Text>,
        nces_school_id -> Nullable<Text>,
        nces_district_id -> Nullable<Text>,
        raw_codes -> Nullable<Jsonb>,
        as_of -> Timestamptz,
        batch_id -> Int8,
    }
}

diesel::table! {
    person (person_id) {
        person_id -> Int8,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    person_alias (retired_id) {
        retired_id -> Int8,
        person_id -> Int8,
        since -> Timestamptz,
    }
}

diesel::table! {
    participant (state) {
        state -> Text,
        time_zone -> Text,
        registered_at -> Timestamptz,
        full_as_of -> Nullable<Timestamptz>,
        full_batch_id -> Nullable<Int8>,
        eligibility_rules -> Jsonb,
        phase -> Int2,
    }
}

diesel::table! {
    printed_paper (code) {
        code -> Text,
        person_id -> Int8,
        kind -> Text,
        language -> Text,
        left_state -> Nullable<Text>,
        day -> Date,
        printed_at -> Timestamptz,
        digest -> Bytea,
    }
}

diesel::table! {
    requirement_set (state, place, cohort_from, subject_area) {
        state -> Text,
        place -> Text,
        cohort_from -> Int4,
        cohort_to -> Int4,
        subject_area -> Text,
        units -> Numeric,
        source -> Text,
        kept_at -> Timestamptz,
        kept_by -> Text,
    }
}

diesel::table! {
    deadline (deadline_id) {
        deadline_id -> Int8,
        cause -> Text,
        duty -> Text,
        state -> Text,
        student_id -> Uuid,
        person_id -> Int8,
        district -> Nullable<Text>,
        started_on -> Nullable<Date>,
        due_on -> Nullable<Date>,
        setting -> Jsonb,
        met_at -> Nullable<Timestamptz>,
        met_on -> Nullable<Date>,
        met_by_batch -> Nullable<Int8>,
        noted_at -> Timestamptz,
        withdrawn_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    term (state, district, begin_on, end_on) {
        state -> Text,
        district -> Text,
        begin_on -> Date,
        end_on -> Date,
        name -> Text,
        kept_at -> Timestamptz,
        kept_by -> Text,
    }
}

diesel::table! {
    work_calendar (state) {
        state -> Text,
        federal_holidays -> Bool,
        own_holidays -> Array<Date>,
        kept_at -> Timestamptz,
        kept_by -> Text,
    }
}

diesel::table! {
    snapshot (name) {
        name -> Text,
        period_ends -> Int4,
        known_at -> Timestamptz,
        taken_at -> Timestamptz,
        taken_by -> Text,
        rules -> Text,
        counts -> Jsonb,
        extract -> Bytea,
        sha256 -> Bytea,
        state -> Nullable<Text>,
    }
}

diesel::table! {
    reconciliation (reconciliation_id) {
        reconciliation_id -> Int8,
        state -> Text,
        list_date -> Date,
        scope -> Jsonb,
        file_name -> Text,
        sha256 -> Bytea,
        in_list -> Int8,
        in_hub -> Int8,
        agreed -> Int8,
        opened_at -> Timestamptz,
        opened_by -> Text,
    }
}

diesel::table! {
    reconciliation_difference (reconciliation_id, ordinal) {
        reconciliation_id -> Int8,
        ordinal -> Int4,
        state_student_id -> Text,
        student_id -> Nullable<Uuid>,
        person_id -> Nullable<Int8>,
        district -> Nullable<Text>,
        kind -> Text,
        reason -> Text,
        in_list -> Nullable<Text>,
        in_hub -> Nullable<Text>,
        status -> Text,
        note -> Nullable<Text>,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    certificate (fingerprint) {
        fingerprint -> Text,
        state -> Text,
        serial -> Text,
        subject -> Text,
        not_before -> Timestamptz,
        not_after -> Timestamptz,
        registered_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    batch (batch_id) {
        batch_id -> Int8,
        state -> Text,
        kind -> Text,
        profile -> Text,
        as_of -> Timestamptz,
        content_sha256 -> Binary,
        spool_name -> Text,
        file_name -> Nullable<Text>,
        size_bytes -> Int8,
        received_at -> Timestamptz,
        received_from -> Text,
        status -> Text,
        status_at -> Timestamptz,
        problem -> Nullable<Jsonb>,
        chunks_done -> Int4,
        rows_read -> Int8,
        rows_refused -> Int8,
        rows_ignored -> Int8,
        students_read -> Int8,
        students_inserted -> Int8,
        students_updated -> Int8,
        students_unchanged -> Int8,
        students_refused -> Int8,
        students_late -> Int8,
        students_deleted -> Int8,
        students_not_reported -> Int8,
        findings_errors -> Int8,
        findings_warnings -> Int8,
        rows_stored -> Int8,
        rows_unchanged -> Int8,
        checking_at -> Nullable<Timestamptz>,
        loading_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    upload (upload_id) {
        upload_id -> Uuid,
        state -> Text,
        created_at -> Timestamptz,
        created_by -> Text,
        metadata -> Text,
        size_bytes -> Int8,
        received_bytes -> Int8,
        expires_at -> Timestamptz,
        status -> Text,
        batch_id -> Nullable<Int8>,
        problem -> Nullable<Jsonb>,
    }
}

diesel::table! {
    batch_account (batch_id) {
        batch_id -> Int8,
        account -> Jsonb,
    }
}

diesel::table! {
    batch_finding (batch_id, ordinal) {
        batch_id -> Int8,
        ordinal -> Int4,
        code -> Text,
        severity -> Text,
        finding -> Jsonb,
    }
}

diesel::table! {
    job (job_id) {
        job_id -> Int8,
        name -> Text,
        payload -> Jsonb,
        priority -> Int2,
        status -> Text,
        run_at -> Timestamptz,
        attempts -> Int4,
        lease_until -> Nullable<Timestamptz>,
        lease_token -> Nullable<Uuid>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        deduplicate -> Nullable<Text>,
    }
}

diesel::table! {
    work_item (work_item_id) {
        work_item_id -> Int8,
        kind -> Text,
        status -> Text,
        states -> Array<Text>,
        student_a -> Nullable<Uuid>,
        student_b -> Nullable<Uuid>,
        person_a -> Nullable<Int8>,
        person_b -> Nullable<Int8>,
        probability -> Nullable<Float4>,
        weight -> Nullable<Float4>,
        reason -> Text,
        evidence -> Jsonb,
        opened_at -> Timestamptz,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Text>,
        decision -> Nullable<Text>,
        note -> Nullable<Text>,
        persons -> Array<Int8>,
        request -> Jsonb,
        requested_by -> Nullable<Text>,
        requested_state -> Nullable<Text>,
        cause -> Nullable<Int8>,
        objected_by -> Nullable<Text>,
        objection -> Nullable<Text>,
        arbiter_since -> Nullable<Timestamptz>,
        arbiter_why -> Nullable<Text>,
        earlier -> Nullable<Jsonb>,
        effect -> Nullable<Jsonb>,
        undone_by -> Nullable<Int8>,
    }
}

diesel::table! {
    work_item_owner (work_item_id, state) {
        work_item_id -> Int8,
        state -> Text,
        level -> Text,
        district -> Nullable<Text>,
        region -> Nullable<Text>,
        since -> Timestamptz,
        assignee -> Nullable<Text>,
        assigned_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    data_request (work_item_id) {
        work_item_id -> Int8,
        student_id -> Uuid,
        sender -> Text,
        recipient -> Text,
        what -> Text,
        note -> Nullable<Text>,
        for_correction -> Nullable<Int8>,
        due_on -> Date,
        cause -> Text,
        seen_at -> Nullable<Timestamptz>,
        seen_by -> Nullable<Text>,
        answer -> Nullable<Text>,
        answered_at -> Nullable<Timestamptz>,
        answered_by -> Nullable<Text>,
        answer_note -> Nullable<Text>,
        not_until -> Nullable<Date>,
        arrived_at -> Nullable<Timestamptz>,
        arrived_batch -> Nullable<Int8>,
        school -> Nullable<Text>,
        district -> Nullable<Text>,
    }
}

diesel::table! {
    document (work_item_id, version) {
        work_item_id -> Int8,
        version -> Int4,
        media_type -> Text,
        content -> Bytea,
        size -> Int4,
        sha256 -> Bytea,
        registrar -> Text,
        office -> Text,
        issued_on -> Date,
        attestation -> Text,
        sent_at -> Timestamptz,
        sent_by -> Text,
        superseded_at -> Nullable<Timestamptz>,
        superseded_why -> Nullable<Text>,
        received_at -> Nullable<Timestamptz>,
        received_by -> Nullable<Text>,
        verdict -> Nullable<Text>,
        judged_at -> Nullable<Timestamptz>,
        judged_by -> Nullable<Text>,
        judged_why -> Nullable<Text>,
    }
}

diesel::table! {
    document_acceptance (state, what) {
        state -> Text,
        what -> Text,
        accepted -> Text,
        words -> Nullable<Text>,
        since -> Date,
        contact -> Text,
        kept_at -> Timestamptz,
        kept_by -> Text,
    }
}

diesel::table! {
    correction (work_item_id) {
        work_item_id -> Int8,
        student_id -> Uuid,
        owner -> Text,
        taken_in -> Text,
        asked_on -> Date,
        asker -> Text,
        language -> Text,
        element -> Nullable<Text>,
        says -> Text,
        should_say -> Text,
        grounds -> Nullable<Text>,
        said -> Nullable<Jsonb>,
        cause -> Text,
        taken_at -> Timestamptz,
        taken_by -> Text,
        forwarded_at -> Nullable<Timestamptz>,
        forwarded_by -> Nullable<Text>,
        decision -> Nullable<Text>,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Text>,
        why -> Nullable<Text>,
        told_at -> Nullable<Timestamptz>,
        told_by -> Nullable<Text>,
        arrived_at -> Nullable<Timestamptz>,
        arrived_batch -> Nullable<Int8>,
        statement -> Nullable<Text>,
        stated_at -> Nullable<Timestamptz>,
        stated_by -> Nullable<Text>,
    }
}

diesel::table! {
    district_region (state, district) {
        state -> Text,
        district -> Text,
        region -> Text,
    }
}

diesel::table! {
    person_lock (person_id) {
        person_id -> Int8,
        work_item_id -> Int8,
        since -> Timestamptz,
    }
}

diesel::table! {
    change (state, change_id) {
        state -> Text,
        change_id -> Int8,
        kind -> Text,
        at -> Timestamptz,
        student_id -> Nullable<Uuid>,
        person_id -> Int8,
        former_person_id -> Nullable<Int8>,
        work_item_id -> Nullable<Int8>,
    }
}

diesel::table! {
    link_decision (student_a, student_b) {
        student_a -> Uuid,
        student_b -> Uuid,
        same -> Bool,
        decided_at -> Timestamptz,
        decided_by -> Text,
        reason -> Text,
        weight -> Nullable<Float4>,
        model -> Nullable<Text>,
    }
}

diesel::table! {
    move_notice (move_notice_id) {
        move_notice_id -> Int8,
        kind -> Text,
        recipient -> Text,
        sender -> Nullable<Text>,
        person_id -> Int8,
        student_id -> Nullable<Uuid>,
        from_state -> Nullable<Text>,
        to_state -> Nullable<Text>,
        district -> Nullable<Text>,
        city -> Nullable<Text>,
        event -> Text,
        event_date -> Nullable<Date>,
        expected_date -> Nullable<Date>,
        contact -> Nullable<Text>,
        note -> Nullable<Text>,
        cause -> Text,
        created_at -> Timestamptz,
        created_by -> Text,
        received_at -> Nullable<Timestamptz>,
        acknowledged_at -> Nullable<Timestamptz>,
        acknowledged_by -> Nullable<Text>,
        answer -> Nullable<Text>,
        answer_note -> Nullable<Text>,
        withdrawn_at -> Nullable<Timestamptz>,
        seen_at -> Nullable<Timestamptz>,
        remind_on -> Nullable<Date>,
        due_on -> Nullable<Date>,
        reminded_at -> Nullable<Timestamptz>,
        returned_at -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    notice_step (notice_step_id) {
        notice_step_id -> Int8,
        move_notice_id -> Int8,
        what -> Text,
        at -> Timestamptz,
        state -> Nullable<Text>,
        done_by -> Nullable<Text>,
        answer -> Nullable<Text>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    roster (student_id, ordinal) {
        student_id -> Uuid,
        ordinal -> Int4,
        person_id -> Int8,
        state -> Text,
        district -> Nullable<Text>,
        facility_code -> Nullable<Text>,
        sort_name -> Text,
        enrolled_on -> Date,
        withdrawn_on -> Nullable<Date>,
        grade -> Nullable<Text>,
        english_learner -> Bool,
        special_education -> Bool,
        priority_for_services -> Bool,
        alerts -> Bool,
        out_of_school -> Bool,
        eligible_from -> Date,
        eligible_until -> Date,
        since -> Timestamptz,
    }
}

diesel::table! {
    new_child (new_child_id) {
        new_child_id -> Int8,
        state -> Text,
        district -> Nullable<Text>,
        person_id -> Int8,
        student_id -> Uuid,
        reason -> Text,
        happened_on -> Date,
        facility_code -> Nullable<Text>,
        raised_at -> Timestamptz,
        acknowledged_at -> Nullable<Timestamptz>,
        acknowledged_by -> Nullable<Text>,
        withdrawn_at -> Nullable<Timestamptz>,
        to_district -> Nullable<Text>,
    }
}

diesel::table! {
    departure (state, person_id) {
        state -> Text,
        person_id -> Int8,
        expected_from -> Date,
        expected_until -> Date,
        left_on -> Array<Date>,
        left_for -> Array<Text>,
    }
}

diesel::table! {
    hand_off (hand_off_id) {
        hand_off_id -> Int8,
        student_id -> Uuid,
        state -> Text,
        last_day -> Nullable<Date>,
        to_state -> Nullable<Text>,
        to_place -> Nullable<Text>,
        contact -> Nullable<Text>,
        note -> Nullable<Text>,
        courses -> Jsonb,
        cause -> Text,
        written_at -> Timestamptz,
        written_by -> Text,
        move_notice_id -> Nullable<Int8>,
        ended -> Nullable<Text>,
        ended_at -> Nullable<Timestamptz>,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    referral (referral_id) {
        referral_id -> Int8,
        state -> Text,
        student_id -> Uuid,
        state_student_id -> Text,
        facility_code -> Nullable<Text>,
        school -> Nullable<Text>,
        district -> Nullable<Text>,
        verdict -> Text,
        persons -> Array<Int8>,
        probabilities -> Array<Float4>,
        due_on -> Date,
        opened_at -> Timestamptz,
        opened_by -> Text,
        outcome -> Nullable<Text>,
        outcome_at -> Nullable<Timestamptz>,
        first_outcome_at -> Nullable<Timestamptz>,
        taken_by -> Nullable<Text>,
        taken_at -> Nullable<Timestamptz>,
        warned_of -> Nullable<Date>,
        overdue_of -> Nullable<Date>,
    }
}

diesel::table! {
    referral_outcome (referral_outcome_id) {
        referral_outcome_id -> Int8,
        referral_id -> Int8,
        outcome -> Text,
        person_id -> Nullable<Int8>,
        note -> Nullable<Text>,
        said_by -> Nullable<Text>,
        batch_id -> Nullable<Int8>,
        said_at -> Timestamptz,
    }
}

diesel::table! {
    contact (contact_id) {
        contact_id -> Int8,
        state -> Text,
        district -> Nullable<Text>,
        facility_code -> Nullable<Text>,
        role -> Text,
        name -> Text,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        languages -> Text,
        cover_name -> Nullable<Text>,
        cover_phone -> Nullable<Text>,
        cover_email -> Nullable<Text>,
        cover_from -> Nullable<Date>,
        cover_until -> Nullable<Date>,
        verified_at -> Timestamptz,
        verified_by -> Text,
        kept_at -> Timestamptz,
        kept_by -> Text,
    }
}

diesel::table! {
    account (account_id) {
        account_id -> Int8,
        email -> Text,
        name -> Text,
        password_hash -> Text,
        created_at -> Timestamptz,
        disabled_at -> Nullable<Timestamptz>,
        failed_logins -> Int4,
        locked_until -> Nullable<Timestamptz>,
        last_login_at -> Nullable<Timestamptz>,
        home_state -> Nullable<Text>,
        password_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    account_role (account_id, role) {
        account_id -> Int8,
        role -> Text,
        state -> Nullable<Text>,
        district -> Nullable<Text>,
        granted_at -> Timestamptz,
        region -> Nullable<Text>,
    }
}

diesel::table! {
    training (account_id, completed_on) {
        account_id -> Int8,
        completed_on -> Date,
        expires_on -> Date,
        noted_at -> Timestamptz,
        noted_by -> Text,
    }
}

diesel::table! {
    announcement (announcement_id) {
        announcement_id -> Int8,
        state -> Nullable<Text>,
        roles -> Array<Text>,
        body -> Text,
        from_on -> Date,
        until_on -> Date,
        made_at -> Timestamptz,
        made_by -> Text,
        withdrawn_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    dismissal (account_id, what) {
        account_id -> Int8,
        what -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    session (session_key) {
        session_key -> Text,
        account_id -> Nullable<Int8>,
        data -> Jsonb,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    disclosure (disclosure_id) {
        disclosure_id -> Int8,
        at -> Timestamptz,
        actor -> Text,
        actor_state -> Nullable<Text>,
        on_behalf_of -> Nullable<Text>,
        purpose -> Text,
        channel -> Text,
        person_id -> Nullable<Int8>,
        student_id -> Nullable<Uuid>,
        categories -> Array<Text>,
    }
}

diesel::table! {
    audit_event (audit_event_id) {
        audit_event_id -> Int8,
        at -> Timestamptz,
        actor -> Text,
        action -> Text,
        subject -> Text,
        detail -> Jsonb,
    }
}

diesel::table! {
    link_queue (student_id) {
        student_id -> Uuid,
        queued_at -> Timestamptz,
        batch_id -> Int8,
        urgent -> Bool,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    student,
    alternate_id,
    qualifying_move,
    enrollment,
    course,
    assessment,
    immunization,
    alert,
    graduation_requirement,
    student_name,
    student_status,
    student_version,
    link_event,
    link,
    facility,
    person,
    person_alias,
    participant,
    printed_paper,
    requirement_set,
    deadline,
    snapshot,
    term,
    work_calendar,
    certificate,
    batch,
    batch_finding,
    job,
    work_item,
    work_item_owner,
    data_request,
    correction,
    district_region,
    person_lock,
    change,
    link_decision,
    move_notice,
    account,
    account_role,
    training,
    announcement,
    dismissal,
    session,
    disclosure,
    audit_event,
    link_queue,
);
