-- How many answers are there, how many of them count, and how many of these lie outside 0 to 1?
-- columns: run model grader spec_release scorer evidence facet grp status answers counted outside sv
SELECT t.run AS run, t.model AS model, t.grader AS grader, t.spec_release AS spec_release, t.scorer AS scorer,
  t.evidence AS evidence, p.facet AS facet, p.grp AS grp, t.status AS status, SUM(t.answers) AS answers,
  SUM(t.counted) AS counted, SUM(t.outside) AS outside, SUM(t.sv) AS sv
FROM (
  SELECT run, model, grader, spec_release, scorer, evidence, prompt, status,
    COUNT(*) AS answers, 0 AS counted, 0 AS outside, 0.0 AS sv
  FROM answers
  GROUP BY run, model, grader, spec_release, scorer, evidence, prompt, status
  UNION ALL
  SELECT run, model, grader, spec_release, scorer, evidence, prompt, status,
    0 AS answers, COUNT(*) AS counted, SUM(CASE WHEN value < 0 OR value > 1 THEN 1 ELSE 0 END) AS outside,
    SUM(value) AS sv
  FROM scored
  GROUP BY run, model, grader, spec_release, scorer, evidence, prompt, status
) t
JOIN prompts p ON p.run = t.run AND p.prompt = t.prompt
GROUP BY t.run, t.model, t.grader, t.spec_release, t.scorer, t.evidence, p.facet, p.grp, t.status
