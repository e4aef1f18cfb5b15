-- in:  $1 an agent, $2 roles, $3 statuses (numbers)
-- out: the counts of its tasks (12, null without an account); without an account the number of its tasks in these
select (select a.tally from pinchwork.agent_now a where a.id = $1::text),
       case when not exists (select from pinchwork.account x where x.id = $1::text) then
           (select count(*) from pinchwork.party p
            where p.agent = $1::text and p.role = any($2::smallint[]) and p.status = any($3::smallint[]))
       end
