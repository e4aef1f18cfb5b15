-- in:  $1 an agent
-- out: tag, count, earned, rating_sum, rating_count
select distinct on (t.tag) t.tag, t.count, t.earned, t.rating_sum, t.rating_count
from pinchwork.tag_stat t where t.agent = $1::text order by t.tag, t.epoch desc
