-- Which prompts did one of two runs answer alone, or with other words?
-- columns: side facet grp scorer evidence prompt
WITH pairs AS (
  SELECT grader, scorer, evidence, prompt, MAX(run_a) AS run_a, MAX(run_b) AS run_b, MAX(words_a) AS words_a,
    MAX(words_b) AS words_b
  FROM (
    SELECT grader, scorer, evidence, prompt, run AS run_a, '' AS run_b, prompt_sha256 AS words_a, '' AS words_b
    FROM side_a
    UNION ALL
    SELECT grader, scorer, evidence, prompt, '' AS run_a, run AS run_b, '' AS words_a, prompt_sha256 AS words_b
    FROM side_b
  ) s
  GROUP BY grader, scorer, evidence, prompt
)
SELECT t.side AS side, p.facet AS facet, p.grp AS grp, t.scorer AS scorer, t.evidence AS evidence, t.prompt AS prompt
FROM (
  SELECT 'a' AS side, run_a AS run, scorer, evidence, prompt
  FROM pairs
  WHERE run_a <> '' AND (run_b = '' OR (words_a <> words_b AND words_a <> '' AND words_b <> ''))
  UNION ALL
  SELECT 'b' AS side, run_b AS run, scorer, evidence, prompt
  FROM pairs
  WHERE run_b <> '' AND (run_a = '' OR (words_a <> words_b AND words_a <> '' AND words_b <> ''))
) t
JOIN prompts p ON p.run = t.run AND p.prompt = t.prompt
