drop table referral_outcome;
drop table referral;
