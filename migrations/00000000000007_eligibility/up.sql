-- How a state counts eligibility (mde::EligibilityRules): {"last_day": "day_before" | "same_day",
-- "terminations": "current" | "2003"}; empty for the rules that most states use.
alter table participant add column eligibility_rules jsonb not null default '{}';
