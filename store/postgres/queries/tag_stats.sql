-- in:  $1 an agent
-- out: its statistics by tag
select s.tag, s.count, s.earned, s.rating_sum, s.rating_count from pinchwork.tag_stat s where s.agent = $1::text
