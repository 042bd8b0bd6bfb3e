-- How well do answers do, as sums over clusters of prompts from which mean and error follow?
-- columns: run model grader spec_release scorer evidence facet grp n clusters sw sa saa saw sww
SELECT run, model, grader, spec_release, scorer, evidence, facet, grp,
  SUM(prompts_in) AS n, COUNT(*) AS clusters,
  SUM(weights_in) AS sw, SUM(means_in) AS sa,
  SUM(means_in * means_in) AS saa, SUM(means_in * weights_in) AS saw, SUM(weights_in * weights_in) AS sww
FROM (
  SELECT m.run AS run, m.model AS model, m.grader AS grader, m.spec_release AS spec_release, m.scorer AS scorer,
    m.evidence AS evidence, p.facet AS facet, p.grp AS grp, p.cluster_id AS cluster_id,
    COUNT(*) AS prompts_in, SUM(p.weight) AS weights_in, SUM(p.weight * m.mean_value) AS means_in
  FROM (
    SELECT run, model, grader, spec_release, scorer, evidence, prompt, AVG(value) AS mean_value
    FROM scored
    GROUP BY run, model, grader, spec_release, scorer, evidence, prompt
  ) m
  JOIN prompts p ON p.run = m.run AND p.prompt = m.prompt
  GROUP BY m.run, m.model, m.grader, m.spec_release, m.scorer, m.evidence, p.facet, p.grp, p.cluster_id
) c
GROUP BY run, model, grader, spec_release, scorer, evidence, facet, grp
