-- Order per student by what is said and then by receipt, what becomes of every row of a batch, and small batches before
-- large ones at the linker too.

-- The batch of the newest content or statement about the student. With as_of it is the order: what speaks of a later
-- instant holds, and of the same instant what was received later.
alter table student_status add column as_of_batch_id bigint;
update student_status set as_of_batch_id = batch_id;
alter table student_status alter column as_of_batch_id set not null;

-- Compressed before it gets here.
alter table student_version alter column content set storage external;

-- rows_read = rows_stored + rows_unchanged + rows_refused + rows_ignored, once a batch is loaded.
alter table batch add column rows_stored bigint not null default 0;     -- as current content, as history, or as the end of a student
alter table batch add column rows_unchanged bigint not null default 0;  -- as it is held already, or as something newer is

-- What became of the rows in detail: by file, by reason, by cause of the findings, all of them counted.
create table batch_account (
    batch_id bigint primary key,
    account jsonb not null
);

alter table link_queue add column urgent boolean not null default false; -- changed by a small batch
create index link_queue_order on link_queue (urgent desc, queued_at, student_id);
