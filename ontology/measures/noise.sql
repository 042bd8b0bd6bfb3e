-- How much do repeated answers to one prompt differ, as sums by the number of repeats?
-- columns: run model grader spec_release scorer evidence facet grp k n sw swq swm
SELECT m.run AS run, m.model AS model, m.grader AS grader, m.spec_release AS spec_release, m.scorer AS scorer,
  m.evidence AS evidence, p.facet AS facet, p.grp AS grp, m.repeats AS k, COUNT(*) AS n, SUM(p.weight) AS sw,
  SUM(p.weight * p.weight * m.mean_square) AS swq, SUM(p.weight * p.weight * m.mean_value * m.mean_value) AS swm
FROM (
  SELECT run, model, grader, spec_release, scorer, evidence, prompt,
    COUNT(*) AS repeats, AVG(value) AS mean_value, AVG(value * value) AS mean_square
  FROM scored
  GROUP BY run, model, grader, spec_release, scorer, evidence, prompt
) m
JOIN prompts p ON p.run = m.run AND p.prompt = m.prompt
GROUP BY m.run, m.model, m.grader, m.spec_release, m.scorer, m.evidence, p.facet, p.grp, m.repeats
