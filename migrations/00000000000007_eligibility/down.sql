alter table participant drop column eligibility_rules;
