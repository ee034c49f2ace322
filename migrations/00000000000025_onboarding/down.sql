alter table participant drop column phase;
