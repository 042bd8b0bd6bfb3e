-- How far is one run from another on the prompts that both answered, as sums over clusters?
-- columns: run_a run_b model_a model_b release_a release_b grader scorer evidence facet grp n clusters sw sa saa saw sww
SELECT run_a, run_b, model_a, model_b, release_a, release_b, grader, scorer, evidence, facet, grp,
  SUM(prompts_in) AS n, COUNT(*) AS clusters,
  SUM(weights_in) AS sw, SUM(means_in) AS sa,
  SUM(means_in * means_in) AS saa, SUM(means_in * weights_in) AS saw, SUM(weights_in * weights_in) AS sww
FROM (
  SELECT a.run AS run_a, b.run AS run_b, a.model AS model_a, b.model AS model_b, a.spec_release AS release_a,
    b.spec_release AS release_b, a.grader AS grader, a.scorer AS scorer, a.evidence AS evidence,
    p.facet AS facet, p.grp AS grp, p.cluster_id AS cluster_id,
    COUNT(*) AS prompts_in, SUM(p.weight) AS weights_in,
    SUM(p.weight * (a.mean_value - b.mean_value)) AS means_in
  FROM (
    SELECT run, model, grader, spec_release, scorer, evidence, prompt, MAX(prompt_sha256) AS words, AVG(value) AS mean_value
    FROM side_a
    GROUP BY run, model, grader, spec_release, scorer, evidence, prompt
  ) a
  JOIN (
    SELECT run, model, grader, spec_release, scorer, evidence, prompt, MAX(prompt_sha256) AS words, AVG(value) AS mean_value
    FROM side_b
    GROUP BY run, model, grader, spec_release, scorer, evidence, prompt
  ) b ON a.prompt = b.prompt AND a.scorer = b.scorer AND a.evidence = b.evidence AND a.grader = b.grader
  JOIN prompts p ON p.run = a.run AND p.prompt = a.prompt
  WHERE a.words = b.words OR a.words = '' OR b.words = ''
  GROUP BY a.run, b.run, a.model, b.model, a.spec_release, b.spec_release, a.grader, a.scorer, a.evidence,
    p.facet, p.grp, p.cluster_id
) c
GROUP BY run_a, run_b, model_a, model_b, release_a, release_b, grader, scorer, evidence, facet, grp
